import t from 'tap'
import { ANONYMOUS } from '../../src/core/principal.ts'
import { ATTEMPT, cost, gatewayRequest } from '../support/factories.ts'
import { NO_TOKENS } from '../../src/protocol/usage.ts'
import { subjectOf } from '../../src/accounting/subject.ts'
import { GatewayError } from '../../src/core/errors.ts'
import type { Account, Attempt, Settlement } from '../../src/core/settlement.ts'
import type { GatewayRequest, RoutePlan } from '../../src/core/types.ts'
import { type BackendGauge, Metrics } from '../../src/observe/metrics.ts'
import { sumOf } from '../support/gateway.ts'

const REQUEST = gatewayRequest({ model: 'm', stream: true }, { startedAt: 0 })
const PLAN = { route: 'coding' } as RoutePlan

const attempt = (model: string, error: Attempt['error'] = null): Attempt => ({
  ...ATTEMPT,
  backend: 'a',
  model,
  status: 200,
  error,
  ttftMs: 50,
})

const DEFAULTS: Settlement = {
  attempts: [attempt('m')],
  usage: { ...NO_TOKENS, input: 10, cachedInput: 4, output: 5, reasoning: 2 },
  cost: cost(1_500_000_000),
  answered: true,
  waste: null,
  ttftMs: 50,
  streamMs: 400,
  totalMs: 500,
  overheadMs: 1,
  finish: 'stop',
  success: true,
  verdict: { success: true, score: 1, censored: false, why: null },
  status: 200,
  error: null,
  bytesOut: 10,
}

/** What the answer took stands on the last attempt. */
function settlement(traits: Partial<Settlement> = {}): Settlement {
  const one = { ...DEFAULTS, ...traits }
  const { usage, cost, waste, answered } = one
  const last = one.attempts.length - 1
  const attempts = one.attempts.map((attempt, index) =>
    index === last && (answered || waste !== null)
      ? { ...attempt, usage: answered ? usage : null, cost, waste }
      : attempt,
  )
  return { ...one, attempts }
}

const account = (request: GatewayRequest, plan: RoutePlan | null, settlement: Settlement): Account => ({
  request,
  subject: subjectOf(request, plan?.route ?? null),
  plan,
  settlement,
  endedAt: 0,
})

async function counted(
  plan: RoutePlan | null,
  request: GatewayRequest,
  ...all: readonly Settlement[]
): Promise<(name: string, labels?: Record<string, string>) => number> {
  const metrics = new Metrics(() => [])
  for (const one of all) metrics.settled(account(request, plan, one))
  const text = await metrics.registry.metrics()
  return (name, labels = {}) => sumOf(text, `turnout_${name}`, labels)
}

t.test('a finished request is counted once, everywhere', async (t) => {
  const sum = await counted(PLAN, REQUEST, settlement())
  const answered = { route: 'coding', backend: 'a', model: 'm' }
  t.equal(sum('requests_total', { ...answered, endpoint: 'chat', stream: 'true', status: '200', error: 'none' }), 1)
  t.equal(sum('requests_total'), 1)
  t.equal(sum('attempts_total', { backend: 'a', model: 'm', outcome: 'ok' }), 1)
  t.equal(sum('successes_total', answered), 1)
  t.equal(sum('cost_usd_total', answered), 1.5)
  t.equal(sum('unpriced_requests_total'), 0)
  for (const [kind, tokens] of Object.entries({ input: 10, cached_input: 4, output: 5, reasoning: 2 }))
    t.equal(sum('tokens_total', { ...answered, kind }), tokens, kind)
  t.equal(sum('request_duration_seconds_sum'), 0.5)
  t.equal(sum('request_duration_seconds_count', { route: 'coding', endpoint: 'chat', stream: 'true' }), 1)
  t.equal(sum('time_to_first_token_seconds_sum', { backend: 'a', model: 'm' }), 0.05)
  t.equal(sum('overhead_seconds_sum'), 0.001)
  t.equal(sum('time_per_output_token_seconds_count'), 1)
  t.equal(sum('time_per_output_token_seconds_sum'), 0.1, '400 ms for the four tokens after the first')
})

t.test('failed attempts before it', async (t) => {
  const sum = await counted(PLAN, REQUEST, settlement({ attempts: [attempt('m', 'overloaded'), attempt('n')] }))
  t.equal(sum('attempts_total', { outcome: 'overloaded', model: 'm' }), 1)
  t.equal(sum('attempts_total', { outcome: 'ok', model: 'n' }), 1)
  t.equal(sum('requests_total', { model: 'n' }), 1)
  t.equal(sum('tokens_total', { model: 'm' }), 0)
})

t.test('a request that nobody answered', async (t) => {
  const error = new GatewayError('upstream_error', 'x')
  const nothing = {
    answered: false,
    usage: null,
    cost: null,
    ttftMs: null,
    streamMs: null,
    success: false,
    status: 502,
    error,
  }
  const sum = await counted(PLAN, REQUEST, settlement({ ...nothing, attempts: [attempt('m', 'upstream_error')] }))
  t.equal(sum('requests_total', { status: '502', error: 'upstream_error', backend: 'a' }), 1)
  t.equal(sum('attempts_total'), 1)
  for (const name of [
    'successes_total',
    'unpriced_requests_total',
    'tokens_total',
    'cost_usd_total',
    'time_to_first_token_seconds_count',
  ])
    t.equal(sum(name), 0, name)
  const early = await counted(null, REQUEST, settlement({ ...nothing, attempts: [] }))
  t.equal(early('requests_total', { route: 'none', backend: 'none', model: 'none' }), 1)
})

t.test('an answer without a price, or without a usage', async (t) => {
  const sum = await counted(
    PLAN,
    REQUEST,
    settlement({ cost: null }),
    settlement({ cost: null, usage: { ...NO_TOKENS, input: 0, estimated: true } }),
  )
  t.equal(sum('unpriced_requests_total'), 2)
  t.equal(sum('cost_usd_total'), 0)
  t.equal(sum('tokens_total', { kind: 'input' }), 10)
  t.equal(
    (await counted(PLAN, REQUEST, settlement({ cost: cost(0) })))('unpriced_requests_total'),
    0,
    'free is a price',
  )
})

t.test('times of a whole answer are no times of tokens', async (t) => {
  const sum = await counted(PLAN, gatewayRequest({ model: 'm' }), settlement({ streamMs: null, ttftMs: null }))
  t.equal(sum('time_to_first_token_seconds_count'), 0)
  t.equal(sum('time_per_output_token_seconds_count'), 0)
  t.equal(sum('requests_total', { stream: 'false' }), 1)
})

t.test('one output token has no time between tokens', async (t) => {
  const sum = await counted(
    PLAN,
    REQUEST,
    settlement({ usage: { ...NO_TOKENS, input: 1, cachedInput: 0, output: 1, reasoning: 0 } }),
  )
  t.equal(sum('time_per_output_token_seconds_count'), 0)
})

t.test('a request that was turned away', async (t) => {
  const metrics = new Metrics(() => [])
  metrics.plain('chat', 401, 'invalid_api_key')
  t.equal(
    sumOf(await metrics.registry.metrics(), 'turnout_requests_total', {
      status: '401',
      error: 'invalid_api_key',
      model: 'none',
    }),
    1,
  )
})

t.test('hundreds of models share a label', async (t) => {
  const metrics = new Metrics(() => [])
  for (let index = 0; index < 500; index++)
    metrics.settled(
      account(REQUEST, PLAN, settlement({ attempts: [attempt(`m${index}`, 'overloaded'), attempt(`m${index}`)] })),
    )
  const text = await metrics.registry.metrics()
  const models = new Set([...text.matchAll(/model="([^"]*)"/g)].map(([, name]) => name))
  t.ok(models.size <= 201, `${models.size} models`)
  t.equal(sumOf(text, 'turnout_requests_total', { model: 'other' }), 300)
  t.equal(sumOf(text, 'turnout_attempts_total', { model: 'other' }), 600)
  metrics.settled(account(REQUEST, PLAN, settlement({ attempts: [attempt('m7')] })))
  t.equal(
    sumOf(await metrics.registry.metrics(), 'turnout_requests_total', { model: 'm7' }),
    2,
    'known ones keep theirs',
  )
})

t.test('labels never come from the caller', async (t) => {
  const secret = 'sk-caller-secret'
  const request = gatewayRequest(
    { model: secret },
    { principal: { ...ANONYMOUS, id: secret, routes: null, rpm: null }, agent: secret, session: secret, id: secret },
  )
  const metrics = new Metrics(() => [])
  metrics.settled(account(request, PLAN, settlement()))
  metrics.settled(account(request, null, settlement({ attempts: [] })))
  t.notMatch(await metrics.registry.metrics(), secret)
})

t.test('gauges are read at each scrape', async (t) => {
  const states: BackendGauge[] = [
    { name: 'a', state: 'ready', inflight: 2 },
    { name: 'b', state: 'down', inflight: 0 },
  ]
  const metrics = new Metrics(() => states)
  const scrape = async (name: string, labels: Record<string, string>): Promise<number> =>
    sumOf(await metrics.registry.metrics(), `turnout_${name}`, labels)
  t.equal(await scrape('inflight_requests', { backend: 'a' }), 2)
  t.equal(await scrape('backend_up', { backend: 'a' }), 1)
  t.equal(await scrape('backend_up', { backend: 'b' }), 0)
  t.equal(await scrape('backend_state', { backend: 'b', state: 'down' }), 1)
  t.equal(await scrape('backend_state', { backend: 'b' }), 1, 'one state at a time')
  states.pop()
  t.notMatch(await metrics.registry.metrics(), 'backend="b"', 'one that is gone is gone')
})

t.test('every metric has our prefix, a help and base units', async (t) => {
  const metrics = await new Metrics(() => []).registry.getMetricsAsJSON()
  t.ok(metrics.length >= 14)
  for (const { name, help, type } of metrics) {
    t.match(name, /^turnout_[a-z_]+$/)
    t.match(help, /^\S.*\.$/, `${name} has a sentence`)
    if (type.toString() === 'counter') t.match(name, /_total$/)
    if (type.toString() === 'histogram') t.match(name, /_seconds$/)
  }
})
