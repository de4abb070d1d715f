import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { hashOf } from '../../src/keys/secret.ts'
import { send } from '../http/admin.ts'
import { eventually } from '../support/await.ts'
import { startFaultUpstream } from '../support/fault-upstream.ts'
import { hashed } from '../support/gateway.ts'
import { type Ran, run, runHere, start } from './turnout.ts'

// Files of keys that others can write are refused.
process.umask(0o077)

const CONFIG = `
server: { port: 0, drain: 50ms }
backends: [{ name: up, kind: openai-compatible, url: 'http://127.0.0.1:9', models: [tiny] }]
routes: [{ name: small, candidates: ['up/tiny'] }]
store: { keys: ./data/keys.json }
`

interface Folder {
  readonly cwd: string
  readonly file: string
  readonly key: (...args: string[]) => Promise<Ran>
}

function folder(t: Test, config = CONFIG): Folder {
  const cwd = t.testdir({ 'turnout.yaml': config })
  return { cwd, file: join(cwd, 'data', 'keys.json'), key: (...args) => runHere(['key', ...args], { cwd }) }
}

const secretIn = ({ out }: Ran): string => /^key +(sk-turnout-[\w-]{43})$/m.exec(out)?.[1] ?? ''

t.test('the life of a key, without a gateway', { timeout: 60_000 }, async (t) => {
  const { key, file } = folder(t)
  t.match(await key('list'), { code: 0, out: /no keys, so every request is refused/ })
  const made = await key('create', '--id', 'ci', '--team', 'blue', '--user', 'ann', '--routes', 'small,default', '--rpm', '60', '--tpm', '1000', '--parallel', '4', '--budget', '2.5/day', '--expires', '2099-01-31', '--label', 'cost=7', '--label', 'a=b=c') // prettier-ignore
  t.match(made, { code: 0, err: /it is not stored/ })
  const first = secretIn(made)
  t.not(first, '')
  t.equal((await stat(file)).mode & 0o777, 0o600)
  t.notOk((await readFile(file, 'utf8')).includes(first))
  const shown = JSON.parse((await key('show', 'ci', '--json')).out) as { key: object }
  t.match(shown.key, {
    id: 'ci',
    state: 'active',
    team: 'blue',
    user: 'ann',
    routes: ['small', 'default'],
    rpm: 60,
    tpm: 1000,
    parallel: 4,
    budget: { usd: 2.5, per: 'day' },
    labels: { cost: '7', a: 'b=c' },
    expires: '2099-01-31T00:00:00.000Z',
  })
  t.match(await key('change', 'ci', '--rpm', 'none', '--routes', 'small', '--label', 'none'), {
    code: 0,
    out: /limits +1000 tokens\/min, 4 at once, 2.5 USD\/day\nuses +small\n/,
    err: /picks the change up within a second/,
  })
  const second = await key('rotate', 'ci', '--grace', '1h')
  t.match(second, { code: 0, out: /state +active, old secret until / })
  t.not(secretIn(second), first)
  t.match(await key('list'), { code: 0, out: /^key +state.*\nci +active, old secret.*key file\n$/ })
  t.match(await key('revoke', 'ci'), { code: 0, out: /state +revoked / })
  const all = await Promise.all([key('list'), key('list', '--json'), key('show', 'ci')])
  const said = all.map(({ out, err }) => out + err).join('')
  for (const secret of [first, secretIn(second)]) t.notOk(said.includes(secret) || said.includes(hashOf(secret)))
})

t.test('what cannot be done is said, with exit code 1; wrong usage with 2', { timeout: 60_000 }, async (t) => {
  const { key, cwd } = folder(t)
  for (const [args, code, err] of [
    [['create', '--id', 'a', '--rpm', 'lots'], 1, /rpm: "lots" is a text; write a number/],
    [['create', '--id', 'a', '--budget', '5/week'], 1, /budget\.per: "week" is not one of minute, hour, day, month/],
    [['create', '--id', 'a', '--routes', 'smal'], 1, /routes: there is no route "smal"; did you mean "small"/],
    [['create', '--id', 'a', '--budget', '5'], 2, /--budget: "5" is not an amount; write it like 5\/day/],
    [['create', '--id', 'a', '--label', 'x'], 2, /--label: "x" has no name and value/],
    [['create', '--id', 'a', '--what'], 2, /there is no flag --what\n/],
    [['create'], 2, /--id ID is missing: .*\nusage: turnout key create/],
    [['list', 'a'], 2, /"a" is one word too many/],
    [['show', 'a', 'b'], 2, /"b" is one word too many/],
    [['rotate', 'a', '--grace', 'soon'], 1, /grace: "soon" is not a time/],
    [['revoke', 'a'], 1, /There is no key "a"/],
    [['what'], 2, /^turnout key: there is no "key what"; there are create, list, /],
  ] as const)
    t.match(await key(...args), { code, out: '', err }, args.join(' '))
  await writeFile(join(cwd, 'bare.yaml'), CONFIG.replace(/^store.*$/m, ''))
  t.match(await key('list', '--config', 'bare.yaml'), { code: 1, err: /names no key file; add `store: \{ keys/ })
  t.match(await runHere(['key', 'list'], { cwd: '/' }), { code: 1, err: /there is no configuration/ })
  await rm(join(cwd, 'data'), { recursive: true, force: true })
  await writeFile(join(cwd, 'data'), 'a file')
  t.match(await key('create', '--id', 'a'), { code: 1, err: /the key file cannot be (read|written) \(E/ })
})

t.test(
  'a running gateway follows: keys of other processes, and a revocation within a second',
  { timeout: 60_000 },
  async (t) => {
    const upstream = await startFaultUpstream()
    t.teardown(() => upstream.close())
    const { cwd } = folder(
      t,
      CONFIG.replace('http://127.0.0.1:9', upstream.url) + `admin: { port: 0, token: '${hashed('t0ken')}' }\n`,
    )
    const key = (...args: string[]): Promise<Ran> => run(['key', ...args], { cwd })
    const gateway = start(['serve'], { cwd })
    t.teardown(() => gateway.child.kill('SIGKILL'))
    const said = await gateway.until(/listening on/)
    t.match(said, /there are no keys yet, so every request is refused: `turnout key create/)
    const url = /listening on (\S+)/.exec(said)?.[1] ?? ''
    const admin = /admin API on (\S+)/.exec(said)?.[1] ?? ''
    const chat = async (token: string): Promise<number> =>
      (
        await send(`${url}/v1/chat/completions`, 'POST', token, {
          model: 'tiny',
          messages: [{ role: 'user', content: 'Hi' }],
        })
      ).status
    t.equal(await chat('sk-any'), 401)

    const secret = secretIn(await key('create', '--id', 'cli'))
    await eventually(1_000, 'the key of the command line', async () => (await chat(secret)) === 200)
    const both = await Promise.all([
      key('create', '--id', 'other'),
      ...Array.from({ length: 10 }, (_, at) => send(`${admin}/keys`, 'POST', 't0ken', { id: `api-${at}` })),
    ])
    t.ok(
      both.every((one) => ('code' in one ? one.code === 0 : one.status === 201)),
      'two writers',
    )
    const { keys } = JSON.parse((await key('list', '--json')).out) as { keys: { id: string }[] }
    t.equal(keys.length, 12, 'lose nothing')
    t.match(await key('show', 'api-3'), { code: 0 })

    t.equal(await chat(secret), 200)
    t.match(await key('revoke', 'cli'), { code: 0 })
    const since = performance.now()
    await eventually(1_000, 'the end of the key', async () => (await chat(secret)) === 401)
    t.comment(`after ${Math.round(performance.now() - since)} ms`)
    gateway.child.kill('SIGTERM')
    const { code, out, err } = await gateway.ended
    t.equal(code, 0)
    for (const one of [secret, hashOf(secret), 't0ken', hashOf('t0ken')]) t.notOk((out + err).includes(one))
  },
)

t.test('a start that cannot be: a broken file, a port that is taken', { timeout: 60_000 }, async (t) => {
  const { cwd } = folder(t)
  await mkdir(join(cwd, 'data'))
  await writeFile(join(cwd, 'data', 'keys.json'), '{')
  t.match(await run(['serve'], { cwd }), { code: 1, err: /^store\.keys: the file is not JSON$/m })
  await rm(join(cwd, 'data', 'keys.json'))
  const upstream = await startFaultUpstream()
  t.teardown(() => upstream.close())
  await writeFile(
    join(cwd, 'turnout.yaml'),
    `${CONFIG}admin: { port: ${new URL(upstream.url).port}, token: '${hashed('x')}' }\n`,
  )
  t.match(await run(['serve'], { cwd }), {
    code: 1,
    err: /^admin: cannot listen on 127\.0\.0\.1:\d+ \(EADDRINUSE\); write another/m,
  })
})

t.test('key new prints a key and its hash, and key hash prints the same hash', async (t) => {
  const made = await run(['key', 'new'], { cwd: '/' })
  const secret = secretIn(made)
  t.match(made, { code: 0, out: `hash  sha256:${hashOf(secret)}\n` })
  t.equal((await run(['key', 'hash'], { cwd: '/', input: `${secret}\n` })).out, `sha256:${hashOf(secret)}\n`)
  t.match(await run(['key', 'hash'], { cwd: '/' }), { code: 1, err: /no key on standard input/ })
})
