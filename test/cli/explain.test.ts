import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { stringify } from 'yaml'
import t, { type Test } from 'tap'
import { chat } from '../support/chat.ts'
import { hashed } from '../support/gateway.ts'
import { singleRig } from '../support/rig.ts'
import { startFaultUpstream } from '../support/fault-upstream.ts'
import { NOWHERE, run as spawned, start } from './turnout.ts'

/** No gateway of this machine: nobody listens on port 1. */
const SILENT = { TURNOUT_PORT: '1' }
const run: typeof spawned = (args, { env, ...options }) => spawned(args, { ...options, env: { ...SILENT, ...env } })
const REQUEST = JSON.stringify(chat({ model: 'auto' }))

/** A folder with the request and a configuration before one engine that is there. */
async function folder(
  t: Test,
  config: object = {},
): Promise<{ cwd: string; upstream: Awaited<ReturnType<typeof startFaultUpstream>> }> {
  const upstream = await startFaultUpstream({})
  t.teardown(() => upstream.close())
  const backends = [{ name: 'up', kind: 'openai-compatible', url: upstream.url, models: ['tiny'] }]
  const cwd = t.testdir({
    'request.json': REQUEST,
    'turnout.yaml': stringify({ backends, ...config }),
    'tools.json': JSON.stringify(chat({ tools: [{ type: 'function', function: { name: 'f' } }] })),
    'broken.json': '{"messages":',
    'unknown.json': JSON.stringify(chat({ model: 'none' })),
  })
  return { cwd, upstream }
}

t.test('with a configuration: a table, and nothing is sent', async (t) => {
  const { cwd, upstream } = await folder(t)
  const { code, out, err } = await run(['explain', 'request.json'], { cwd })
  t.equal(code, 0, err)
  t.match(out, /^request .*: route default, strategy\n +balanced, /)
  t.match(out, /^up\/tiny /m)
  t.match(out, /^chosen {4}up\/tiny, the only candidate$/m)
  t.match(
    err,
    /^no gateway at http:\/\/127\.0\.0\.1:1 \(connection refused\): worked out here\nconfiguration: .*turnout\.yaml\n$/,
  )
  t.equal(upstream.requests.filter(({ method }) => method === 'POST').length, 0)
  t.notOk((out + err).includes(upstream.url))
})

t.test('--json is the record, and - is standard input', async (t) => {
  const { cwd } = await folder(t)
  const { code, out } = await run(['explain', '-', '--json'], { cwd, input: REQUEST })
  t.equal(code, 0)
  t.match(JSON.parse(out), { route: 'default', order: ['up/tiny'], candidates: [{ model: 'tiny' }] })
})

t.test('a body of another API, whose endpoint and model it does not say, here and by a gateway', async (t) => {
  const { cwd } = await folder(t)
  const { gateway } = await singleRig(t)
  const input = JSON.stringify({ contents: [{ role: 'user', parts: [{ text: 'Hi' }] }] })
  for (const where of [[], ['--url', gateway.url]])
    for (const args of [
      ['--model', 'tiny'],
      ['--endpoint', 'gemini_stream', '--model', 'tiny'],
    ]) {
      const { code, out, err } = await run(['explain', '-', '--json', ...args, ...where], { cwd, input })
      t.equal(code, 0, err)
      t.match(JSON.parse(out), { order: ['up/tiny'] })
    }
  for (const where of [[], ['--url', gateway.url]]) {
    const { code, err } = await run(['explain', '-', ...where], { cwd, input })
    t.equal(code, 1)
    t.match(err, /--model/)
    t.match((await run(['explain', '-', '--endpoint', 'none', ...where], { cwd, input })).err, /chat,\s+completions/)
  }
})

t.test('nobody would serve it: 1, with the reasons on standard output', async (t) => {
  const { cwd } = await folder(t, { models: { tiny: { capabilities: { tools: false } } } })
  const { code, out } = await run(['explain', 'tools.json'], { cwd })
  t.equal(code, 1)
  t.match(out, /^dropped {3}up\/tiny: capability: /m)
  t.match(out, /^refused {3}unsupported \(caller\): /m)
})

t.test('without a configuration it looks around, as serve does', async (t) => {
  const cwd = t.testdir({ 'request.json': REQUEST })
  const { code, out, err } = await run(['explain', 'request.json'], { cwd, env: NOWHERE })
  t.equal(code, 0, err)
  t.match(err, /no configuration: looking/)
  t.match(out, /demo-swift/)
})

t.test('what cannot be read is said in one line', async (t) => {
  const { cwd } = await folder(t)
  for (const [file, message] of [
    ['none.json', /^turnout explain: none\.json: cannot be read \(ENOENT\)$/m],
    [
      'Write a poem',
      /^turnout explain: Write a poem: cannot be read \(ENOENT\); `turnout route "\.\.\."`\stakes\sa\stext$/m,
    ],
    ['broken.json', /^turnout explain: invalid_json: /m],
    ['unknown.json', /^turnout explain: model_not_found: .*"none"/m],
  ] as const) {
    const { code, out, err } = await run(['explain', file], { cwd })
    t.equal(code, 1, file)
    t.match(err, message)
    t.notMatch(err, /^ +at /m, 'no stack')
    t.equal(out, '')
  }
  const config = await run(['explain', 'request.json', '--config', 'none.yaml'], { cwd })
  t.match(config, { code: 1, err: /none\.yaml: cannot be read/ })
})

t.test('wrong usage is 2', async (t) => {
  const cwd = t.testdir({})
  for (const args of [[], ['a', 'b'], ['a', '--what'], ['a', '--url', 'http://x', '--config', 'c']])
    t.match(
      await run(['explain', ...args], { cwd }),
      { code: 2, out: '', err: /^turnout explain: [^]*^usage: turnout explain /m },
      args.join(' '),
    )
})

t.test('a key of the configuration decides as that caller', async (t) => {
  const keys = [{ id: 'team', hash: hashed('secret-key'), routes: ['mine'] }]
  const { cwd } = await folder(t, { keys, routes: [{ name: 'mine', candidates: ['none/*'] }] })
  const wrong = await run(['explain', 'request.json', '--key', 'canary-wrong'], { cwd })
  t.match(wrong, { code: 1, err: /--key: the configuration has no such key/ })
  t.notMatch(wrong.err, /canary/)
  for (const [args, env] of [
    [['--key', 'secret-key'], {}],
    [[], { TURNOUT_KEY: 'secret-key' }],
  ] as const)
    t.match(await run(['explain', 'request.json', ...args], { cwd, env }), { code: 1, out: /refused +forbidden/ })
  t.equal((await run(['explain', 'request.json'], { cwd })).code, 0, 'without one as somebody whom no key binds')
})

t.test('--url asks a running gateway', async (t) => {
  const { gateway, upstream } = await singleRig(t, {}, { keys: [{ id: 'team', key: 'secret-key' }] })
  const cwd = t.testdir({ 'request.json': REQUEST, 'unknown.json': JSON.stringify(chat({ model: 'none' })) })
  const ask = (args: readonly string[], env: Record<string, string> = {}): ReturnType<typeof run> =>
    run(['explain', 'request.json', ...args], { cwd, env })
  for (const url of [gateway.url, `${gateway.url}/v1/`]) {
    const { code, out, err } = await ask(['--url', url, '--key', 'secret-key'])
    t.equal(code, 0, err)
    t.match(out, /^chosen {4}up\/tiny/m)
    t.equal(err, '')
  }
  const json = await ask(['--url', gateway.url, '--json'], { TURNOUT_KEY: 'secret-key' })
  t.match(JSON.parse(json.out), { order: ['up/tiny'] })
  t.equal(upstream.requests.filter(({ method }) => method === 'POST').length, 0)

  t.match(await ask(['--url', gateway.url]), { code: 1, out: '', err: /^turnout explain: invalid_api_key: No API key/ })
  const unknown = await run(['explain', 'unknown.json', '--url', gateway.url, '--key', 'secret-key'], { cwd })
  t.match(unknown, { code: 1, out: '', err: /^turnout explain: model_not_found: / })
  t.match(await ask(['--url', 'nonsense']), { code: 1, err: /--url: "nonsense" is not a URL/ })
})

t.test('--url to something else, or to nobody', async (t) => {
  const cwd = t.testdir({ 'request.json': REQUEST })
  let answer = { status: 200, body: '{"candidates":[]}' }
  const server = createServer((_request, response) => response.writeHead(answer.status).end(answer.body)).listen(
    0,
    '127.0.0.1',
  )
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  for (const next of [answer, { status: 404, body: '<html>' }, { status: 404, body: '{"error":{"message":"no"}}' }]) {
    answer = next
    t.match(await run(['explain', 'request.json', '--url', url], { cwd }), {
      code: 1,
      out: '',
      err: /^turnout explain: http:\/\/127\.0\.0\.1:\d+ is not a Turnout gateway of this\sversion\s\(it\sanswers\s\d+\)$/m,
    })
  }
  await new Promise((resolve) => server.close(resolve))
  const nobody = await run(['explain', 'request.json', '--url', url], { cwd })
  t.match(nobody, { code: 1, err: /does not answer\s\(connection\srefused\)/ })
})

t.test('the gateway that runs is asked, and says so; without a key of its own it is decided here', async (t) => {
  const { gateway, upstream } = await singleRig(t, {}, { keys: [{ id: 'team', key: 'secret-key' }] })
  const { cwd } = await folder(t, { keys: [] })
  const env = { TURNOUT_PORT: new URL(gateway.url).port }
  const asked = await run(['explain', 'request.json'], { cwd, env: { ...env, TURNOUT_KEY: 'secret-key' } })
  t.match(asked, { code: 0, out: /^chosen {4}up\/tiny/m })
  t.equal(asked.err, `asked the gateway at ${gateway.url}\n`)
  const wrong = await run(['explain', 'request.json', '--key', 'canary-wrong'], { cwd, env })
  t.match(wrong, { code: 1, out: '', err: /^turnout explain: invalid_api_key: / })
  t.notMatch(wrong.err, /canary/)
  t.match(await run(['explain', 'request.json'], { cwd, env }), {
    code: 0,
    out: /^chosen/m,
    err: /^http:\S+ asks for a key \(TURNOUT_KEY or --key\): worked out here$/m,
  })
  // A configuration that is named decides, whoever else runs at its address.
  const named = await run(['explain', 'request.json', '--config', 'turnout.yaml'], { cwd, env })
  t.match(named, { code: 0, err: /^configuration: .*turnout\.yaml\n$/ })
  t.equal(upstream.requests.filter(({ method }) => method === 'POST').length, 0)
})

t.test('something else at the address of the gateway: it is decided here', async (t) => {
  const { cwd, upstream } = await folder(t)
  const server = createServer((_request, response) => response.writeHead(418).end()).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const other = String((server.address() as AddressInfo).port)
  for (const port of [other, new URL(upstream.url).port])
    t.match(await run(['explain', 'request.json'], { cwd, env: { TURNOUT_PORT: port } }), {
      code: 0,
      out: /^chosen/m,
      err: /^http:\S+ is not a Turnout gateway of this\sversion:\sworked\sout\shere$/m,
    })
})

t.test('route: a text of the command line, or of standard input, in 80 columns', async (t) => {
  const { cwd } = await folder(t)
  const { code, out, err } = await run(['route', 'Prove that there are infinitely many primes.'], { cwd })
  t.equal(code, 0, err)
  t.match(out, /strategy[ \n]+balanced/)
  t.match(out, /^chosen {4}up\/tiny/m)
  t.strictSame(out.split('\n').filter((line) => line.length > 80), []) // prettier-ignore
  t.match((await run(['route', 'Hello', '-m', 'auto:cheap'], { cwd })).out, /strategy[ \n]+cheap/)
  const json = await run(['route', '-', '--json'], { cwd, input: 'Hello' })
  t.match(JSON.parse(json.out), { order: ['up/tiny'], strategy: 'balanced' })
  t.match(await run(['route', 'Hello', '--model', 'none'], { cwd }), {
    code: 1,
    err: /^turnout route: model_not_found: /m,
  })
  t.match(await run(['route'], { cwd }), { code: 2, err: /^turnout route: TEXT is missing/ })
  t.match(await run(['route', 'two', 'words'], { cwd }), { code: 0, out: /^chosen/m })
})

t.test('where nothing listens, no address of a gateway is named as a remedy', async (t) => {
  const backends = [{ name: 'up', kind: 'openai-compatible', url: 'http://127.0.0.1:9' }]
  const cwd = t.testdir({ 'turnout.yaml': stringify({ backends }) })
  const args = ['route', 'Hello', '--config', 'turnout.yaml']
  const none = await run(args, { cwd })
  t.equal(none.code, 1)
  t.match(none.out.replace(/\s+/g, ' '), /reaches no model at the moment; see `turnout models`\. $/)
  t.match(JSON.parse((await run([...args, '--json'], { cwd })).out), { error: { message: /see `turnout models`/ } })
  const unknown = await run([...args, '--model', 'nope'], { cwd })
  t.match(unknown, { code: 1, out: '' })
  t.match(
    unknown.err.replace(/\s+/g, ' '),
    /turnout route: no_backend: No backend has listed its models yet; see `turnout models`\. $/,
  )
})

t.test('a request that is over is explained from the ledger, with its outcome', async (t) => {
  const { cwd } = await folder(t, { store: { ledger: './ledger' }, server: { port: 0 } })
  t.match(await run(['explain', '--last'], { cwd }), { code: 1, err: /no request has ended/ })
  const gateway = start(['serve'], { cwd, env: NOWHERE })
  t.teardown(() => gateway.child.kill('SIGKILL'))
  const url = /listening on (\S+)/.exec(await gateway.until(/listening on .*/))?.[1] ?? ''
  const ids: string[] = []
  for (const path of ['first', 'second']) {
    const headers = { 'content-type': 'application/json', 'x-request-id': path }
    const answer = await fetch(`${url}/v1/chat/completions`, { method: 'POST', headers, body: REQUEST })
    ids.push(answer.headers.get('x-request-id') ?? '')
    await answer.arrayBuffer()
  }
  gateway.child.kill('SIGTERM')
  await gateway.ended
  const last = await run(['explain', '--last'], { cwd })
  t.match(last, { code: 0, err: '', out: new RegExp(`^request {3}${ids[1] ?? 'none'}: `) })
  t.match(last.out, /^outcome {3}/m)
  t.match(await run(['explain', '--id', ids[0] ?? ''], { cwd }), {
    out: new RegExp(`^request {3}${ids[0] ?? 'none'}: `),
  })
  t.match(await run(['explain', '--id', 'none'], { cwd }), {
    code: 1,
    err: /^turnout explain: no request "none" in\s\S+ledger$/m,
  })
  for (const [args, why] of [
    [['--last', 'request.json'], /leave out the request/],
    [['--last', '--id', 'x'], /exclude each other/],
    [['--last', '--url', 'http://127.0.0.1:1'], /leave out --url/],
  ] as const)
    t.match(await run(['explain', ...args], { cwd }), { code: 2, err: why })
  const { cwd: bare } = await folder(t)
  t.match(await run(['explain', '--last'], { cwd: bare }), {
    code: 1,
    err: /no requests are kept: add `store: \{ ledger: /,
  })
})
