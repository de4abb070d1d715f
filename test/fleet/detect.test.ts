import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { loadProviders } from '../../src/config/providers.ts'
import { startDemo } from '../../src/demo/demo.ts'
import { detect, findEngines, type Found } from '../../src/backends/fleet/detect.ts'
import { within } from '../support/await.ts'
import { startFaultUpstream } from '../support/fault-upstream.ts'
import { hashed } from '../support/gateway.ts'
import { gatewayFor } from '../support/rig.ts'
import { type EngineDouble, json, noSamples, type Reply, type Routes, sample, startEngine } from './engine-double.ts'

const providers = await loadProviders()

async function engine(test: Test, routes: Routes): Promise<EngineDouble> {
  const double = await startEngine(routes)
  test.teardown(() => double.close())
  return double
}

const look = (ports: Record<string, number[]>, env: Record<string, string> = {}): Promise<Found[]> =>
  detect({ providers, env, ports, timeoutMs: 900 })

const kinds = (found: readonly Found[]): string[] => found.map(({ spec }) => spec.provider.kind)

const openAiList = (owner: string): Reply =>
  json({ object: 'list', data: [{ id: 'm', object: 'model', owned_by: owner }] })

t.test('recorded engines are recognised, on any of the ports', { skip: noSamples }, async (t) => {
  const ollama = await engine(t, {
    'GET /': await sample('ollama/root.txt'),
    'GET /api/tags': await sample('ollama/tags.txt'),
    'GET /v1/models': await sample('ollama/v1-models.txt'),
  })
  const vllm = await engine(t, { 'GET /v1/models': await sample('vllm/models.txt') })
  const llama = await engine(t, {
    'GET /v1/models': await sample('llamacpp/llamacpp-models.txt'),
    'GET /props': await sample('llamacpp/llamacpp-props.txt'),
  })
  const found = await look({ ollama: [ollama.port], vllm: [llama.port], llamacpp: [vllm.port] })
  const lines = Object.fromEntries(found.map(({ spec, line }) => [spec.provider.kind, line]))
  t.same(lines, {
    ollama: `ollama     ${`127.0.0.1:${ollama.port}`.padEnd(17)} 3 models`,
    vllm: `vllm       ${`127.0.0.1:${vllm.port}`.padEnd(17)} 1 model`,
    llamacpp: `llamacpp   ${`127.0.0.1:${llama.port}`.padEnd(17)} 1 model`,
  })
  t.ok(found.every(({ usable }) => usable))
  t.match(found.find(({ spec }) => spec.name === 'ollama')!.spec, {
    root: ollama.root,
    key: null,
    models: [],
    price: null,
  })
})

t.test('what only looks like an engine is not found', async (t) => {
  const everything: Record<string, Reply> = {
    'a page': { status: 200, body: '<html>Ollama is great</html>' },
    'Ollama everywhere': { status: 200, body: 'Ollama is running' },
    'a list everywhere': openAiList('vllm'),
    'JSON everywhere': json({ data: [{ id: 'x' }], models: [], version: '0.1.0', status: 'ok' }),
    'an error': json({ error: 'Ollama is running' }, 500),
    'a login': json({}, 401),
  }
  for (const [name, reply] of Object.entries(everything)) {
    const double = await engine(t, { '*': reply })
    const at = [double.port]
    t.same(await look({ ollama: at, vllm: at, llamacpp: at, lmstudio: at, sglang: at }), [], name)
  }
})

t.test('a gateway is no engine, neither this one nor another', async (t) => {
  const upstream = await startFaultUpstream({})
  t.teardown(() => upstream.close())
  const backends = [{ name: 'up', kind: 'openai-compatible', url: upstream.url, models: ['known'] }]
  for (const config of [{ backends }, { backends, keys: [{ id: 'a', hash: hashed('a-key') }] }]) {
    const gateway = await gatewayFor(t, config)
    const port = Number(new URL(gateway.url).port)
    for (const kind of ['llamacpp', 'ollama', 'vllm']) t.strictSame(await look({ [kind]: [port] }), [], kind)
  }
})

t.test('an engine is found once, also where several kinds share its port', async (t) => {
  const double = await engine(t, { 'GET /v1/models': openAiList('vllm') })
  t.same(kinds(await look({ llamacpp: [double.port, double.port], vllm: [double.port], sglang: [double.port] })), [
    'vllm',
  ])
})

t.test('two engines of one kind have two names', async (t) => {
  const a = await engine(t, { 'GET /v1/models': openAiList('vllm') })
  const b = await engine(t, { 'GET /v1/models': openAiList('vllm') })
  const found = await look({ vllm: [a.port, b.port] })
  t.same(
    found.map(({ spec }) => spec.name),
    ['vllm', `vllm-${b.port}`],
  )
  t.match(found[1]!.line, `vllm-${b.port}`)
})

t.test("an unknown engine with a list in OpenAI's shape", async (t) => {
  const double = await engine(t, { 'GET /v1/models': openAiList('someone') })
  const found = await look({ llamacpp: [double.port] })
  t.match(found, [{ spec: { name: 'openai-compatible', root: double.root }, usable: true }])
  t.match(found[0]!.line, /1 model \(unknown engine/)
})

t.test('an engine without models is found, and cannot be used', async (t) => {
  const double = await engine(t, {
    'GET /': { status: 200, body: 'Ollama is running' },
    'GET /api/tags': json({ models: null }),
  })
  t.match(await look({ ollama: [double.port] }), [{ usable: false, line: /0 models$/ }])
})

t.test('the built-in demo is an engine like any other', async (t) => {
  const demo = await startDemo({ speed: Infinity })
  t.teardown(() => demo.close())
  const port = Number(new URL(demo.backends[0]!.root).port)
  t.same(kinds(await look({ vllm: [port] })), ['openai-compatible'])
})

t.test('clouds by their keys, which are never shown', async (t) => {
  const env = { OPENAI_API_KEY: ' sk-secret ', GROQ_API_KEY: '', MISTRAL_API_KEY: 'other-secret' }
  const found = await look({}, env)
  t.same(kinds(found).sort(), ['mistral', 'openai'])
  const openai = found.find(({ spec }) => spec.name === 'openai')!
  t.match(openai, { usable: true, spec: { key: 'sk-secret', root: 'https://api.openai.com' } })
  t.equal(openai.line, 'openai     key from OPENAI_API_KEY')
  t.notMatch(JSON.stringify(found.map(({ line }) => line)), 'secret')
})

t.test('no key is sent to something that was not recognised', async (t) => {
  const keyed = new Map(providers)
  keyed.set('vllm', { ...providers.get('vllm')!, keyEnv: 'VLLM_KEY' })
  const stranger = await engine(t, { '*': json({}, 404) })
  const own = await engine(t, { 'GET /v1/models': openAiList('vllm') })
  const found = await detect({
    providers: keyed,
    env: { VLLM_KEY: 'secret' },
    ports: { vllm: [stranger.port, own.port] },
  })
  t.match(found, [{ spec: { root: own.root, key: 'secret' } }])
  t.ok(stranger.seen.length > 0 && stranger.seen.every(({ headers }) => headers['authorization'] === undefined))
  t.match(own.seen.at(-1)!.headers, { authorization: 'Bearer secret' })
})

t.test('within a second, whatever the ports do', async (t) => {
  const hole = createServer().listen(0, '127.0.0.1')
  await once(hole, 'listening')
  t.teardown(() => hole.close())
  const { port } = hole.address() as AddressInfo
  const closed = await startEngine({})
  await closed.close()
  const quick = performance.now()
  t.same(await look({ ollama: [closed.port], vllm: [closed.port] }), [])
  t.ok(performance.now() - quick < 500, 'nothing there')
  const slow = performance.now()
  t.same(await look({ ollama: [port] }), [])
  t.ok(performance.now() - slow < 2_000, 'somebody who never answers')
})

t.test('engines alone: no cloud, none that is known, and no name that somebody has', async (t) => {
  const known = await engine(t, { 'GET /v1/models': openAiList('vllm') })
  const other = await engine(t, { 'GET /v1/models': openAiList('vllm') })
  const found = await findEngines({
    ...{ providers, env: { OPENAI_API_KEY: 'secret' }, ports: { vllm: [known.port, other.port] } },
    except: new Set([known.root]),
    taken: ['vllm'],
  })
  t.match(found, [{ spec: { name: `vllm-${other.port}`, root: other.root }, models: 1 }])
  t.equal(found.length, 1)
  t.equal(known.seen.length, 0)
})

t.test('a search that is called off ends at once', async (t) => {
  const hole = createServer().listen(0, '127.0.0.1')
  await once(hole, 'listening')
  t.teardown(() => hole.close())
  const abort = new AbortController()
  const ports = { vllm: [(hole.address() as AddressInfo).port] }
  const searching = findEngines({ providers, env: {}, ports, timeoutMs: 20_000, signal: abort.signal })
  await once(hole, 'connection')
  abort.abort()
  t.same(await within(2_000, 'the end of it', searching), [])
})

t.test('a host that is listed with a port and without one is asked once there', async (t) => {
  const own = await engine(t, { 'GET /v1/models': openAiList('vllm') })
  const hosts = [
    { host: '127.0.0.1', port: null },
    { host: '127.0.0.1', port: own.port },
  ]
  const found = await findEngines({ providers, env: {}, ports: { vllm: [own.port] }, hosts })
  t.match(found, [{ spec: { name: 'vllm-127-0-0-1', root: own.root } }])
  t.equal(found.length, 1)
})
