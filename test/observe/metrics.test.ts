import t from 'tap'
import { GatewayError } from '../../src/core/errors.ts'
import type { RequestRecord } from '../../src/core/request-record.ts'
import type { BackendReading } from '../../src/observe/gateway/fleet-metrics.ts'
import type { Metrics } from '../../src/observe/gateway/metrics.ts'
import { cost, usage } from '../support/factories.ts'
import { sumOf } from '../support/gateway.ts'
import { newMetrics } from '../support/metrics.ts'
import { attempt, finished } from '../support/records.ts'

const EACH = { route: 'coding', backend: 'a', model: 'm' }

const sums = async (metrics: Metrics) => {
  const text = await metrics.scrape('text')
  return (name: string, labels: Record<string, string> = {}): number => sumOf(text, `turnout_${name}`, labels)
}

async function counted(
  ...all: readonly RequestRecord[]
): Promise<(name: string, labels?: Record<string, string>) => number> {
  const metrics = newMetrics()
  for (const one of all) metrics.onCompleted(one)
  return await sums(metrics)
}

t.test('a finished request is counted once, everywhere', async (t) => {
  const sum = await counted(finished())
  const answered = EACH
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
  const sum = await counted(finished({ attempts: [attempt('m', 'overloaded'), attempt('n')] }))
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
  const sum = await counted(finished({ ...nothing, attempts: [attempt('m', 'upstream_error')] }))
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
  const early = await counted(finished({ ...nothing, attempts: [], planned: false, route: null }))
  t.equal(early('requests_total', { route: 'none', backend: 'none', model: 'none' }), 1)
})

t.test('a request without a price', async (t) => {
  const sum = await counted(finished({ cost: null }))
  t.equal(sum('unpriced_requests_total', EACH), 1)
  t.equal(sum('cost_usd_total'), 0)
  t.equal(sum('tokens_total', { kind: 'input' }), 10)
  t.equal((await counted(finished({ cost: cost(0) })))('unpriced_requests_total'), 0, 'free is a price')
})

t.test('each call is counted where it was made', async (t) => {
  const failed = {
    ...attempt('m', 'idle_timeout'),
    usage: usage({ input: 100, output: 20, estimated: true }),
    cost: cost(2_000),
    waste: { reason: 'failover', tokens: 120 } as const,
  }
  const unpriced = { ...attempt('n', 'upstream_incomplete'), usage: usage({ input: 7 }) }
  const sum = await counted(finished({ attempts: [failed, unpriced, attempt('o')], cost: cost(3_000) }))
  t.equal(sum('tokens_total', { model: 'm', kind: 'input' }), 100)
  t.equal(sum('tokens_total', { model: 'o', kind: 'input' }), 10)
  t.equal(sum('estimated_tokens_total', { model: 'm', kind: 'input' }), 100)
  t.equal(sum('estimated_tokens_total', { model: 'm', kind: 'output' }), 20)
  t.equal(sum('estimated_tokens_total'), 120, 'the others told theirs')
  t.equal(sum('cost_usd_total', { model: 'm' }), 0.000002)
  t.equal(sum('cost_usd_total', { model: 'o' }), 0.000003)
  t.equal(sum('unpriced_requests_total', { model: 'n' }), 1)
  t.equal(sum('unpriced_requests_total'), 1)
  t.equal(sum('wasted_tokens_total', { ...EACH, reason: 'failover' }), 120)
  t.equal(sum('successes_total', { model: 'o' }), 1)
  t.equal(sum('successes_total'), 1)
})

t.test('kinds of tokens that most backends never tell appear with the first one', async (t) => {
  const metrics = newMetrics()
  metrics.onCompleted(finished())
  t.notMatch(await metrics.scrape('text'), /kind="(cache_write|audio|image)/)
  const rare = { cacheWrite: 7, hourCacheWrite: 1, audioInput: 2, imageInput: 3, audioOutput: 4 }
  metrics.onCompleted(finished({ usage: usage({ input: 10, output: 5, ...rare }) }))
  const sum = await sums(metrics)
  const told = { cache_write: 7, cache_write_1h: 1, audio_input: 2, image_input: 3, audio_output: 4 }
  for (const [kind, tokens] of Object.entries(told)) t.equal(sum('tokens_total', { ...EACH, kind }), tokens, kind)
})

t.test('who nobody could serve is counted at its route', async (t) => {
  const error = new GatewayError('no_backend', 'x')
  const refused = finished({ answered: false, attempts: [], error, status: 503, success: false, planned: false })
  t.equal((await counted(refused))('requests_total', { route: 'coding' }), 1)
})

t.test('times of a whole answer are no times of tokens', async (t) => {
  const sum = await counted(finished({ stream: false, streamMs: null, ttftMs: null }))
  t.equal(sum('time_to_first_token_seconds_count'), 0)
  t.equal(sum('time_per_output_token_seconds_count'), 0)
  t.equal(sum('requests_total', { stream: 'false' }), 1)
})

t.test('one output token has no time between tokens', async (t) => {
  const sum = await counted(finished({ usage: usage({ input: 1, output: 1 }) }))
  t.equal(sum('time_per_output_token_seconds_count'), 0)
})

t.test('a request that was turned away', async (t) => {
  const metrics = newMetrics()
  metrics.plain('chat', 401, 'invalid_api_key')
  t.equal((await sums(metrics))('requests_total', { status: '401', error: 'invalid_api_key', model: 'none' }), 1)
})

t.test('hundreds of models share a label', async (t) => {
  const metrics = newMetrics()
  for (let index = 0; index < 500; index++)
    metrics.onCompleted(finished({ attempts: [attempt(`m${index}`, 'overloaded'), attempt(`m${index}`)] }))
  const models = new Set([...(await metrics.scrape('text')).matchAll(/model="([^"]*)"/g)].map(([, name]) => name))
  t.ok(models.size <= 201, `${models.size} models`)
  t.equal((await sums(metrics))('requests_total', { model: 'other' }), 300)
  t.equal((await sums(metrics))('attempts_total', { model: 'other' }), 600)
  metrics.onCompleted(finished({ attempts: [attempt('m7')] }))
  t.equal((await sums(metrics))('requests_total', { model: 'm7' }), 2, 'known ones keep theirs')
})

t.test('labels never come from the caller', async (t) => {
  const secret = 'sk-caller-secret'
  const names = { key: secret, team: secret, user: secret, agent: secret, session: secret, requestedModel: secret }
  const metrics = newMetrics()
  metrics.onCompleted(finished(names))
  metrics.onCompleted(finished({ ...names, attempts: [], planned: false, route: null }))
  t.notMatch(await metrics.scrape('text'), secret)
  t.notMatch(await metrics.scrape('openmetrics'), secret)
})

/** Lines of each metric: those of a histogram count, too. */
async function linesOf(metrics: Metrics): Promise<Map<string, number>> {
  const lines = new Map<string, number>()
  for (const [, name = ''] of (await metrics.scrape('text')).matchAll(/^(turnout_\w+)/gm))
    lines.set(name, (lines.get(name) ?? 0) + 1)
  return lines
}

t.test('thousands of keys, users, models, routes and request ids do not fill the memory of a Prometheus', async (t) => {
  const metrics = newMetrics()
  const CALLERS = 10_000
  for (let index = 0; index < CALLERS; index++) {
    const name = `n${index}`
    const names = { id: name, key: name, team: name, user: name, session: name, agent: name, requestedModel: name }
    const route = `r${index % 1000}`
    const decided = { route, explored: true, baseline: { backend: 'a', model: 'm', nanoUsd: 1e9 } }
    const wasted = { ...attempt(`m${index % 700}`, 'idle_timeout'), backend: `b${index % 30}` }
    const waste = { reason: (['retry', 'failover', 'hedge'] as const)[index % 3]!, tokens: 1 }
    const answer = { ...attempt(`m${index % 900}`), backend: `b${index % 40}` }
    metrics.onCompleted(finished({ ...names, ...decided, attempts: [{ ...wasted, waste }, answer] }))
    metrics.onCompleted(
      finished({ ...names, answered: false, attempts: [], success: false, planned: false, route: null }),
    )
    metrics.plain('chat', 401, 'invalid_api_key')
    metrics.refused(name, 'usd')
    metrics.softReached(name)
  }
  for (const [name, lines] of await linesOf(metrics))
    t.ok(lines <= (/_bucket$/.test(name) ? 5_000 : 2_400), `${name}: ${lines}`)
  const sum = await sums(metrics)
  t.equal(sum('requests_total'), 3 * CALLERS, 'none is lost')
  t.equal(sum('successes_total'), CALLERS)
  t.equal(sum('tokens_total', { kind: 'input' }), 10 * CALLERS)
  t.equal(sum('wasted_tokens_total'), CALLERS)
  t.equal(sum('explorations_total'), CALLERS)
  t.equal(sum('budget_refusals_total'), CALLERS)
  t.ok(sum('requests_total', { route: 'other', backend: 'other', model: 'other' }) > 0)
  t.ok(sum('budget_refusals_total', { budget: 'other', reason: 'usd' }) > 0)
})

const GATE = {
  refused: new Map([['full', 4]]),
  lanes: [{ key: { name: 'spare' }, rests: 2 }],
}

t.test('gauges are read at each scrape', async (t) => {
  const states: BackendReading[] = [
    {
      name: 'a',
      state: 'ready',
      inflight: 2,
      queued: 3,
      gate: GATE,
      sinceMs: 1_500,
      untilMs: null,
      resting: false,
      engine: { running: 3, waiting: 0, kv_usage_ratio: 0.25 },
    },
    {
      name: 'b',
      state: 'down',
      inflight: 0,
      queued: 0,
      gate: null,
      sinceMs: 2_000,
      untilMs: 9_250,
      resting: true,
      engine: { running: null, waiting: null, kv_usage_ratio: null },
    },
    {
      name: 'c',
      state: 'busy',
      inflight: 0,
      queued: 0,
      gate: null,
      sinceMs: 0,
      untilMs: null,
      resting: false,
      engine: null,
    },
  ]
  const metrics = newMetrics({ backends: () => states })
  const sum = await sums(metrics)
  t.equal(sum('backend_queue_length', { backend: 'a' }), 3)
  t.equal(sum('backend_queue_refused_total', { backend: 'a', reason: 'full' }), 4)
  t.equal(sum('backend_key_rests_total', { backend: 'a', key: 'spare' }), 2)
  t.equal(sum('inflight_requests', { backend: 'a' }), 2)
  t.equal(sum('backend_up', { backend: 'a' }), 1)
  t.equal(sum('backend_up', { backend: 'b' }), 0)
  t.equal(sum('backend_state', { backend: 'b', state: 'down' }), 1)
  t.equal(sum('backend_state', { backend: 'b' }), 1, 'one state at a time')
  t.equal(sum('backend_up', { backend: 'c' }), 1, 'one that is busy is there')
  t.equal(sum('backend_state_since_timestamp_seconds', { backend: 'a' }), 1.5)
  t.equal(sum('backend_state_until_timestamp_seconds', { backend: 'b' }), 9.25)
  t.equal(sum('backend_state_until_timestamp_seconds'), 9.25, 'nobody knows of the others')
  t.equal(sum('backend_running', { backend: 'a' }), 3)
  t.equal(sum('backend_kv_usage_ratio', { backend: 'a' }), 0.25)
  const text = await metrics.scrape('text')
  t.match(text, /^turnout_backend_waiting\{backend="a"\} 0$/m, 'a zero that was told is one')
  t.notMatch(
    text,
    /turnout_backend_(running|waiting|kv_usage_ratio)\{backend="[bc]"/,
    'nothing is made of what is unknown',
  )
  t.equal(sum('breaker_open', { backend: 'a' }), 0)
  t.equal(sum('breaker_open', { backend: 'b' }), 1)
  states.splice(1, 1)
  t.notMatch(await metrics.scrape('text'), 'backend="b"', 'one that is gone is gone')
})

t.test('metrics tell the version and the configuration that run', async (t) => {
  const sum = await sums(newMetrics({ version: '1.2.3', configHash: 281_474_976_710_655 }))
  t.equal(sum('build_info', { version: '1.2.3' }), 1)
  t.equal(sum('config_hash'), 281_474_976_710_655)
})

t.test('what the ledger says of itself', async (t) => {
  const reading = { pendingRows: 1, writtenRows: 2, lostRows: 3, damagedLines: 4, up: false }
  const sum = await sums(newMetrics({ ledger: () => reading }))
  t.equal(sum('ledger_pending_rows'), 1)
  t.equal(sum('ledger_rows_total'), 2)
  t.equal(sum('ledger_lost_rows_total'), 3)
  t.match(await newMetrics({ ledger: () => reading }).scrape('text'), '\nturnout_ledger_up 0\n')
  t.match(await newMetrics({ ledger: () => ({ ...reading, up: true }) }).scrape('text'), '\nturnout_ledger_up 1\n')
  t.notMatch(await newMetrics().scrape('text'), /^turnout_ledger/m, 'without one there is nothing to say')
})

t.test('every metric has our prefix, a help and base units', async (t) => {
  const { families } = newMetrics()
  t.ok(families.length >= 30)
  t.equal(new Set(families.map(({ name }) => name)).size, families.length)
  for (const { name, help, type } of families) {
    t.match(name, /^turnout_[a-z_]+$/)
    t.match(help, /^\S.*\.$/, `${name} has a sentence`)
    t.notMatch(help, /["\\\n]/, `${name} has nothing to be escaped`)
    if (type === 'counter') t.match(name, /_total$/)
    else t.notMatch(name, /_total$/)
    if (type === 'histogram') t.match(name, /_(seconds|ratio)$/)
  }
})
