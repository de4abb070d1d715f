import t, { type Test } from 'tap'
import { ModelStats } from '../../src/decision/learn/model-stats.ts'
import { WEIGHTS } from '../support/factories.ts'
import { type ErrorCode, GatewayError } from '../../src/core/errors.ts'
import type { BackendSpec, Config } from '../../src/core/settings.ts'
import type { Catalog, Deployment } from '../../src/core/types.ts'
import type { BackendStateEvent } from '../../src/core/events.ts'
import { Fleet } from '../../src/backends/fleet/fleet.ts'
import { eventually, letPass } from '../support/await.ts'
import { backend, config, FACTS, json, LIST, provider, type Routes, startEngine } from './engine-double.ts'

const list = (...ids: string[]) => json({ data: ids.map((id) => ({ id, max_model_len: 4096 })) })

interface Watched {
  readonly fleet: Fleet
  readonly events: BackendStateEvent[]
  readonly catalogs: Catalog[]
  /** Added to the clock. */
  skip(ms: number): void
}

function watch(test: Test, backends: readonly BackendSpec[], changes: Partial<Config> = {}): Watched {
  const events: BackendStateEvent[] = []
  const catalogs: Catalog[] = []
  let ahead = 0
  const fleet = new Fleet(config(backends, changes), {
    now: () => performance.now() + ahead,
    onChange: (catalog) => catalogs.push(catalog),
    emit: (event) => {
      if (event.event === 'backend_state') events.push(event)
    },
    lessons: new ModelStats(WEIGHTS),
  })
  test.teardown(() => fleet.stop())
  return { fleet, events, catalogs, skip: (ms) => (ahead += ms) }
}

async function engine(test: Test, routes: Routes, port = 0) {
  const double = await startEngine(routes, port)
  test.teardown(() => double.close())
  return double
}

const only = (fleet: Fleet): Deployment => fleet.catalog.all[0]!
const state = (fleet: Fleet) => fleet.states()[0]!
const failure = (code: ErrorCode, retryAfterMs: number | null = null) => new GatewayError(code, code, { retryAfterMs })

t.test('declared models can be asked before anything is known', async (t) => {
  const { fleet, catalogs } = watch(t, [backend('http://127.0.0.1:1', { models: ['m'] })])
  t.equal(fleet.catalog.byId.get('one/m'), only(fleet))
  t.match(state(fleet), {
    name: 'one',
    kind: 'plain',
    state: 'unknown',
    reason: null,
    models: 1,
    inflight: 0,
    retryAfterUntil: 0,
  })
  t.equal(catalogs.length, 0)
})

t.test('start finds models; names lead to them', async (t) => {
  const a = await engine(t, { 'GET /v1/models': list('m:latest', 'models/g') })
  const b = await engine(t, { 'GET /v1/models': list('m:latest') })
  const models = { 'm:latest': { ...FACTS, aliases: ['coder'] } }
  const { fleet, catalogs } = watch(t, [backend(a.root), backend(b.root, { name: 'two', models: ['extra'] })], {
    models,
  })
  const before = fleet.catalog
  await fleet.start()
  const { all, byId, byModel, backends } = fleet.catalog
  t.not(fleet.catalog, before)
  t.equal(catalogs.at(-1), fleet.catalog)
  t.same(
    all.map(({ id }) => id),
    ['one/m:latest', 'one/models/g', 'two/extra', 'two/m:latest'],
  )
  const ids = (name: string) => byModel.get(name)?.map(({ id }) => id)
  for (const name of ['m', 'm:latest', 'coder']) t.same(ids(name), ['one/m:latest', 'two/m:latest'], name)
  t.same(ids('g'), ['one/models/g'])
  t.equal(byId.get('two/m'), byId.get('two/m:latest'))
  t.equal(byId.get('one/m:latest')!.facts.context, 4096)
  t.same(
    backends.map(({ live }) => live.state),
    ['ready', 'ready'],
  )
})

t.test('the same model keeps its object; only changes make a new catalog', async (t) => {
  const double = await engine(t, { 'GET /v1/models': list('m', 'old') })
  const discovery = { intervalMs: 10, retryMs: 10, timeoutMs: 2_000, pollMs: 1_500 }
  const { fleet, catalogs } = watch(t, [backend(double.root)], { discovery })
  await fleet.start()
  const first = only(fleet)
  fleet.begin(first)
  fleet.end(first, { endpoint: 'chat', error: null })
  await eventually(2_000, 'three looks', () => double.seen.length >= 3)
  t.equal(catalogs.length, 1, 'nothing new, no new catalog')
  double.routes['GET /v1/models'] = json({ data: [{ id: 'm', max_model_len: 99 }, { id: 'new' }] })
  await eventually(2_000, 'the new list', () => fleet.catalog.byId.has('one/new'))
  t.equal(fleet.catalog.byId.get('one/m'), first)
  t.match(first, { facts: { context: 99 } })
  t.notOk(fleet.catalog.byId.has('one/old'))
  t.equal(catalogs.length, 2)
})

t.test('a context that is told of loaded models only is remembered', async (t) => {
  const entry = { id: 'm', digest: 'a' }
  const double = await engine(t, { 'GET /v1/models': json({ data: [{ ...entry, max_model_len: 2048 }] }) })
  const discovery = { intervalMs: 10, retryMs: 10, timeoutMs: 2_000, pollMs: 1_500 }
  const { fleet } = watch(t, [backend(double.root)], { discovery })
  await fleet.start()
  double.routes['GET /v1/models'] = json({ data: [entry] })
  const looks = double.seen.length
  await eventually(2_000, 'two more looks', () => double.seen.length >= looks + 3)
  t.equal(only(fleet).facts.context, 2048)
  double.routes['GET /v1/models'] = json({ data: [{ ...entry, digest: 'b' }] })
  await eventually(2_000, 'another model of that name', () => only(fleet).facts.context === null)
})

t.test('a backend goes away and comes back', async (t) => {
  const double = await startEngine({ 'GET /v1/models': list('m') })
  const { fleet, events } = watch(t, [backend(double.root)])
  await fleet.start()
  const deployment = only(fleet)
  await double.close()
  fleet.begin(deployment)
  t.equal(deployment.live.load.open, 1)
  fleet.end(deployment, { endpoint: 'chat', error: failure('upstream_unreachable') })
  t.match(state(fleet), { state: 'down', reason: 'no connection', inflight: 0, models: 1 })
  t.equal(only(fleet), deployment, 'its models stay in the catalog')
  await eventually(2_000, 'a look at it', () => state(fleet).reason === 'connection refused')
  await engine(t, { 'GET /v1/models': list('m') }, double.port)
  await eventually(3_000, 'its return', () => state(fleet).state === 'ready')
  t.equal(only(fleet), deployment)
  t.match(events, [
    { from: 'unknown', state: 'ready' },
    { from: 'ready', state: 'down', reason: 'no connection' },
    { from: 'down', state: 'down', reason: 'connection refused' },
    { from: 'down', state: 'ready', reason: null },
  ])
})

t.test('who was not there at the start is looked for', async (t) => {
  const gone = await startEngine({})
  await gone.close()
  const { fleet } = watch(t, [backend(gone.root)])
  await fleet.start()
  t.match(state(fleet), { state: 'down', reason: 'connection refused', models: 0 })
  await engine(t, { 'GET /v1/models': list('m') }, gone.port)
  await eventually(3_000, 'its models', () => fleet.catalog.all.length === 1)
})

t.test('an engine that loads its model', async (t) => {
  const loading = json({ error: { code: 503, message: 'Loading model', type: 'unavailable_error' } }, 503)
  const double = await engine(t, { 'GET /v1/models': loading })
  const { fleet, events, ...clock } = watch(t, [backend(double.root)])
  await fleet.start()
  t.match(state(fleet), { state: 'warming_up', reason: 'loading' })
  clock.skip(5 * 60_000 + 1)
  await eventually(3_000, 'the end of patience', () => state(fleet).state === 'down')
  t.match(state(fleet).reason, /5 minutes/)
  double.routes['GET /v1/models'] = list('m')
  await eventually(3_000, 'its models', () => state(fleet).state === 'ready')
  t.same(
    events.map((event) => event.state),
    ['warming_up', 'down', 'ready'],
  )
})

t.test('a successful answer proves more than a list', async (t) => {
  const double = await engine(t, { 'GET /v1/models': json({}, 500) })
  const { fleet } = watch(t, [backend(double.root, { models: ['m'] })])
  await fleet.start()
  t.match(state(fleet), { state: 'down', reason: 'HTTP 500' })
  fleet.begin(only(fleet))
  fleet.end(only(fleet), { endpoint: 'chat', error: null })
  t.match(state(fleet), { state: 'ready', reason: null })
})

t.test('clouds without a list: declared models are enough, a refused key is not', async (t) => {
  const cases = [
    [404, 'ready'],
    [403, 'ready'],
    [401, 'auth_error'],
    [500, 'down'],
  ] as const
  for (const [status, expected] of cases) {
    const double = await engine(t, { '*': json({}, status) })
    const { fleet } = watch(t, [backend(double.root, { models: ['m'] })])
    await fleet.start()
    t.equal(state(fleet).state, expected, `HTTP ${status}`)
  }
  const bare = await engine(t, { '*': json({}, 404) })
  const { fleet } = watch(t, [backend(bare.root)])
  await fleet.start()
  t.match(state(fleet), { state: 'down', reason: 'HTTP 404: no list of models there, check `url` and `kind`' })
  const silent = watch(t, [backend('http://127.0.0.1:1', { models: ['m'], provider: provider({ discovery: [] }) })])
  await silent.fleet.start()
  t.equal(state(silent.fleet).state, 'unknown')
  t.equal(silent.fleet.catalog.all.length, 1)
})

t.test('start does not wait for a backend that never answers; a busy one is not down', async (t) => {
  const double = await engine(t, { '*': () => 'hang' })
  const discovery = { intervalMs: 30, retryMs: 10, timeoutMs: 100, pollMs: 1_500 }
  const { fleet } = watch(t, [backend(double.root, { models: ['m'] })], { discovery })
  const startedAt = performance.now()
  await fleet.start()
  t.ok(performance.now() - startedAt < 1_500)
  t.match(state(fleet), { state: 'down', reason: 'no answer in time' })
  fleet.begin(only(fleet))
  fleet.begin(only(fleet))
  fleet.end(only(fleet), { endpoint: 'chat', error: null })
  const looks = double.seen.length
  await eventually(2_000, 'two more looks', () => double.seen.length >= looks + 3)
  t.match(state(fleet), { state: 'ready', inflight: 1 }, 'it still works for us')
})

t.test('how a call ends decides whether its backend rests, and how long', async (t) => {
  const { fleet } = watch(t, [backend('http://127.0.0.1:1', { models: ['m'], provider: provider({ discovery: [] }) })])
  const deployment = only(fleet)
  const end = (error: GatewayError | null): number => {
    const now = performance.now()
    fleet.begin(deployment)
    fleet.end(deployment, { endpoint: 'chat', error })
    return deployment.live.retryAfterUntil === 0 ? 0 : Math.round((deployment.live.retryAfterUntil - now) / 100) * 100
  }
  end(null)
  end(null)
  end(failure('upstream_error'))
  t.equal(deployment.live.state, 'ready')
  const harmless = [
    'invalid_request',
    'context_length_exceeded',
    'client_closed',
    'forbidden',
    'shutting_down',
    'total_timeout',
    'content_filter',
    'upstream_error',
  ] as const
  for (const code of harmless) {
    t.equal(end(failure(code, 5_000)), 0, code)
    t.match(deployment.live, { state: 'ready', reason: null, load: { open: 0 } }, code)
  }
  t.equal(end(failure('overloaded')), 1_000)
  t.equal(deployment.live.state, 'full')
  t.equal(end(failure('upstream_rate_limited', 20_000)), 20_000)
  t.match(deployment.live, { state: 'rate_limited', reason: null })
  t.equal(end(failure('overloaded', 2_000)), 20_000, 'the longest wish counts')
  t.equal(deployment.live.state, 'rate_limited')
  t.equal(end(failure('upstream_auth')), 30_000)
  t.match(deployment.live, { state: 'auth_error', reason: /^HTTP 401: it wants a key/ })
  t.equal(end(failure('overloaded', 3_600_000)), 60_000)
  t.equal(end(failure('upstream_quota')), 300_000)
  t.equal(end(failure('upstream_rate_limited', 3_000_000)), 3_000_000, 'a limit may be one of the hour')
  t.equal(deployment.live.state, 'auth_error')
  t.equal(deployment.health.ejectedUntil > 0, true, 'by the one server error')
  end(failure('connect_timeout'))
  t.equal(deployment.live.state, 'down')
  fleet.end(deployment, { endpoint: 'chat', error: null })
  t.match(deployment.live, { state: 'rate_limited', load: { open: 0 } }, 'its limit holds; never below zero')
})

t.test('a refusal of usage is remembered for a version', async (t) => {
  const double = await engine(t, { 'GET /v1/models': list('m'), 'GET /version': json({ version: '1' }) })
  const discovery = { intervalMs: 10, retryMs: 10, timeoutMs: 2_000, pollMs: 1_500 }
  const { fleet, ...clock } = watch(t, [backend(double.root)], { discovery })
  await fleet.start()
  const { live } = only(fleet)
  t.notOk(double.seen.some(({ path }) => path === '/version'))
  fleet.refusesUsage(only(fleet))
  t.ok(live.refusesUsage)
  const versions = (): number => double.seen.filter(({ path }) => path === '/version').length
  await eventually(2_000, 'three looks at the version', () => versions() >= 3)
  t.ok(live.refusesUsage, 'the same version')
  double.routes['GET /version'] = json({ version: '2' })
  await eventually(2_000, 'another version', () => !live.refusesUsage)
  fleet.refusesUsage(only(fleet))
  fleet.refusesUsage({ ...only(fleet), live: { ...live } })
  clock.skip(3_600_001)
  await eventually(2_000, 'an hour', () => !live.refusesUsage)
})

t.test('nothing is left after stop', async (t) => {
  const double = await engine(t, { '*': () => 'hang' })
  const { fleet } = watch(t, [backend(double.root, { provider: provider({ discovery: [LIST] }) })])
  const started = fleet.start()
  await eventually(2_000, 'a question', () => double.seen.length > 0)
  const stoppedAt = performance.now()
  await fleet.stop()
  await started
  t.ok(performance.now() - stoppedAt < 1_000, 'it does not wait for the answer')
  const looks = double.seen.length
  fleet.end(
    { ...only(fleet), backend: backend(double.root) },
    { endpoint: 'chat', error: failure('upstream_unreachable') },
  )
  await letPass(400, 'no further question is asked')
  t.equal(double.seen.length, looks)
})

t.test('another configuration: equal backends stay the same objects, with all that is known of them', async (t) => {
  const a = await engine(t, { 'GET /v1/models': list('m') })
  const b = await engine(t, { 'GET /v1/models': list('m', 'n') })
  const one = (): BackendSpec => backend(a.root)
  const { fleet, catalogs } = watch(t, [one(), backend(b.root, { name: 'two' })])
  await fleet.start()
  const { all: before } = fleet.catalog
  const [kept, changed] = [fleet.catalog.byId.get('one/m')!, fleet.catalog.byId.get('two/m')!]
  const reported = catalogs.length
  fleet.begin(changed)
  fleet.end(changed, { endpoint: 'chat', error: failure('upstream_error') })
  const open = fleet.begin(changed)
  const settings = config([one(), backend(b.root, { name: 'two', weight: 3, models: ['own'] })])
  t.same(await fleet.introduce(settings), [])
  const plan = fleet.plan(settings, [])
  t.equal(fleet.catalog.all, before, 'a plan changes nothing')
  t.same(fleet.apply(plan), { added: [], changed: ['two'], removed: [] })
  t.equal(fleet.catalog.byId.get('one/m'), kept)
  const now = fleet.catalog.byId.get('two/m')!
  t.not(now, changed)
  t.equal(changed.backend.weight, 1, 'a request that began before sees what it began with')
  t.equal(now.backend.weight, 3)
  for (const part of ['health', 'live', 'latency', 'calibration'] as const) t.equal(now[part], changed[part], part)
  t.match(now, { health: { calls: 2 }, live: { load: { open: 1 } } })
  t.ok(now.health.ejectedUntil > 0)
  t.ok(
    fleet.catalog.byId.has('two/own') && fleet.catalog.byId.has('two/n'),
    'declared ones beside those of the last list',
  )
  fleet.end(changed, { endpoint: 'chat', error: null }, open)
  t.match(now, { health: { ejectedUntil: 0 }, live: { load: { open: 0 } } })
  t.equal(catalogs.length, reported)
})

t.test('another configuration: facts of the operator hold for new requests, quality and price alike', async (t) => {
  const a = await engine(t, { 'GET /v1/models': list('m', 'n') })
  const { fleet } = watch(t, [backend(a.root)])
  await fleet.start()
  const [m, n] = [fleet.catalog.byId.get('one/m')!, fleet.catalog.byId.get('one/n')!]
  const settings = config([backend(a.root)], {
    models: { m: { ...FACTS, aliases: ['coder'], quality: { default: 0.9 } } },
  })
  t.same(fleet.apply(fleet.plan(settings, [])), { added: [], changed: [], removed: [] })
  t.equal(fleet.catalog.byId.get('one/n'), n)
  t.match(fleet.catalog.byModel.get('coder'), [{ facts: { quality: { default: 0.9 } } }])
  t.match(m.facts.aliases, [])
  t.equal(fleet.catalog.byId.get('one/m')!.health, m.health)
})

t.test('another address by the same name is another backend: its calls end where they began', async (t) => {
  const [a, b] = [await engine(t, { 'GET /v1/models': list('m') }), await engine(t, { 'GET /v1/models': list('m') })]
  const { fleet, events } = watch(t, [backend(a.root)])
  await fleet.start()
  const old = only(fleet)
  const place = fleet.begin(old)
  const settings = config([backend(b.root)])
  const newcomers = await fleet.introduce(settings)
  t.equal(only(fleet), old, 'not before it is in force')
  t.same(fleet.apply(fleet.plan(settings, newcomers)), { added: ['one'], changed: [], removed: ['one'] })
  t.match(state(fleet), { name: 'one', state: 'ready', inflight: 0 })
  fleet.end(old, { endpoint: 'chat', error: failure('upstream_unreachable') }, place)
  t.match(state(fleet), { state: 'ready', inflight: 0 }, 'the new one is not to blame')
  t.equal(old.live.load.open, 0)
  t.match(events.at(-1), { backend: 'one', state: 'down' })
  const looks = a.seen.length
  await fleet.stop()
  t.equal(a.seen.length, looks, 'the old one is not looked at any more')
})

t.test('newcomers that are dismissed leave nothing behind', async (t) => {
  const [a, b] = [await engine(t, { 'GET /v1/models': list('m') }), await engine(t, { 'GET /v1/models': list('m') })]
  const discovery = { intervalMs: 20, retryMs: 20, timeoutMs: 2_000, pollMs: 1_500 }
  const { fleet } = watch(t, [backend(a.root)], { discovery })
  await fleet.start()
  await fleet.dismiss(await fleet.introduce(config([backend(b.root, { name: 'two' })], { discovery })))
  const looks = b.seen.length
  const others = a.seen.length
  await eventually(2_000, 'looks at the other one', () => a.seen.length > others + 3)
  t.equal(b.seen.length, looks)
  t.equal(fleet.catalog.all.length, 1)
})

t.test('another key: the look that is under way with the one before it says nothing', async (t) => {
  let answer = (): void => undefined
  const waiting = new Promise<void>((resolve) => (answer = resolve))
  const double = await engine(t, {
    'GET /v1/models': async ({ headers }) => {
      if (headers.authorization === 'Bearer new') return list('m')
      await waiting
      return json({}, 401)
    },
  })
  const { fleet } = watch(t, [backend(double.root, { key: 'old', models: ['m'] })])
  const started = fleet.start()
  await eventually(2_000, 'a question', () => double.seen.length > 0)
  fleet.apply(fleet.plan(config([backend(double.root, { key: 'new', models: ['m'] })]), []))
  answer()
  await started
  await eventually(2_000, 'the list', () => state(fleet).state === 'ready')
  t.equal(only(fleet).facts.context, 4096)
})
