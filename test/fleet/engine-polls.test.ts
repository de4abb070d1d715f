/** When an engine is asked what it is doing, over sockets: each question is counted. */
import t, { type Test } from 'tap'
import { loadProviders } from '../../src/config/providers.ts'
import type { BackendSpec } from '../../src/core/settings.ts'
import type { BackendEvent } from '../../src/core/events.ts'
import type { Deployment } from '../../src/core/types.ts'
import { Fleet } from '../../src/backends/fleet/fleet.ts'
import { ModelStats } from '../../src/decision/learn/model-stats.ts'
import { eventually, letPass } from '../support/await.ts'
import { WEIGHTS } from '../support/factories.ts'
import { GatewayError } from '../../src/core/errors.ts'
import { NO_PREFIX } from '../../src/core/prefix.ts'
import { backend, config, type EngineDouble, json, type Reply, type Routes, startEngine } from './engine-double.ts'

const providers = await loadProviders()
const KEY = 'sk-secret-000000'

/** Looks are far apart, unless a test has them near. */
const DISCOVERY = { intervalMs: 60_000, retryMs: 20, timeoutMs: 2_000, pollMs: 20 }
/** Longer than several polls. */
const A_WHILE = 200

const metrics = (lines: Readonly<Record<string, number>>): Reply => ({
  status: 200,
  body: Object.entries(lines)
    .map(([name, value]) => `${name} ${value}\n`)
    .join(''),
})

const vllmLoad = (running: number, waiting = 0): Reply =>
  metrics({
    'vllm:num_requests_running': running,
    'vllm:num_requests_waiting': waiting,
    'vllm:kv_cache_usage_perc': 0.5,
  })

const VLLM: Routes = {
  'GET /v1/models': json({ data: [{ id: 'm', owned_by: 'vllm', max_model_len: 4096 }] }),
  'GET /metrics': vllmLoad(0),
  'GET /version': json({ version: '0.32.0' }),
}

interface Watched {
  readonly fleet: Fleet
  readonly events: BackendEvent[]
  readonly double: EngineDouble
  /** How often this path was asked for. */
  readonly asked: (path: string) => number
  /** Added to the clock. */
  readonly skip: (ms: number) => void
}

async function watch(
  test: Test,
  kind: string,
  routes: Routes,
  changes: Partial<BackendSpec> = {},
  discovery: Partial<typeof DISCOVERY> = {},
): Promise<Watched> {
  const double = await startEngine({ ...routes })
  test.teardown(() => double.close())
  const events: BackendEvent[] = []
  let ahead = 0
  const spec = backend(double.root, { provider: providers.get(kind)!, ...changes })
  const fleet = new Fleet(config([spec], { discovery: { ...DISCOVERY, ...discovery } }), {
    now: () => performance.now() + ahead,
    onChange: () => undefined,
    emit: (event) => events.push(event),
    lessons: new ModelStats(WEIGHTS),
  })
  test.teardown(() => fleet.stop())
  await fleet.start()
  const asked = (path: string): number => double.seen.filter((one) => one.path === path).length
  return { fleet, events, double, asked, skip: (ms) => (ahead += ms) }
}

const only = (fleet: Fleet): Deployment => fleet.catalog.all[0]!
const live = (fleet: Fleet) => fleet.catalog.backends[0]!.live

t.test('an engine is asked with the look at it, and left alone while it has nothing to do', async (t) => {
  const { fleet, asked, double } = await watch(t, 'vllm', VLLM)
  await eventually(2_000, 'its reading', () => live(fleet).reading?.version === '0.32.0')
  t.match(live(fleet).load, { open: 0, running: 0, waiting: 0, kv: 0.5 })
  await letPass(A_WHILE, 'time for polls that must not come')
  t.equal(asked('/metrics'), 1)
  t.equal(asked('/version'), 1)
  t.equal(asked('/load'), 0, 'what has been told is not asked for again')
  t.ok(
    double.seen.every(({ method }) => method === 'GET'),
    'nothing is asked that could make a token',
  )
})

t.test('while there is work it is asked again and again, and once more when that has ended', async (t) => {
  const { fleet, asked, double } = await watch(t, 'vllm', VLLM)
  await eventually(2_000, 'its reading', () => live(fleet).reading !== null)
  double.routes['GET /metrics'] = vllmLoad(3, 2)
  const deployment = only(fleet)
  fleet.begin(deployment)
  fleet.begin(deployment)
  await eventually(2_000, 'polls', () => asked('/metrics') >= 4)
  t.match(live(fleet).load, { open: 2, running: 3, waiting: 2, kv: 0.5 })
  t.equal(live(fleet).reading?.foreign, 3, 'five requests, of which two are ours')
  double.routes['GET /metrics'] = vllmLoad(0)
  for (let i = 0; i < 2; i++) fleet.end(deployment, { endpoint: 'chat', error: null })
  await eventually(2_000, 'the end of it', () => live(fleet).load.running === 0)
  await letPass(A_WHILE, 'the last poll')
  const polls = asked('/metrics')
  await letPass(A_WHILE, 'time for polls that must not come')
  t.equal(asked('/metrics'), polls)
  t.equal(asked('/version'), 1, 'what changes seldom is not asked for with each poll')
})

t.test('work of others is watched as long as it lasts', async (t) => {
  const { fleet, asked, double } = await watch(t, 'vllm', { ...VLLM, 'GET /metrics': vllmLoad(1) })
  await eventually(2_000, 'polls', () => asked('/metrics') >= 4)
  t.match(live(fleet).load, { open: 0, running: 1 })
  double.routes['GET /metrics'] = vllmLoad(0)
  await eventually(2_000, 'the end of it', () => live(fleet).load.running === 0)
  const polls = asked('/metrics')
  await letPass(A_WHILE, 'time for polls that must not come')
  t.ok(asked('/metrics') <= polls + 1)
})

t.test('if an engine says for ten seconds that it has no work, its gauge is right and our count is not', async (t) => {
  const { fleet, double, asked: polls, skip } = await watch(t, 'vllm', { ...VLLM, 'GET /metrics': vllmLoad(1) })
  await eventually(2_000, 'its work', () => live(fleet).load.running === 1)
  const deployment = only(fleet)
  const asked = { inputTokens: 4_000, prefix: NO_PREFIX }
  const lost = [1, 2, 3].map(() => fleet.begin(deployment, asked, true))
  t.match(live(fleet).load, { open: 3, pending: 12_000 })
  double.routes['GET /metrics'] = vllmLoad(0)
  const before = polls('/metrics')
  await eventually(2_000, 'several polls', () => polls('/metrics') >= before + 5)
  t.match(live(fleet).load, { open: 3, pending: 12_000 }, 'a gauge may lag')
  let seen = polls('/metrics')
  await eventually(10_000, 'that they are over', () => {
    if (polls('/metrics') > seen) skip(1_500)
    seen = polls('/metrics')
    return live(fleet).load.open === 0
  })
  t.match(live(fleet).load, { open: 0, pending: 0, foreign: 0 })
  t.equal(fleet.states()[0]!.inflight, 3, 'their callers still wait')
  const next = fleet.begin(deployment, asked, true)
  t.match(live(fleet).load, { open: 1, pending: 4_000 })
  for (const place of lost)
    fleet.end(deployment, { endpoint: 'chat', error: new GatewayError('upstream_incomplete', 'it hangs') }, place)
  t.match(live(fleet).load, { open: 1, pending: 4_000 }, 'their ends take nothing off what was sent after them')
  fleet.end(deployment, { endpoint: 'chat', error: null }, next)
  t.equal(fleet.states()[0]!.inflight, 0)
})

t.test('work that the engine goes on with after our calls have ended counts as work', async (t) => {
  const { fleet } = await watch(t, 'vllm', { ...VLLM, 'GET /metrics': vllmLoad(2, 1) })
  await eventually(2_000, 'its work', () => live(fleet).load.running === 2)
  const place = fleet.begin(only(fleet), undefined, true)
  fleet.end(only(fleet), null, place)
  await eventually(2_000, 'that it is not ours', () => live(fleet).load.foreign === 3)
  t.match(live(fleet).load, { open: 0, running: 2, waiting: 1 })
})

t.test('many short requests are not many polls', async (t) => {
  const { fleet, asked } = await watch(t, 'vllm', VLLM, {}, { pollMs: 60_000 })
  await eventually(2_000, 'its reading', () => live(fleet).reading?.version === '0.32.0')
  for (let i = 0; i < 500; i++) {
    fleet.begin(only(fleet))
    fleet.end(only(fleet), { endpoint: 'chat', error: null })
  }
  t.equal(asked('/metrics'), 1)
})

t.test('polls of one engine never overlap, however slow it answers and however often it is looked at', async (t) => {
  let open = 0
  let most = 0
  let polls = 0
  const slow = async (): Promise<Reply> => {
    most = Math.max(most, ++open)
    await letPass(30, 'an engine between two batches')
    open--
    polls++
    return vllmLoad(1)
  }
  const { fleet } = await watch(t, 'vllm', { ...VLLM, 'GET /metrics': slow }, {}, { pollMs: 1, intervalMs: 5 })
  fleet.begin(only(fleet))
  await eventually(3_000, 'polls', () => polls >= 4)
  t.equal(most, 1)
})

t.test('an engine that answers slowly is asked the less often', async (t) => {
  const times: number[] = []
  const slow = async (): Promise<Reply> => {
    times.push(performance.now())
    await letPass(60, 'an engine between two batches')
    return vllmLoad(1)
  }
  const { fleet } = await watch(t, 'vllm', { ...VLLM, 'GET /metrics': slow }, {}, { pollMs: 1 })
  fleet.begin(only(fleet))
  await eventually(5_000, 'polls', () => times.length >= 4)
  for (const [at, time] of times.slice(1).entries()) t.ok(time - times[at]! > 170, `${time - times[at]!} ms`)
})

t.test(
  'a poll that is not answered says nothing of the backend, and what was known of the moment is forgotten',
  async (t) => {
    let silent = false
    const routes: Routes = { ...VLLM, 'GET /metrics': () => (silent ? 'hang' : vllmLoad(4)) }
    const { fleet, events, asked, skip } = await watch(t, 'vllm', routes, {}, { timeoutMs: 100 })
    fleet.begin(only(fleet))
    await eventually(2_000, 'its reading', () => live(fleet).load.running === 4)
    silent = true
    const before = asked('/metrics')
    await eventually(2_000, 'a poll without an answer', () => asked('/metrics') >= before + 2)
    t.equal(live(fleet).load.running, 4, 'one that is missed changes nothing')
    skip(7_000)
    await eventually(2_000, 'it is not known any more', () => live(fleet).load.running === null)
    t.match(live(fleet).load, { open: 1, running: null, waiting: null, kv: null })
    t.match(live(fleet).reading, { foreign: null, version: '0.32.0' })
    t.equal(fleet.states()[0]!.state, 'ready')
    t.equal(events.filter(({ event }) => event === 'backend_state').length, 1)
    silent = false
    await eventually(5_000, 'it answers again', () => live(fleet).load.running === 4)
  },
)

for (const status of [400, 403, 404, 405, 410, 501])
  t.test(`what is answered with ${status} is left alone for ten minutes`, async (t) => {
    const routes: Routes = {
      ...VLLM,
      'GET /metrics': json({ detail: 'no' }, status),
      'GET /load': json({ server_load: 2 }),
    }
    const { fleet, asked, skip } = await watch(t, 'vllm', routes, {}, { timeoutMs: 200 })
    fleet.begin(only(fleet))
    await eventually(2_000, 'polls of the other place', () => asked('/load') >= 4)
    t.equal(asked('/metrics'), 1)
    t.equal(live(fleet).load.running, 2)
    skip(600_001)
    await eventually(2_000, 'another try', () => asked('/metrics') === 2)
  })

t.test('an answer that is another thing counts as none', async (t) => {
  const page: Reply = { status: 200, body: '<html>vllm:num_requests_running 7\n</html>\n' }
  const { fleet, asked } = await watch(t, 'vllm', {
    ...VLLM,
    'GET /metrics': page,
    'GET /load': json({ server_load: 1 }),
  })
  fleet.begin(only(fleet))
  await eventually(2_000, 'polls', () => asked('/load') >= 3)
  t.equal(asked('/metrics'), 1)
  t.equal(live(fleet).load.running, 1)
})

t.test('an answer without an end, or of many megabytes, is given up', async (t) => {
  const large: Reply = { status: 200, body: `vllm:num_requests_running 9\n${'# nothing\n'.repeat(500_000)}` }
  const { fleet, asked } = await watch(t, 'vllm', { ...VLLM, 'GET /metrics': large })
  fleet.begin(only(fleet))
  await eventually(5_000, 'polls', () => asked('/metrics') >= 2)
  t.equal(live(fleet).load.running, null)
  t.equal(fleet.states()[0]!.state, 'ready')
})

t.test('a megabyte of metrics is read', async (t) => {
  const rest = Array.from(
    { length: 20_000 },
    (_, row) => `vllm:other_seconds_bucket{engine="0",le="${row}"} ${row}.0\n`,
  )
  const { fleet } = await watch(t, 'vllm', {
    ...VLLM,
    'GET /metrics': { status: 200, body: `${rest.join('')}vllm:num_requests_running{engine="0"} 3.0\n` },
  })
  await eventually(2_000, 'its reading', () => live(fleet).load.running === 3)
})

t.test('no cloud is ever asked, whatever it does', async (t) => {
  const clouds = [...providers.values()].filter(({ local }) => !local)
  t.ok(clouds.length >= 8)
  for (const { kind, telemetry = [] } of clouds) t.strictSame(telemetry, [], kind)
  const { fleet, double } = await watch(t, 'openai', { 'GET /v1/models': json({ data: [{ id: 'm' }] }) }, { key: KEY })
  fleet.begin(only(fleet))
  await letPass(A_WHILE, 'time for polls that must not come')
  t.strictSame([...new Set(double.seen.map(({ path }) => path))], ['/v1/models'])
  t.equal(live(fleet).reading, null)
})

t.test('an engine is not asked where its backend says so, and again where another configuration does', async (t) => {
  const { fleet, double, asked } = await watch(t, 'vllm', VLLM, { poll: false })
  const [{ spec } = { spec: null }] = fleet.catalog.backends
  fleet.begin(only(fleet))
  await letPass(A_WHILE, 'time for polls that must not come')
  t.strictSame([...new Set(double.seen.map(({ path }) => path))], ['/v1/models'])
  const settings = (poll: boolean) => config([{ ...spec!, poll }], { discovery: DISCOVERY })
  fleet.apply(fleet.plan(settings(true), []))
  await eventually(2_000, 'polls', () => asked('/metrics') >= 2)
  fleet.apply(fleet.plan(settings(false), []))
  t.equal(live(fleet).reading, null)
  t.equal(live(fleet).load.running, null)
  const before = asked('/metrics')
  await letPass(A_WHILE, 'time for polls that must not come')
  t.ok(asked('/metrics') <= before + 1, 'one may have been on its way')
})

t.test('another rhythm counts from the next poll on', async (t) => {
  const { fleet, asked } = await watch(t, 'vllm', VLLM)
  const [{ spec } = { spec: null }] = fleet.catalog.backends
  fleet.begin(only(fleet))
  await eventually(2_000, 'polls', () => asked('/metrics') >= 3)
  fleet.apply(fleet.plan(config([spec!], { discovery: { ...DISCOVERY, pollMs: 60_000 } }), []))
  await letPass(A_WHILE, 'the poll that was due')
  const before = asked('/metrics')
  await letPass(A_WHILE, 'time for polls that must not come')
  t.equal(asked('/metrics'), before)
})

t.test('another engine at the address is not asked what this one would tell', async (t) => {
  const { fleet, double } = await watch(t, 'vllm', { '*': { status: 404, body: '' } }, { models: ['m'] })
  fleet.begin(only(fleet))
  await letPass(A_WHILE, 'time for polls that must not come')
  t.notOk(double.seen.some(({ path }) => path === '/metrics' || path === '/load'))
})

t.test('when the engine is gone nothing of it is known, and no question is left', async (t) => {
  const { fleet, double, asked } = await watch(t, 'vllm', VLLM, {}, { intervalMs: 30 })
  await eventually(2_000, 'its reading', () => live(fleet).load.running === 0)
  double.routes['GET /v1/models'] = { status: 503, body: '{"error":"loading model"}' }
  await eventually(2_000, 'it loads', () => fleet.states()[0]!.state === 'warming_up')
  t.equal(live(fleet).reading, null)
  t.match(live(fleet).load, { running: null, waiting: null, kv: null })
  await double.close()
  const before = asked('/metrics')
  fleet.begin(only(fleet))
  await eventually(5_000, 'it is down', () => fleet.states()[0]!.state === 'down')
  t.equal(asked('/metrics'), before)
  const again = await startEngine({ ...VLLM, 'GET /metrics': vllmLoad(2) }, double.port)
  t.teardown(() => again.close())
  await eventually(5_000, 'its return', () => live(fleet).load.running === 2)
})

t.test('what rested is asked again after the engine was away', async (t) => {
  const { fleet, double, asked } = await watch(
    t,
    'vllm',
    { ...VLLM, 'GET /metrics': json({}, 404) },
    {},
    { intervalMs: 30 },
  )
  await eventually(2_000, 'looks', () => asked('/v1/models') >= 3)
  t.equal(asked('/metrics'), 1)
  double.routes['GET /v1/models'] = { status: 503, body: '{"error":"loading model"}' }
  await eventually(2_000, 'it loads', () => fleet.states()[0]!.state === 'warming_up')
  double.routes['GET /v1/models'] = VLLM['GET /v1/models']
  double.routes['GET /metrics'] = vllmLoad(5)
  await eventually(3_000, 'its reading', () => live(fleet).load.running === 5)
})

t.test('a stop ends the question that is open', async (t) => {
  const { fleet, asked } = await watch(
    t,
    'vllm',
    { ...VLLM, 'GET /metrics': () => 'hang' as const },
    {},
    { timeoutMs: 60_000 },
  )
  await eventually(2_000, 'the question', () => asked('/metrics') === 1)
  const began = performance.now()
  await fleet.stop()
  t.ok(performance.now() - began < 1_000)
  await letPass(A_WHILE, 'time for polls that must not come')
  t.equal(asked('/metrics'), 1)
})

t.test('the key is told only where it is asked for', async (t) => {
  const wantsKey = (body: Reply) => (seen: { readonly headers: { readonly authorization?: string | undefined } }) =>
    seen.headers.authorization === `Bearer ${KEY}` ? body : json({ error: 'Invalid API Key' }, 401)
  const open = await watch(t, 'vllm', VLLM, { key: KEY })
  open.fleet.begin(only(open.fleet))
  await eventually(2_000, 'polls', () => open.asked('/metrics') >= 2)
  for (const { path, headers } of open.double.seen)
    t.equal(headers.authorization, path === '/v1/models' ? `Bearer ${KEY}` : undefined, path)
  const locked = await watch(t, 'vllm', { ...VLLM, 'GET /metrics': wantsKey(vllmLoad(6)) }, { key: KEY })
  locked.fleet.begin(only(locked.fleet))
  await eventually(2_000, 'its reading', () => locked.asked('/metrics') >= 4)
  t.equal(live(locked.fleet).load.running, 6)
  t.equal(
    locked.double.seen.filter(({ path, headers }) => path === '/metrics' && headers.authorization === undefined).length,
    1,
  )
  const keyless = await watch(t, 'vllm', {
    ...VLLM,
    'GET /metrics': wantsKey(vllmLoad(6)),
    'GET /load': json({ server_load: 1 }),
  })
  keyless.fleet.begin(only(keyless.fleet))
  await eventually(2_000, 'polls', () => keyless.asked('/load') >= 3)
  t.equal(keyless.asked('/metrics'), 1, 'without a key it rests')
})

const PROPS = { total_slots: 2, default_generation_settings: { n_ctx: 2048 }, is_sleeping: false, build_info: 'b1-a' }
const LLAMA: Routes = {
  'GET /v1/models': json({ data: [{ id: 'm', owned_by: 'llamacpp', meta: { n_ctx: 2048 } }] }),
  'GET /props': json(PROPS),
  'GET /metrics': metrics({ 'llamacpp:requests_processing': 1, 'llamacpp:requests_deferred': 0 }),
}

t.test('llama.cpp may go to sleep: nothing that wakes it is asked while it has no work', async (t) => {
  const { fleet, asked } = await watch(t, 'llamacpp', LLAMA, {}, { intervalMs: 40 })
  await eventually(2_000, 'looks', () => asked('/v1/models') >= 4)
  t.equal(asked('/metrics') + asked('/slots'), 0)
  t.match(live(fleet).reading, { slots: 2, context: 2048, running: null, sleeping: false, version: 'b1-a' })
  t.match(live(fleet).reading?.models?.get('m'), { loaded: true, context: 2048 })
  t.equal(only(fleet).latency.room.slots, 2, 'the decision knows how many it works on at a time')
  fleet.begin(only(fleet))
  await eventually(2_000, 'polls', () => asked('/metrics') >= 2)
  t.match(live(fleet).load, { running: 1, waiting: 0 })
  t.match(live(fleet).reading, { foreign: 0 })
  t.equal(asked('/slots'), 0)
})

t.test('polls of an engine at work share one connection', async (t) => {
  // Apart by as much as they are where nobody sets it.
  const { fleet, double, asked } = await watch(t, 'vllm', VLLM, {}, { pollMs: 1_500 })
  await eventually(2_000, 'the first poll', () => asked('/metrics') === 1)
  const { connections } = double
  const [before, polls] = [connections(), asked('/metrics')]
  fleet.begin(only(fleet))
  await eventually(12_000, 'polls', () => asked('/metrics') >= polls + 4)
  t.ok(connections() - before <= 1, `${connections() - before} connections`)
})

t.test('an engine that a request has woken is looked at when it answers', async (t) => {
  const { fleet, double, asked } = await watch(t, 'llamacpp', {
    ...LLAMA,
    'GET /props': json({ ...PROPS, is_sleeping: true }),
  })
  await eventually(2_000, 'that it sleeps', () => live(fleet).state === 'sleeping')
  await letPass(DISCOVERY.retryMs, 'the least time between two looks')
  const place = fleet.begin(only(fleet))
  double.routes['GET /props'] = json(PROPS)
  fleet.began(only(fleet), place)
  await eventually(2_000, 'that it is awake', () => live(fleet).state === 'ready')
  await eventually(2_000, 'what it does', () => live(fleet).load.running === 1)
  const looks = asked('/props')
  fleet.began(only(fleet), place)
  await letPass(A_WHILE, 'looks at one that is known to be awake')
  t.equal(asked('/props'), looks)
})

t.test('a router of llama.cpp is asked about the models that it has loaded', async (t) => {
  const router = (state: string) =>
    json({
      data: [
        { id: 'a b', owned_by: 'llamacpp', status: { value: state }, meta: { n_ctx: 512 } },
        { id: 'c', status: { value: 'unloaded' } },
      ],
    })
  const missing = json({ error: { message: 'model name is missing from the request' } }, 400)
  const { fleet, double, asked } = await watch(t, 'llamacpp', {
    'GET /v1/models': router('loaded'),
    'GET /props': json({ role: 'router', default_generation_settings: { params: null, n_ctx: 0 } }),
    'GET /metrics': missing,
    'GET /slots': missing,
    'GET /metrics?model=a%20b&autoload=false': metrics({
      'llamacpp:requests_processing': 2,
      'llamacpp:requests_deferred': 1,
    }),
  })
  fleet.begin(only(fleet))
  await eventually(2_000, 'its reading', () => live(fleet).load.running === 2)
  t.equal(live(fleet).load.waiting, 1)
  t.equal(asked('/metrics') + asked('/slots'), 2, 'asked once each: they want a name')
  t.notOk(double.seen.some(({ path }) => path.includes('model=c')))
  t.ok(
    double.seen.every(({ path }) => !path.includes('model=') || path.includes('autoload=false')),
    'nothing is loaded by being asked',
  )
})

t.test('Ollama tells which models are loaded, and that nothing is', async (t) => {
  const { fleet, double } = await watch(
    t,
    'ollama',
    {
      'GET /api/tags': json({ models: [{ model: 'a:1' }, { model: 'b:1' }] }),
      'GET /api/ps': json({ models: [{ model: 'a:1', context_length: 4096 }] }),
      'GET /api/version': json({ version: '0.34.4' }),
      'POST /api/show': json({}),
    },
    {},
    { intervalMs: 30 },
  )
  await eventually(2_000, 'its reading', () => live(fleet).reading?.models?.get('a:1')?.loaded === true)
  const [status] = fleet.states()
  t.match(status!.engine, { running: null, waiting: null, loaded: ['a:1'], loading: [], read_ms_ago: Number })
  double.routes['GET /api/ps'] = json({ models: [] })
  await eventually(2_000, 'it is unloaded', () => fleet.states()[0]!.engine?.loaded?.length === 0)
  t.match(live(fleet).reading, { unnamed: { loaded: false }, at: null })
})

t.test('an engine that tells only with looks is not polled between them', async (t) => {
  const models = [{ key: 'a', loaded_instances: [] }]
  const { fleet, asked } = await watch(t, 'lmstudio', {
    'GET /v1/models': json({ data: [{ id: 'a' }] }),
    'GET /api/v1/models': json({ models }),
  })
  await eventually(2_000, 'its reading', () => live(fleet).reading?.models?.get('a')?.loaded === false)
  const before = asked('/api/v1/models')
  fleet.begin(only(fleet))
  await letPass(A_WHILE, 'time for polls that must not come')
  t.equal(asked('/api/v1/models'), before)
})

t.test('what an engine told before a call is no news after it', async (t) => {
  let silent = false
  const { fleet, asked, skip } = await watch(
    t,
    'ollama',
    {
      'GET /api/tags': json({ models: [{ model: 'a:1' }] }),
      'GET /api/ps': () => (silent ? 'hang' : json({ models: [] })),
      'GET /api/version': json({ version: '0.34.4' }),
      'POST /api/show': json({}),
    },
    { loadsOnDemand: true },
    { timeoutMs: 60 },
  )
  const deployment = only(fleet)
  await eventually(2_000, 'its reading', () => deployment.residency.loaded === false)
  silent = true
  skip(60_000)
  fleet.begin(deployment)
  fleet.end(deployment, { endpoint: 'chat', error: null })
  t.equal(deployment.residency.loaded, true)
  fleet.begin(deployment)
  skip(5_000)
  const before = asked('/api/ps')
  await eventually(3_000, 'polls without an answer', () => asked('/api/ps') >= before + 3)
  t.equal(deployment.residency.loaded, true)
})

t.test('the prompts of a deployment that has no alternative are not hashed', async (t) => {
  let hashed = 0
  const asked = {
    inputTokens: 4_000,
    get prefix() {
      hashed++
      return NO_PREFIX
    },
  }
  const models = (...ids: string[]): Routes => ({
    ...VLLM,
    'GET /v1/models': json({ data: ids.map((id) => ({ id })) }),
  })
  for (const [ids, times] of [
    [['m'], 0],
    [['m', 'n'], 1],
  ] as const) {
    const { fleet } = await watch(t, 'vllm', models(...ids))
    hashed = 0
    fleet.begin(only(fleet), asked, true)
    t.equal(hashed, times, ids.join(' and '))
  }
})
