/** The states of backends as operators see them: in /health, the metrics and the log, each change once, and the way back. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import t, { type Test } from 'tap'
import { type App, createApp } from '../../src/app.ts'
import { loadProviders } from '../../src/config/providers.ts'
import type { GatewayEvent } from '../../src/core/events.ts'
import type { BackendSpec, Config } from '../../src/core/settings.ts'
import { backend, config, json, type Reply, type Routes, startEngine } from '../fleet/engine-double.ts'
import { eventually } from '../support/await.ts'
import { freePort, missing } from '../support/engines.ts'

const PROVIDERS = await loadProviders()

const ANSWER = json({
  ...{ id: 'c', object: 'chat.completion', created: 1, model: 'tiny' },
  choices: [{ index: 0, message: { role: 'assistant', content: 'Hi' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
})
const LISTED: Routes = {
  'GET /v1/models': json({ data: [{ id: 'tiny', owned_by: 'vllm' }] }),
  'POST /v1/chat/completions': ANSWER,
}

type StateChange = Extract<GatewayEvent, { readonly event: 'backend_state' }>

interface Shown {
  readonly state: string
  readonly reason: string | null
  readonly since: string
  readonly seconds: number
  readonly until: string | null
}

interface Rig {
  readonly app: App
  readonly changes: readonly StateChange[]
  config: Config
  ask(): Promise<number>
  health(): Promise<Shown>
  /** Value of a series of the one backend; null: there is none. */
  gauge(name: string, labels?: string): Promise<number | null>
}

const TIMES = { intervalMs: 40, retryMs: 10, timeoutMs: 2_000, pollMs: 20 }

async function rig(test: Test, spec: BackendSpec): Promise<Rig> {
  const own = config([spec], { discovery: TIMES })
  const settings = { ...own, server: { ...own.server, port: 0, drainMs: 50 } }
  const app = await createApp({ config: settings, logTo: { write: () => undefined } })
  const changes: StateChange[] = []
  app.events.subscribe((event: GatewayEvent) => {
    if (event.event === 'backend_state') changes.push(event)
  })
  const { url } = await app.listen()
  test.teardown(() => app.close())
  return {
    app,
    changes,
    config: settings,
    async ask() {
      const response = await fetch(`${url}/v1/chat/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ model: 'tiny', messages: [{ role: 'user', content: 'Hi' }] }),
      })
      await response.text()
      return response.status
    },
    async health() {
      const { backends } = (await (await fetch(`${url}/health`)).json()) as { backends: Shown[] }
      return backends[0]!
    },
    async gauge(name, labels = '') {
      const text = await (await fetch(`${url}/metrics`)).text()
      const series = `turnout_${name}{backend="one"${labels}} `
      const line = text.split('\n').find((one) => one.startsWith(series))
      return line === undefined ? null : Number(line.slice(series.length))
    },
  }
}

const isIn =
  ({ app }: Rig, state: string) =>
  (): boolean =>
    app.fleet.states()[0]?.state === state
const of = (kind: string, root: string, traits: Partial<BackendSpec> = {}): BackendSpec =>
  backend(root, { provider: PROVIDERS.get(kind)!, ...traits })
const states = ({ changes }: Rig): string[] => changes.map(({ state }) => state)

t.test('who is full says so, is no failure, and comes back by itself', async (t) => {
  const refusals: readonly (readonly [kind: string, refusal: Reply])[] = [
    ['ollama', json({ error: 'server busy, please try again.  maximum pending requests exceeded' }, 503)],
    ['vllm', json({ error: { message: 'Service Unavailable', type: 'Service Unavailable', code: 503 } }, 503)],
    ['openai-compatible', json({ error: 'Model is overloaded', error_type: 'overloaded' }, 503)],
    ['sglang', json({ object: 'error', message: 'The request queue is full.', code: 429 }, 429)],
    ['tgi', json({ error: 'Model is overloaded', error_type: 'overloaded' }, 429)],
  ]
  for (const [kind, refusal] of refusals) {
    const tags = { 'GET /api/tags': json({ models: [{ name: 'tiny', model: 'tiny', digest: 'x' }] }) }
    const info = { 'GET /info': json({ model_id: 'tiny' }) }
    const engine = await startEngine({ ...LISTED, ...tags, ...info })
    t.teardown(() => engine.close())
    const own = await rig(t, of(kind, engine.root, { models: ['tiny'] }))
    await eventually(5_000, 'it is there', isIn(own, 'ready'))
    engine.routes['POST /v1/chat/completions'] = refusal
    const before = Date.now()
    await own.ask()
    const shown = await own.health()
    t.match(shown, { state: 'full', until: /Z$/ }, kind)
    t.ok(Date.parse(shown.until!) > before && Date.parse(shown.until!) < before + 3_000, shown.until!)
    t.equal(await own.gauge('backend_state', ',state="full"'), 1)
    t.equal(await own.gauge('backend_up'), 1)
    t.equal(await own.gauge('breaker_open'), 0, 'no failure')
    const until = (await own.gauge('backend_state_until_timestamp_seconds')) ?? 0
    t.ok(Math.abs(until * 1000 - Date.parse(shown.until!)) < 100)
    engine.routes['POST /v1/chat/completions'] = ANSWER
    await eventually(5_000, 'it is back', isIn(own, 'ready'))
    t.equal(await own.gauge('backend_state_until_timestamp_seconds'), null)
    t.strictSame(states(own).slice(-2), ['full', 'ready'], 'told once each')
    t.equal(await own.ask(), 200)
  }
})

t.test('who is at its rate limit is so until the time that it named', async (t) => {
  const limited = (headers: Record<string, string>): Reply => ({
    ...json({ error: { message: 'Rate limit reached for requests per minute of your organization' } }, 429),
    headers,
  })
  const engine = await startEngine({ ...LISTED })
  t.teardown(() => engine.close())
  const own = await rig(t, of('openai', engine.root, { models: ['tiny'] }))
  await eventually(5_000, 'it is there', isIn(own, 'ready'))
  const headers = { 'x-ratelimit-remaining-requests': '0', 'x-ratelimit-reset-requests': '3m' }
  engine.routes['POST /v1/chat/completions'] = limited(headers)
  const before = Date.now()
  t.equal(await own.ask(), 429)
  const { state, until } = await own.health()
  t.equal(state, 'rate_limited')
  t.ok(Math.abs(Date.parse(until!) - before - 180_000) < 3_000, until!)
  t.equal(await own.gauge('breaker_open'), 0)
  const change = own.changes.at(-1)
  t.match(change, { from: 'ready', state: 'rate_limited', until: /Z$/ })
  t.ok(Math.abs(Date.parse(change!.until!) - Date.parse(until!)) < 100, change!.until!)
  // Its limit was that of the key before.
  const next = { ...own.config, backends: [of('openai', engine.root, { models: ['tiny'], key: 'sk-other' })] }
  await own.app.apply(next)
  await eventually(5_000, 'another key', isIn(own, 'ready'))
})

t.test('a refused key is told with its variable, and is tried again at once where it is another one', async (t) => {
  const engine = await startEngine({
    'GET /v1/models': ({ headers }) =>
      headers.authorization === 'Bearer sk-good' ? json({ data: [{ id: 'tiny' }] }) : json({}, 401),
    'POST /v1/chat/completions': ({ headers }) =>
      headers.authorization === 'Bearer sk-good' ? ANSWER : json({ error: { message: 'Incorrect API key' } }, 401),
  })
  t.teardown(() => engine.close())
  const keyed = (key: string): BackendSpec =>
    of('openai', engine.root, { models: ['tiny'], key, keyFrom: 'OPENAI_API_KEY' })
  const own = await rig(t, keyed('sk-secret'))
  t.match(await own.health(), { state: 'auth_error', reason: 'HTTP 401: the key in OPENAI_API_KEY is refused' })
  t.equal(await own.ask(), 502)
  t.equal(await own.gauge('backend_up'), 0)
  t.equal(await own.gauge('breaker_open'), 0)
  await own.app.apply({ ...own.config, backends: [keyed('sk-good')] })
  await eventually(5_000, 'the good key', isIn(own, 'ready'))
  t.equal(await own.ask(), 200)
  t.notOk(JSON.stringify(own.changes).includes('sk-'))
  // Taken back by the provider: the list tells it, and that it is good again.
  const answer = engine.routes['GET /v1/models']
  engine.routes['GET /v1/models'] = json({}, 401)
  engine.routes['POST /v1/chat/completions'] = json({}, 401)
  await own.ask()
  await eventually(5_000, 'a look', () => own.app.fleet.states()[0]?.until === null)
  t.match(await own.health(), { state: 'auth_error' })
  engine.routes['GET /v1/models'] = answer
  engine.routes['POST /v1/chat/completions'] = ANSWER
  await eventually(5_000, 'it is good again', isIn(own, 'ready'))
  t.equal(await own.ask(), 200)
})

t.test('slots that are taken, sleep, loading and an end, by what the engine tells', async (t) => {
  let answer = (): void => undefined
  const held = new Promise<void>((resolve) => (answer = resolve))
  const props = (is_sleeping: boolean): Reply => json({ total_slots: 1, is_sleeping })
  const engine = await startEngine({
    'GET /v1/models': json({ data: [{ id: 'tiny', owned_by: 'llamacpp' }] }),
    'GET /props': props(false),
    'POST /v1/chat/completions': async () => {
      await held
      return ANSWER
    },
  })
  const own = await rig(t, of('llamacpp', engine.root))
  await eventually(5_000, 'its slots are known', () => own.app.fleet.states()[0]?.engine?.slots === 1)
  const asked = own.ask()
  await eventually(5_000, 'no slot is free', isIn(own, 'busy'))
  t.match(await own.health(), { state: 'busy', reason: 'all its slots are taken', until: null })
  t.equal(await own.gauge('backend_up'), 1)
  answer()
  t.equal(await asked, 200)
  await eventually(5_000, 'it has room', isIn(own, 'ready'))
  engine.routes['GET /props'] = props(true)
  await eventually(5_000, 'it sleeps', isIn(own, 'sleeping'))
  t.match(await own.health(), { reason: 'it wakes at a request' })
  t.equal(await own.ask(), 200, 'and is asked')
  engine.routes['GET /props'] = props(false)
  await eventually(5_000, 'it is awake', isIn(own, 'ready'))
  engine.routes['GET /v1/models'] = json({ error: { code: 503, message: 'Loading model' } }, 503)
  await eventually(5_000, 'it loads', isIn(own, 'warming_up'))
  await engine.close()
  await eventually(5_000, 'it is gone', isIn(own, 'down'))
  const again = await startEngine(LISTED, engine.port)
  t.teardown(() => again.close())
  await eventually(5_000, 'it is back', isIn(own, 'ready'))
  // It is also busy with what wakes it.
  const others = states(own).filter((state) => state !== 'busy')
  t.strictSame(others, ['ready', 'ready', 'sleeping', 'ready', 'warming_up', 'down', 'ready'])
})

const bin = (): string => resolve(process.env['TURNOUT_TEST_LLAMA'] ?? '')

t.test('llama.cpp: seen as it loads, killed under load, and taken back', { skip: missing('llama') }, async (t) => {
  const port = await freePort()
  const children: ChildProcess[] = []
  const start = (): ChildProcess => {
    const place = ['--host', '127.0.0.1', '--port', String(port)]
    const args = ['-m', resolve(process.env['TURNOUT_TEST_MODEL'] ?? ''), '--alias', 'tiny', ...place]
    const child = spawn(bin(), [...args, '-c', '4096', '-np', '2', '-t', '1', '--no-ui', '--offline'], {
      stdio: 'ignore',
    })
    children.push(child)
    return child
  }
  t.teardown(() => children.forEach((child) => child.kill('SIGKILL')))
  const own = await rig(t, of('llamacpp', `http://127.0.0.1:${port}`, { models: ['tiny'] }))
  t.match(await own.health(), { state: 'down', reason: 'connection refused' })
  const first = start()
  await eventually(60_000, 'it is there', isIn(own, 'ready'))
  t.equal(await own.ask(), 200)
  const asked = [own.ask(), own.ask(), own.ask()]
  await eventually(10_000, 'it works', () => (own.app.fleet.states()[0]?.inflight ?? 0) > 0)
  const exited = once(first, 'exit')
  first.kill('SIGKILL')
  await exited
  await Promise.all(asked)
  await own.ask()
  await eventually(10_000, 'it is gone', isIn(own, 'down'))
  start()
  await eventually(60_000, 'it is back', isIn(own, 'ready'))
  t.equal(await own.ask(), 200)
  const seen = states(own)
    .filter((state) => state === 'down' || state === 'ready')
    .filter((state, at, all) => state !== all[at - 1])
  // Of the calls that the kill ends one may just have been answered: it is told after another was lost, and the engine is ready once more.
  t.match(seen.join(' '), /^(down ready ?){2,3}$/)
  t.comment(states(own).join(' '))
})
