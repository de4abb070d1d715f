import { once } from 'node:events'
import { chmod } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import type { Test } from 'tap'
import t from 'tap'
import { within } from '../support/await.ts'
import { RawClient } from '../support/raw-client.ts'
import { NOWHERE, type Running, run, start } from './turnout.ts'

const MINE = "backends: [{ name: a, kind: vllm, url: 'http://127.0.0.1:9', models: [tiny] }]\n"

function serve(t: Test, args: readonly string[], cwd: string, env = {}): Running {
  const running = start(['serve', '--port', '0', ...args], { cwd, env })
  t.teardown(() => running.child.kill('SIGKILL'))
  return running
}

const urlOf = (said: string): string => /listening on (\S+)/.exec(said)?.[1] ?? ''

/** What the printed `curl` asks for. */
function curlOf(said: string): { url: string; headers: Record<string, string>; body: string } {
  const [, url = '', name = '', value = '', body = ''] =
    /curl -N (\S+) \\\n(?: +-H ".*" \\\n)? +-H '([^:]+): ([^']+)' -d '([^']+)'/.exec(said) ?? []
  return { url, headers: { [name]: value }, body }
}

t.test('without a configuration and with nothing found: the demo, a curl that works, and exit 0', async (t) => {
  const gateway = serve(t, [], t.testdir({}), NOWHERE)
  const said = await gateway.until(/listening on [^]*-d '[^']*'\n/)
  t.match(said, /no configuration/)
  t.match(said, /simulated/)
  const { url, headers, body } = curlOf(said)
  const answer = await fetch(url, { method: 'POST', headers, body })
  t.equal(answer.status, 200)
  t.match(await within(15_000, 'the answer', answer.text()), /"content":[^]*data: \[DONE\]/)
  gateway.child.kill('SIGTERM')
  t.equal((await within(10_000, 'the end', gateway.ended)).code, 0)
})

t.test('beyond loopback without keys: refused in one sentence', async (t) => {
  const cwd = t.testdir({ 'turnout.yaml': MINE })
  for (const host of ['0.0.0.0', '::']) {
    const { code, err } = await run(['serve', '--port', '0', '--host', host], { cwd })
    t.equal(code, 1)
    t.match(err.replaceAll(/\n +/g, ' '), /^server\.host: ".*" can be reached from other machines.*keys.*auth: none/m)
    t.notMatch(err, /listening|^ +at /m)
  }
})

t.test('a file of keys that others can write: refused in one line that says what to do', async (t) => {
  const cwd = t.testdir({
    'turnout.yaml':
      "server: { port: 0 }\nbackends: [{ name: a, kind: vllm, url: 'http://127.0.0.1:9' }]\nstore: { keys: ./keys.json }\n",
    'keys.json': '{"version":1,"keys":[]}',
  })
  await chmod(join(cwd, 'keys.json'), 0o622)
  for (const args of [['serve'], ['key', 'list'], ['key', 'create', '--id', 'a']]) {
    const { code, err } = await run(args, { cwd })
    t.equal(code, 1, args.join(' '))
    t.match(
      err,
      /^.*key file can be written by .*\(mode 0622\).*: chmod 600 .*keys\.json$|^store\.keys: the file can be .*\(mode 0622\).*: chmod 600 .*keys\.json$/m,
    )
    t.notMatch(err, /^ +at /m, 'no stack')
  }
})

t.test('TURNOUT_HOSTS names hosts beside those of the file, and wrong ones stop the start', async (t) => {
  const cwd = t.testdir({ 'turnout.yaml': `${MINE}server: { hosts: [own.example] }\n` })
  const gateway = serve(t, [], cwd, { TURNOUT_HOSTS: 'gateway, *.lan' })
  const url = urlOf(await gateway.until(/listening on \S+\n/))
  for (const [host, status] of [
    ['own.example', 200],
    ['gateway', 200],
    ['a.lan', 200],
    ['evil.example', 421],
  ] as const) {
    const client = await RawClient.open(url)
    t.equal((await client.send('/metrics', { method: 'GET', headers: { host } })).status, status, host)
    client.destroy()
  }
  const { code, err } = await run(['serve', '--port', '0'], { cwd, env: { TURNOUT_HOSTS: 'https://gateway' } })
  t.equal(code, 1)
  t.match(err, /^TURNOUT_HOSTS: is not a host; write a name/m)
})

t.test('a port that is taken: who has it and another to write, no stack', async (t) => {
  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  t.teardown(() => taken.close())
  const { port } = taken.address() as AddressInfo
  const cwd = t.testdir({ 'turnout.yaml': MINE })
  const { code, err } = await run(['serve', '--port', String(port)], { cwd })
  t.equal(code, 1)
  t.match(err, new RegExp(`^127\\.0\\.0\\.1:${port} is taken by another program; .*\\nlike --port ${port + 1}`, 'm'))
  t.notMatch(err, /^ +at /m)
})

t.test('options that are wrong', async (t) => {
  const cwd = t.testdir({ 'turnout.yaml': MINE })
  const unknown = await run(['serve', '--prot', '1'], { cwd })
  t.equal(unknown.code, 2)
  t.match(unknown.err, /^turnout serve: there is no flag --prot; did you mean --port\?\nusage: turnout serve /)
  const port = await run(['serve', '--port', '70000'], { cwd })
  t.equal(port.code, 1)
  t.match(port.err, /--port: "70000" is not a port/)
  // Before anything is looked for.
  const empty = t.testdir({})
  for (const text of ['abc', '', '-1', '1e3', '0x10', '70.5']) {
    const { code, err } = await run(['serve', `--port=${text}`], { cwd: empty, env: NOWHERE })
    t.equal(code, 1, text)
    t.equal(err, `--port: "${text}" is not a port; write a number from 0 to 65535\n`)
  }
  const variable = await run(['serve'], { cwd: empty, env: { ...NOWHERE, TURNOUT_PORT: 'abc' } })
  t.equal(variable.err, 'TURNOUT_PORT: "abc" is not a port; write a number from 0 to 65535\n')
  const missing = await run(['serve', '--config', 'nope.yaml'], { cwd })
  t.equal(missing.code, 1)
  t.match(missing.err, /nope\.yaml: cannot be read/)
  const nowhere = await run(['serve', '--port', '0', '--host', 'nope.invalid'], {
    cwd: empty,
    env: { ...NOWHERE, TURNOUT_AUTH: 'none' },
  })
  t.equal(nowhere.code, 1)
  t.match(nowhere.err, /^nope\.invalid: no such host is known \(E\w+\); choose another address with --host$/m)
  t.notMatch(nowhere.err, /^ +at /m, 'no stack')
})

t.test('a key works, its hash does not', async (t) => {
  const cwd = t.testdir({})
  const made = await run(['key', 'new'], { cwd })
  const [, key = '', hash = ''] = /^key +(\S+)\nhash +(\S+)\n$/.exec(made.out) ?? []
  const folder = t.testdir({ 'turnout.yaml': `${MINE}keys: [{ id: me, hash: '${hash}' }]\n` })
  const gateway = serve(t, [], folder)
  const said = await gateway.until(/listening on [^]*curl/)
  t.match(said, /authorization: Bearer \$TURNOUT_KEY/)
  const status = async (secret: string): Promise<number> => {
    const answer = await fetch(`${urlOf(said)}/v1/models`, { headers: { authorization: `Bearer ${secret}` } })
    await answer.text()
    return answer.status
  }
  t.equal(await status(key), 200)
  t.equal(await status(hash), 401)
  t.equal(await status(hash.replace('sha256:', '')), 401)
  gateway.child.kill('SIGINT')
  t.equal((await within(10_000, 'the end', gateway.ended)).code, 0)
})

t.test('the second signal ends it at once', async (t) => {
  const gateway = serve(t, [], t.testdir({}), NOWHERE)
  const { url, headers } = curlOf(await gateway.until(/listening on [^]*-d '[^']*'\n/))
  const messages = [{ role: 'user', content: 'Tell me a very long story.' }]
  const live = await fetch(url, {
    method: 'POST',
    headers,
    body: JSON.stringify({ model: 'demo-sage', stream: true, messages }),
  })
  live.body?.getReader().closed.catch(() => undefined)
  gateway.child.kill('SIGTERM')
  await gateway.until(/SIGTERM/)
  gateway.child.kill('SIGTERM')
  t.equal((await within(10_000, 'the end', gateway.ended)).code, 143)
})

/** Throws in a process that runs already, when it is told to. */
const FAULTY = (how: string): string =>
  `--import=data:text/javascript,${encodeURIComponent(`process.on('SIGUSR2', () => { ${how} })`)}`

const THROWN: readonly [string, string][] = [
  ['an exception that nobody catches', "throw new TypeError('CANARY')"],
  ['a rejection that nobody handles', "void Promise.reject(new TypeError('CANARY'))"],
]

for (const [name, how] of THROWN)
  t.test(`${name} is logged with its type and place, not its words, behind the lines before it`, async (t) => {
    const gateway = serve(t, [], t.testdir({}), { ...NOWHERE, NODE_OPTIONS: FAULTY(how) })
    const { url } = curlOf(await gateway.until(/listening on [^]*-d '[^']*'\n/))
    await fetch(new URL('/v1/models', url), { headers: { 'x-request-id': 'the-line-before' } })
    gateway.child.kill('SIGUSR2')
    const { code, out, err } = await within(10_000, 'the end', gateway.ended)
    t.equal(code, 1)
    const lines = out.trim().split('\n')
    t.match(lines.at(-2), /the-line-before/)
    t.match(JSON.parse(lines.at(-1) ?? ''), { level: 60, err: { type: 'TypeError', stack: /^ {4}at / } })
    t.match(err, /turnout: stopped by a fault: TypeError \n {4}at /)
    t.notMatch(out + err, /CANARY/)
  })

t.test('the second signal loses no line, and nobody who reads them is waited for', async (t) => {
  for (const gone of [false, true]) {
    const gateway = serve(t, [], t.testdir({}), NOWHERE)
    const { url, headers } = curlOf(await gateway.until(/listening on [^]*-d '[^']*'\n/))
    const messages = [{ role: 'user', content: 'Tell me a very long story.' }]
    const body = JSON.stringify({ model: 'demo-sage', stream: true, messages })
    const live = await fetch(url, { method: 'POST', headers, body })
    live.body?.getReader().closed.catch(() => undefined)
    if (gone) gateway.child.stdout?.destroy()
    gateway.child.kill('SIGTERM')
    await gateway.until(/SIGTERM/)
    gateway.child.kill('SIGTERM')
    const { code, out } = await within(10_000, 'the end', gateway.ended)
    t.equal(code, 143)
    if (!gone) t.match(out, /"msg":"fleet"/)
  }
})

t.test('the curl names the address that is published, and empty variables say nothing', async (t) => {
  const folder = t.testdir({ 'turnout.yaml': `${MINE}server: { port: 0 }\n` })
  const env = { TURNOUT_PUBLIC_URL: 'http://127.0.0.1:17070/', TURNOUT_HOST: '', TURNOUT_PORT: '' }
  const gateway = start(['serve'], { cwd: folder, env })
  t.teardown(() => gateway.child.kill('SIGKILL'))
  const said = await gateway.until(/listening on [^]*-d '[^']*'\n/)
  t.equal(curlOf(said).url, 'http://127.0.0.1:17070/v1/chat/completions')
  t.match(urlOf(said), /^http:\/\/127\.0\.0\.1:\d+$/)
  t.not(urlOf(said), 'http://127.0.0.1:17070')
  gateway.child.kill('SIGTERM')
  t.equal((await within(10_000, 'the end', gateway.ended)).code, 0)
})

t.test('SIGHUP ends nothing: not at the start, not while it runs, however often, not while it stops', async (t) => {
  const gateway = serve(t, [], t.testdir({}), NOWHERE)
  await gateway.until(/no configuration/)
  gateway.child.kill('SIGHUP')
  const { url, headers } = curlOf(await gateway.until(/listening on [^]*-d '[^']*'\n/))
  t.match(gateway.said(), /^SIGHUP: nothing to reload; restart to change the configuration$/m)
  const messages = [{ role: 'user', content: 'Tell me a very long story.' }]
  const body = JSON.stringify({ model: 'demo-sage', stream: true, messages })
  const live = await fetch(url, { method: 'POST', headers, body })
  for (let times = 0; times < 3; times++) gateway.child.kill('SIGHUP')
  gateway.child.kill('SIGTERM')
  await gateway.until(/SIGTERM/)
  gateway.child.kill('SIGHUP')
  t.match(await within(20_000, 'the answer', live.text()), /data: \[DONE\]/)
  const { code, out } = await within(10_000, 'the end', gateway.ended)
  t.equal(code, 0)
  t.match(out, /"event":"nothing_to_reload","signal":"SIGHUP","msg":"process"/)
})

t.test('a configuration of several backends starts with a table in 80 columns', async (t) => {
  const names = ['a', 'a-name-that-is-longer-than-all-others-together-with-its-address']
  const models = Array.from({ length: 40 }, (_, number) => `model-number-${number}`)
  const backends = names.map((name) => ({ name, kind: 'vllm', url: 'http://127.0.0.1:9', models }))
  const cwd = t.testdir({ 'turnout.yaml': JSON.stringify({ backends }) })
  const said = await serve(t, [], cwd).until(/listening on [^]*-d '[^']*'\n/)
  const lines = said.split('\n').slice(1)
  t.match(lines[0], /^ {2}a {25}127\.0\.0\.1:9 {2}\S/)
  t.match(lines[1], /^ {2}a-name-that-is-longer-\.\. {2}127\.0\.0\.1:9 {2}\S/)
  for (const line of lines) t.ok(line.length <= 80, line)
})
