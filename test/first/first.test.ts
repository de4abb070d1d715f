/**
 * The first ten minutes of somebody who has Node and nothing else, in a pseudo-terminal of 80 columns. Each screen is a file of
 * `test/first/screens`, which a person has read; `npm run test:first -- --write` writes them anew, to be read again.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'
import { ROOT } from '../support/documents.ts'
import { freePort } from '../support/engines.ts'
import { masked, withoutFigures } from './masks.ts'
import { type Session, typed } from './terminal.ts'
import { isRequired } from '../support/required.ts'

const REQUIRED = isRequired('first')
const WRITE = process.argv.includes('--write')
const SCREENS = join(ROOT, 'test/first/screens')
const NODE = process.env['TURNOUT_TEST_NODE'] ?? process.execPath

t.setTimeout(600_000)

t.test(
  'the first ten minutes',
  { skip: REQUIRED ? false : 'npm run test:first plays them', timeout: 600_000 },
  async (t) => {
    const root = t.testdir({ mine: {}, global: {} })
    const [demo, own] = [await freePort(), await freePort()]
    const names = {
      [root]: '~',
      [ROOT]: 'REPOSITORY',
      [dirname(NODE)]: 'NODE',
      [`${demo}`]: '7070',
      [`${own}`]: '7171',
    }
    const env = {
      // Of this machine's environment: the registry and its certificates, and what npm has fetched before.
      ...Object.fromEntries(
        Object.entries(process.env).flatMap(([name, value]) =>
          /^(npm_config_|NPM_CONFIG_|NODE_EXTRA_CA_CERTS|SSL_CERT|HOME$)/.test(name) && value !== undefined
            ? [[name, value]]
            : [],
        ),
      ),
      PATH: `${join(root, 'global/bin')}:${dirname(NODE)}:${process.env['PATH'] ?? ''}`,
      npm_config_update_notifier: 'false',
      TURNOUT_DETECT_HOST: 'nowhere.invalid',
    }
    const checkout = join(root, 'turnout')
    const mine = join(root, 'mine')

    /** What stands on the screen must be what somebody has read; and nothing is wider than a terminal. */
    function see(name: string, line: string, text: string, { figures = false, wide = false } = {}): void {
      const plain = masked(text, names).trimEnd()
      const screen = `$ ${masked(line, names)}\n${figures ? withoutFigures(plain) : plain}\n`
      const file = join(SCREENS, `${name}.txt`)
      if (WRITE) writeFileSync(file, screen)
      if (!existsSync(file)) t.fail(`there is no screen ${name}`)
      else t.equal(screen, readFileSync(file, 'utf8'), name)
      if (!wide)
        t.strictSame(
          plain.split('\n').filter((line) => line.trimEnd().length > 80),
          [],
          `${name}: 80 columns`,
        )
    }

    interface How {
      readonly cwd?: string
      readonly code?: number
      readonly figures?: boolean
      readonly wide?: boolean
      readonly env?: Readonly<Record<string, string>>
    }

    async function plays(
      name: string,
      line: string,
      { cwd = mine, code = 0, env: more = {}, ...how }: How = {},
    ): Promise<string> {
      const session = typed(line, { cwd, env: { ...env, ...more } })
      t.equal(await session.ended, code, `${name}: exit code of ${line}`)
      see(name, line, session.text(), how)
      return session.text()
    }

    const end = async (session: Session): Promise<void> => {
      session.type('\x03')
      await session.ended
    }

    await plays('01-unbuilt', `git clone -q ${ROOT} turnout && cd turnout && npx turnout`, { cwd: root, code: 1 })
    const installed = typed('npm ci --no-audit --no-fund', { cwd: checkout, env })
    t.equal(await installed.ended, 0, installed.text())
    t.match(installed.text(), /added \d+ packages/)
    t.notMatch(installed.text(), 'install-scripts', 'nothing that a newcomer would have to understand')
    await plays('02-version', 'npx turnout --version', { cwd: checkout })

    const started = typed('npm start', { cwd: checkout, env: { ...env, TURNOUT_PORT: `${demo}` } })
    t.teardown(() => started.child.kill('SIGKILL'))
    await started.until(/curl [^]*-d '[^']*'/)
    const hint = /^ *(curl [^]*?-d '[^']*')/m.exec(started.text())?.[1] ?? ''
    see('03-start', 'npm start', started.text(), { figures: true, wide: true })
    const curl = typed(hint, { cwd: mine, env })
    t.equal(await curl.ended, 0)
    t.match(curl.text(), /^data: \{"id":[^]*\ndata: \[DONE\]/, 'the line that it printed answers')
    await started.until(/ 200 .*simulator-/)
    see('04-requested', 'npm start', started.text().slice(started.text().lastIndexOf("-d '")), {
      figures: true,
      wide: true,
    })

    await plays('05-pack', 'npm pack --silent', { cwd: checkout })
    const packed = typed(`npm install -g --no-audit --no-fund --prefix ../global turnout-*.tgz`, { cwd: checkout, env })
    t.equal(await packed.ended, 0, packed.text())

    await plays('06-help', 'turnout')
    await plays('07-typo', 'turnout modles', { code: 2 })
    await plays('08-init', 'turnout init')
    await plays('09-check', 'turnout check', { wide: true })
    writeFileSync(
      join(mine, 'mistake.yaml'),
      'backends:\n  - { name: gpu, kind: vllm, base_url: "http://127.0.0.1:8000" }\n',
    )
    await plays('10-mistake', 'turnout check mistake.yaml', { code: 1 })

    writeFileSync(
      join(mine, 'turnout.yaml'),
      `server: { port: ${own} }
backends:
  - { name: other, kind: openai-compatible, url: "http://127.0.0.1:${demo}/v1" }
budgets:
  - { name: team-day, of: team, usd: 5, per: day }
store: { ledger: ./data/ledger, keys: ./data/keys.json }
`,
    )
    mkdirSync(join(mine, 'empty'))
    const serving = typed('turnout serve', { cwd: mine, env })
    t.teardown(() => serving.child.kill('SIGKILL'))
    await serving.until(/curl [^]*-d '[^']*'/)
    see('11-serve', 'turnout serve', serving.text(), { figures: true, wide: true })
    const made = await plays('12-key', 'turnout key create --id ann --team blue --rpm 60 --budget 20/month')
    const key = /key +(\S+)/.exec(made)?.[1] ?? ''
    const asks = `curl -fsS 127.0.0.1:${own}/v1/chat/completions -H "authorization: Bearer $KEY" -H 'content-type: application/json' -d '{"model":"auto","messages":[{"role":"user","content":"Hello"}]}' -o /dev/null --retry 5 --retry-all-errors`
    for (let n = 0; n < 3; n++) t.equal(await typed(asks, { cwd: mine, env: { ...env, KEY: key } }).ended, 0)
    await plays('13-keys', 'turnout key list', { wide: true })
    await serving.until(/( 200 [^]*){3}/)
    await plays('14-stats', 'turnout stats', { figures: true })
    writeFileSync(join(mine, 'request.json'), '{"model":"auto","messages":[{"role":"user","content":"Hello"}]}\n')
    await plays('15-explain', 'turnout explain request.json', { figures: true, env: { TURNOUT_KEY: key } })
    await plays('16-models', 'turnout models', { figures: true, env: { TURNOUT_KEY: key } })
    await end(serving)
    await end(started)
    see(
      '17-stopped',
      'npm start',
      started.text().slice(started.text().lastIndexOf('\n', started.text().length - 200)),
      { figures: true, wide: true },
    )
  },
)
