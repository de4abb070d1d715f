import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import t, { type Test } from 'tap'
import { type App, createApp } from '../../src/app.ts'
import type { Found } from '../../src/backends/fleet/detect.ts'
import type { Io } from '../../src/cli/io.ts'
import { succession } from '../../src/cli/lookout.ts'
import { prepare } from '../../src/cli/setup.ts'
import type { GatewayEvent } from '../../src/core/events.ts'
import type { BackendSpec } from '../../src/core/settings.ts'
import { backend, json, provider, type Reply, type Routes, startEngine } from '../fleet/engine-double.ts'
import { eventually, within } from '../support/await.ts'
import { freePort } from '../support/engines.ts'

const list = (...ids: string[]): Reply =>
  json({ object: 'list', data: ids.map((id) => ({ id, object: 'model', owned_by: 'vllm' })) })

const VLLM: Routes = {
  'GET /v1/models': list('tiny'),
  'POST /v1/chat/completions': json({
    ...{ id: 'c', object: 'chat.completion', created: 1, model: 'tiny' },
    choices: [{ index: 0, message: { role: 'assistant', content: 'Hi' }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
  }),
}

interface Running {
  readonly app: App
  readonly url: string
  readonly events: readonly GatewayEvent[]
  /** Names of the backends, in their order. */
  names(): string[]
  close(): Promise<void>
}

/** A gateway that was started without a configuration, or with `file`, and looks for engines on these ports again and again. */
async function unconfigured(
  t: Test,
  ports: Record<string, number[]>,
  everyMs = 20,
  file: string | null = null,
): Promise<Running> {
  const said = { write: (): boolean => true }
  const cwd = t.testdir(file === null ? {} : { 'turnout.yaml': file })
  const io: Io = { stdout: said, stderr: said, stdin: process.stdin, env: { VLLM_API_KEY: 'sk-secret' }, cwd }
  const setup = await prepare(undefined, io, { everyMs, ports })
  const config = {
    ...setup.config,
    server: { ...setup.config.server, port: 0, drainMs: 50 },
    // Backends are looked at as often as engines are looked for.
    discovery: { ...setup.config.discovery, intervalMs: Math.max(20, everyMs) },
  }
  const app = await createApp({ config, logTo: { write: () => undefined } })
  const events: GatewayEvent[] = []
  app.events.subscribe((event) => void events.push(event))
  const { url } = await app.listen()
  setup.lookout?.follow(app, config)
  let closed = false
  const close = async (): Promise<void> => {
    if (closed) return
    closed = true
    await setup.lookout?.close()
    await app.close()
    await setup.close()
  }
  t.teardown(close)
  return { app, url, events, names: () => app.fleet.states().map(({ name }) => name), close }
}

const ask = (url: string, body: object): Promise<Response> =>
  fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ messages: [{ role: 'user', content: 'Tell me a very long story.' }], ...body }),
  })

t.test('an engine that appears takes over from the demo, whose answers under way come to their end', async (t) => {
  const port = await freePort()
  const gateway = await unconfigured(t, { vllm: [port] })
  t.strictSame(gateway.names(), ['simulator-1', 'simulator-2'])
  const story = await ask(gateway.url, { model: 'demo-sage', stream: true })
  t.equal(story.headers.get('x-turnout-backend'), 'simulator-2')
  const engine = await startEngine(VLLM, port)
  t.teardown(() => engine.close())
  await eventually(10_000, 'the engine is there', () => gateway.names().join() === 'vllm')
  t.match(
    gateway.events.filter(({ event }) => event === 'engine_found'),
    [{ event: 'engine_found', backend: 'vllm', kind: 'vllm', address: `127.0.0.1:${port}`, models: 1 }],
  )
  t.match(gateway.events.at(-1), {
    ...{ event: 'policy_applied', added: ['vllm'], removed: ['simulator-1', 'simulator-2'], needs_restart: [] },
  })
  const answer = await ask(gateway.url, { model: 'auto' })
  t.equal(answer.headers.get('x-turnout-backend'), 'vllm')
  await answer.text()
  t.match(await within(30_000, 'the story', story.text()), /"finish_reason":"stop"[^]*data: \[DONE\]/)
})

t.test('a second engine is added to the first, which is not asked again by the search', async (t) => {
  const first = await startEngine(VLLM)
  t.teardown(() => first.close())
  const port = await freePort()
  const gateway = await unconfigured(t, { vllm: [first.port, port] })
  const searched = (): number => first.seen.filter(({ path }) => path === '/no-engine-has-this-path').length
  const before = searched()
  t.ok(before > 0)
  const second = await startEngine(VLLM, port)
  t.teardown(() => second.close())
  await eventually(10_000, 'both', () => gateway.names().join() === `vllm,vllm-${port}`)
  t.equal(searched(), before)
})

t.test('an engine that goes stays as one that is down, and is the same one when it comes back', async (t) => {
  const engine = await startEngine(VLLM)
  const gateway = await unconfigured(t, { vllm: [engine.port] })
  const stateOf = (): string => gateway.app.fleet.states()[0]?.state ?? 'gone'
  t.equal(stateOf(), 'ready')
  await engine.close()
  await (await ask(gateway.url, { model: 'auto' })).text()
  await eventually(10_000, 'it is down', () => stateOf() === 'down')
  const again = await startEngine(VLLM, engine.port)
  t.teardown(() => again.close())
  await eventually(10_000, 'it is ready', () => stateOf() === 'ready')
  t.strictSame(gateway.names(), ['vllm'])
  t.notOk(gateway.events.some(({ event }) => event === 'engine_found' || event === 'policy_applied'))
})

t.test(
  'an engine that comes back at another port is found there, and the place where it was stays one that is down',
  async (t) => {
    const port = await freePort()
    const engine = await startEngine(VLLM)
    const gateway = await unconfigured(t, { vllm: [engine.port, port] })
    t.strictSame(gateway.names(), ['vllm'])
    await engine.close()
    const again = await startEngine(VLLM, port)
    t.teardown(() => again.close())
    await eventually(10_000, 'it is found', () => gateway.names().join() === `vllm,vllm-${port}`)
    const answer = await ask(gateway.url, { model: 'tiny' })
    t.equal(answer.headers.get('x-turnout-backend'), `vllm-${port}`)
    await answer.text()
    await eventually(10_000, 'the other one is down', () => gateway.app.fleet.states()[0]?.state === 'down')
    const back = await startEngine(VLLM, engine.port)
    t.teardown(() => back.close())
    await eventually(10_000, 'both are there', () => gateway.app.fleet.states().every(({ state }) => state === 'ready'))
    t.strictSame(gateway.names(), ['vllm', `vllm-${port}`])
  },
)

t.test(
  'hosts that are listed are looked at while the gateway runs, on the ports of all kinds or the one that is named',
  async (t) => {
    const named = await startEngine(VLLM)
    const unlisted = await startEngine(VLLM)
    const own = await startEngine(VLLM)
    const usual = await freePort()
    for (const one of [named, unlisted, own]) t.teardown(() => one.close())
    const file = `backends: [{ name: own, kind: vllm, url: 'http://127.0.0.1:${own.port}' }]
discovery: { lan: ['127.0.0.1:${named.port}', '127.0.0.1:${own.port}', localhost] }
`
    const gateway = await unconfigured(t, { vllm: [usual] }, 20, file)
    await eventually(10_000, 'the named port', () => gateway.names().join() === 'own,vllm-127-0-0-1')
    const late = await startEngine(VLLM, usual)
    t.teardown(() => late.close())
    await eventually(10_000, 'the usual port', () => gateway.names().join() === 'own,vllm-127-0-0-1,vllm-localhost')
    t.match(
      gateway.events.filter(({ event }) => event === 'engine_found'),
      [{ backend: 'vllm-127-0-0-1', address: `127.0.0.1:${named.port}` }, { backend: 'vllm-localhost' }],
    )
    await eventually(10_000, 'all are ready', () => gateway.app.fleet.states().every(({ state }) => state === 'ready'))
    const backends = new Set<string | null>()
    for (let i = 0; i < 6; i++) {
      const answer = await ask(gateway.url, { model: 'tiny' })
      backends.add(answer.headers.get('x-turnout-backend'))
      await answer.text()
    }
    t.strictSame([...backends].toSorted(), ['own', 'vllm-127-0-0-1', 'vllm-localhost'])
    t.strictSame(unlisted.seen, [], 'nobody asks who is not listed')
    t.notOk(
      [named, late].some(({ seen }) => seen.some(({ headers }) => headers.authorization !== undefined)),
      'the keys of the environment are not sent to them',
    )
  },
)

t.test('whatever answers at the place of a backend of the configuration, it stays that backend', async (t) => {
  const engine = await startEngine(VLLM)
  const file = `backends: [{ name: own, kind: ollama, url: 'http://127.0.0.1:${engine.port}', models: [tiny] }]
discovery: { lan: ['127.0.0.1:${engine.port}'] }
`
  const gateway = await unconfigured(t, {}, 5, file)
  const looks = (): number => engine.seen.filter(({ path }) => path === '/api/tags').length
  t.teardown(() => engine.close())
  await eventually(10_000, 'some looks', () => looks() > 10)
  t.strictSame(gateway.names(), ['own'])
})

t.test('an engine that gets its first model lets the demo go', async (t) => {
  const engine = await startEngine({
    'GET /': { status: 200, body: 'Ollama is running' },
    'GET /api/tags': json({ models: [] }),
  })
  t.teardown(() => engine.close())
  const gateway = await unconfigured(t, { ollama: [engine.port] })
  t.strictSame(gateway.names(), ['ollama', 'simulator-1', 'simulator-2'])
  engine.routes['GET /api/tags'] = json({ models: [{ name: 'qwen3:8b', model: 'qwen3:8b', digest: 'x' }] })
  await eventually(10_000, 'the demo has gone', () => gateway.names().join() === 'ollama')
  t.match(gateway.app.fleet.states(), [{ state: 'ready', models: 1 }])
})

t.test('the end does not wait for somebody who never answers', async (t) => {
  const hole = createServer().listen(0, '127.0.0.1')
  await once(hole, 'listening')
  t.teardown(() => hole.close())
  const connected = once(hole, 'connection')
  const port = (hole.address() as AddressInfo).port
  const gateway = await unconfigured(t, { vllm: [port] }, 1)
  await within(5_000, 'a look', connected)
  const began = performance.now()
  await within(5_000, 'the end', gateway.close())
  t.ok(performance.now() - began < 800, `${performance.now() - began} ms`)
})

t.test('where backends are configured nothing is looked for', async (t) => {
  const cwd = t.testdir({ 'turnout.yaml': "backends: [{ name: a, kind: vllm, url: 'http://127.0.0.1:9' }]\n" })
  const said = { write: (): boolean => true }
  const setup = await prepare(undefined, { stdout: said, stderr: said, stdin: process.stdin, env: {}, cwd })
  t.equal(setup.lookout, null)
})

const engineAt = (name: string, kind: string, port: number, generic = false): BackendSpec =>
  backend(`http://127.0.0.1:${port}`, { name, provider: provider({ kind, generic }) })
const foundAt = (spec: BackendSpec, models = 1): Found => ({ spec, models, line: '', usable: models > 0 })
const ready = (models: number) => ({ state: 'ready', models }) as const

t.test('what a look comes to', async (t) => {
  const demo = engineAt('simulator-1', 'demo', 1)
  const vllm = engineAt('vllm', 'vllm', 2)
  const llama = engineAt('llamacpp', 'llamacpp', 2)
  const unknown = engineAt('openai-compatible', 'openai-compatible', 2, true)
  const other = engineAt('ollama', 'ollama', 3)
  const cases: readonly (readonly [
    what: string,
    known: BackendSpec[],
    found: Found[],
    states: Record<string, ReturnType<typeof ready>>,
    after: string[],
  ])[] = [
    ['nothing', [demo], [], { 'simulator-1': ready(1) }, ['simulator-1']],
    ['an engine', [demo], [foundAt(vllm)], { 'simulator-1': ready(1) }, ['vllm']],
    ['an engine without models', [demo], [foundAt(vllm, 0)], {}, ['simulator-1', 'vllm']],
    ['an engine that has got a model', [vllm, demo], [], { vllm: ready(1) }, ['vllm']],
    ['an engine that still has none', [vllm, demo], [], { vllm: ready(0) }, ['vllm', 'simulator-1']],
    ['the same engine, which is down', [vllm], [foundAt(vllm)], {}, ['vllm']],
    ['another kind at its place', [vllm, other], [foundAt(llama)], {}, ['ollama', 'llamacpp']],
    ['an engine at its place that is not recognised', [vllm], [foundAt(unknown)], {}, ['vllm']],
    ['what was not recognised is', [unknown], [foundAt(vllm)], {}, ['vllm']],
  ]
  for (const [what, known, found, states, after] of cases) {
    const { backends } = succession(known, found, [demo], new Map(Object.entries(states)))
    t.strictSame(
      backends.map(({ name }) => name),
      after,
      what,
    )
    t.equal(backends === known, backends.length === known.length && known.every((one) => backends.includes(one)), what)
  }
})
