import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { withDotEnv } from '../../src/cli/dot-env.ts'
import { main } from '../../src/cli/main.ts'
import type { Io } from '../../src/cli/io.ts'
import { dotEnvOf } from '../../src/config/dot-env.ts'
import { ConfigError } from '../../src/config/issues.ts'
import { run, start } from '../cli/turnout.ts'

t.test('the syntax: names, quotes, comments, lines in quotes', async (t) => {
  for (const [text, values] of [
    ['', {}],
    ['\n# a comment\n\n', {}],
    ['A=1', { A: '1' }],
    ['A=1\r\nB=two words # and a comment\r\n', { A: '1', B: 'two words' }],
    ['export KEY = sk-1', { KEY: 'sk-1' }],
    ['A=\nB=""', { A: '', B: '' }],
    ['A="x # y"\nB=\'$NO ${NO}\'', { A: 'x # y', B: '$NO ${NO}' }],
    ['PEM="-----BEGIN\nabc\n-----END"\nB=2', { PEM: '-----BEGIN\nabc\n-----END', B: '2' }],
    ['URL=redis://u:p@h:1/0?x=y', { URL: 'redis://u:p@h:1/0?x=y' }],
    ['\uFEFFA=1', { A: '1' }],
  ] as const)
    t.strictSame({ ...dotEnvOf(text, '.env') }, values, JSON.stringify(text))
})

t.test('what is no variable is told by its line, and never quoted', async (t) => {
  for (const [text, line] of [
    ['A=1\nsk-secret-value', 2],
    ['A=1\n\nB: sk-secret-value', 3],
    ['9A=sk-secret-value', 1],
    ['A-B=sk-secret-value', 1],
    ['A="sk-secret-value', 1],
    ['A=sk-secret#value', 1],
    ['A="x" sk-secret-value', 1],
    ['A=1\nA=sk-secret-value', 2],
  ] as const)
    try {
      dotEnvOf(text, '/x/.env')
      t.fail(`accepted: ${text}`)
    } catch (thrown) {
      t.ok(thrown instanceof ConfigError)
      const { issues, message } = thrown as ConfigError
      t.equal(issues[0]?.path, `/x/.env:${line}`, text)
      t.notMatch(message, 'secret')
    }
})

const BACKENDS = 'backends: [{ name: a, kind: openai, key: "${CLOUD_KEY}", url: "http://127.0.0.1:9" }]\n'

const io = (cwd: string, env: Io['env'] = {}): Io => ({
  stdout: { write: () => undefined },
  stderr: { write: () => undefined },
  stdin: (async function* () {})(),
  env,
  cwd,
})

t.test(
  'beside the configuration, else in the working folder; the environment wins, an empty variable does not',
  async (t) => {
    const cwd = t.testdir({ '.env': 'A=here\nB=here\nC=here\n', far: { 'x.yaml': BACKENDS, '.env': 'A=far\n' } })
    const here = await withDotEnv(undefined, io(cwd, { B: 'set', C: '' }))
    t.strictSame(here.env, { A: 'here', B: 'set', C: 'here' })
    t.match(here.dotEnv, { path: join(cwd, '.env'), taken: ['A', 'C'] })
    const far = await withDotEnv('far/x.yaml', io(cwd))
    t.strictSame(far.env, { A: 'far' })
    await mkdir(join(cwd, 'none', '.env'), { recursive: true })
    t.equal((await withDotEnv('none/x.yaml', io(cwd))).dotEnv, undefined, 'a folder of this name is something else')
  },
)

t.test('a file with keys that others can read gets a warning', async (t) => {
  const cwd = t.testdir({ '.env': 'CLOUD_KEY=sk-1\n' })
  for (const [mode, count] of [
    [0o644, 1],
    [0o640, 1],
    [0o600, 0],
  ] as const) {
    // prettier-ignore
    await chmod(join(cwd, '.env'), mode)
    t.equal((await withDotEnv(undefined, io(cwd))).dotEnv?.warnings.length, count)
  }
  await writeFile(join(cwd, '.env'), 'COLOUR=red\n')
  await chmod(join(cwd, '.env'), 0o644)
  t.strictSame((await withDotEnv(undefined, io(cwd))).dotEnv?.warnings, [])
})

t.test('the start names what came from it, and never a value', async (t) => {
  const cwd = t.testdir({
    'turnout.yaml': `server: { port: 0 }\n${BACKENDS}`,
    '.env': 'CLOUD_KEY=sk-very-secret-value\nTURNOUT_LOG=x\n',
  })
  await chmod(join(cwd, '.env'), 0o644)
  const gateway = start(['serve'], { cwd })
  const said = await gateway.until(/chat\/completions/)
  gateway.child.kill('SIGTERM')
  const { out, err } = await gateway.ended
  t.match(said.replaceAll(/\s+/g, ' '), `from ${join(cwd, '.env')}: CLOUD_KEY, TURNOUT_LOG`)
  t.match(said.replaceAll(/\s+/g, ' '), `warning: ${join(cwd, '.env')} holds keys and others can read it`)
  t.notMatch(out + err, 'very-secret')
})

t.test(
  'commands that only read need no cloud key; those that check say what is missing, and are strict where asked',
  async (t) => {
    const cwd = t.testdir({
      'turnout.yaml': `${BACKENDS}store: { ledger: ./data, state: ./state.json, keys: ./keys.json }\nadmin: { port: 1, token: "\${ADMIN_HASH}" }\n`,
      data: {},
      'state.json': '{"version":1,"arms":{}}',
    })
    const ask = async (...args: string[]): Promise<{ code: number; out: string; err: string }> => {
      const said = { out: '', err: '' }
      const code = await main(args, {
        ...io(cwd),
        stdout: { write: (text) => (said.out += text) },
        stderr: { write: (text) => (said.err += text) },
      })
      return { code, ...said }
    }
    for (const args of [['ledger'], ['ledger', '--sum', 'day'], ['stats'], ['state'], ['key', 'list'], ['check']])
      t.equal((await ask(...args)).code, 0, args.join(' '))
    t.match((await ask('sessions', '--token', 'x')).err, /127\.0\.0\.1:1 does not answer/)
    const checked = await ask('check')
    t.match(checked.out, /^a +openai +key not set +/m)
    t.match(checked.out, /^warning: backends\[0\]\.key: the variable CLOUD_KEY is not set/m)
    t.match(checked.out, /^warning: admin\.token: the variable ADMIN_HASH is not set/m)
    t.match(checked.out, /^admin API on 127\.0\.0\.1:1, with its token$/m)
    t.match(await ask('check', '--strict'), { code: 1, err: /the variable CLOUD_KEY is not\s+set/ })
    await writeFile(join(cwd, '.env'), `CLOUD_KEY=sk-1\nADMIN_HASH=sha256:${'0'.repeat(64)}\n`)
    t.equal((await ask('check', '--strict')).code, 0, 'with the variables of .env')
    await writeFile(join(cwd, '.env'), 'nonsense\n')
    t.match(await ask('ledger'), { code: 1, err: /\.env:1:\s+is no\s+variable/ })
  },
)

t.test('serve stays strict', async (t) => {
  const ran = await run(['serve'], { cwd: t.testdir({ 'turnout.yaml': BACKENDS }) })
  t.match(ran, { code: 1, err: /the variable CLOUD_KEY is not\s+set/ })
})
