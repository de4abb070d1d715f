import t from 'tap'
import { GatewayError } from '../../src/core/errors.ts'
import type { CandidateRecord } from '../../src/core/record.ts'
import { Baselines } from '../../src/observe/gateway/baselines.ts'
import { account, attempt, planOf, settlement } from '../support/accounts.ts'
import { cost, usage } from '../support/factories.ts'
import { sumOf } from '../support/gateway.ts'
import { newMetrics } from '../support/metrics.ts'

const BASELINE = { backend: 'cloud', model: 'big', cost_usd: 0.01 }
const broken = new GatewayError('upstream_incomplete', 'x')
const spent = (nanoUsd: number) => settlement({ cost: cost(nanoUsd) })
/** An answer by the baseline itself. */
const byBaseline = (nanoUsd: number, traits: Partial<ReturnType<typeof attempt>> = {}) =>
  settlement({ attempts: [{ ...attempt('big'), backend: 'cloud', ...traits }], cost: cost(nanoUsd) })

t.test('what an answer would have cost at the baseline', async (t) => {
  const baselines = new Baselines()
  t.strictSame(baselines.compare(BASELINE, spent(2_000_000)), {
    baselineNanoUsd: 10_000_000,
    comparedNanoUsd: 2_000_000,
    own: false,
  })
  t.equal(baselines.compare({ ...BASELINE, cost_usd: null }, spent(2_000_000)), null, 'its price is unknown')
  t.equal(baselines.compare(BASELINE, settlement({ cost: null })), null, 'the cost is unknown')
  t.equal(baselines.compare(BASELINE, settlement({ error: broken })), null, 'the answer broke off')
  t.equal(baselines.compare(BASELINE, settlement({ answered: false, attempts: [] })), null, 'nobody answered')
})

t.test('failed calls before the answer are part of what it cost', async (t) => {
  const failed = { ...attempt('n', 'idle_timeout'), usage: usage({ input: 1 }), cost: cost(500) }
  const ending = settlement({ attempts: [failed, attempt('m')], cost: cost(1_000) })
  t.equal(new Baselines().compare(BASELINE, ending)?.comparedNanoUsd, 1_500)
})

t.test('where the baseline itself answered, nothing was saved, and its predictions are corrected', async (t) => {
  const baselines = new Baselines()
  t.equal(baselines.ratio(BASELINE), 1)
  for (let index = 0; index < 400; index++)
    t.strictSame(
      baselines.compare(BASELINE, byBaseline(5_000_000)),
      { baselineNanoUsd: 5_000_000, comparedNanoUsd: 5_000_000, own: true },
      'its cost is no guess',
    )
  t.ok(Math.abs(baselines.ratio(BASELINE) - 0.5) < 0.06, `${baselines.ratio(BASELINE)}`)
  const { baselineNanoUsd } = baselines.compare(BASELINE, spent(1))!
  t.equal(baselineNanoUsd, Math.round(10_000_000 * baselines.ratio(BASELINE)))
  t.equal(baselines.ratio({ ...BASELINE, model: 'bigger' }), 1, 'each for itself')
  for (let index = 0; index < 400; index++) baselines.compare(BASELINE, byBaseline(20_000_000))
  t.ok(baselines.ratio(BASELINE) > 1.8, 'the past is forgotten')
})

t.test('what says nothing about the predictions', async (t) => {
  const baselines = new Baselines()
  const guess = byBaseline(0)
  const attempts = [{ ...guess.attempts[0]!, cost: { ...cost(90_000_000), estimated: true } }]
  baselines.compare(BASELINE, { ...guess, attempts })
  baselines.compare(BASELINE, byBaseline(90_000_000, { effort: 'high' }))
  baselines.compare(BASELINE, { ...byBaseline(90_000_000), error: broken })
  baselines.compare({ ...BASELINE, cost_usd: 0 }, byBaseline(90_000_000))
  t.equal(baselines.ratio(BASELINE), 1)
  baselines.compare(BASELINE, byBaseline(1e15))
  t.ok(baselines.ratio(BASELINE) <= 2.5, 'a single odd one does not make savings up')
})

t.test('savings by route are two counters and the number of those that are missing', async (t) => {
  const metrics = newMetrics()
  const plan = planOf({ baseline: BASELINE })
  metrics.onCompleted(account(spent(2_000_001), { plan }))
  metrics.onCompleted(account(spent(3_000_001), { plan }))
  metrics.onCompleted(account(settlement({ cost: null }), { plan }))
  metrics.onCompleted(account(settlement({ answered: false, attempts: [], usage: null, cost: null }), { plan }))
  metrics.onCompleted(account(spent(7), { plan: planOf() }))
  const text = await metrics.scrape('text')
  const of = (name: string): number => sumOf(text, `turnout_baseline_${name}`, { route: 'coding' })
  t.equal(of('cost_usd_total'), 0.02)
  t.equal(of('compared_cost_usd_total'), 0.005000002)
  t.equal(of('uncompared_requests_total'), 1, 'one that took nothing is none')
  t.equal(of('own_cost_usd_total'), 0, 'the baseline answered none')
  metrics.onCompleted(account(byBaseline(7_000_000), { plan }))
  const later = await metrics.scrape('text')
  t.equal(sumOf(later, 'turnout_baseline_own_cost_usd_total', { route: 'coding' }), 0.007)
  t.equal(sumOf(later, 'turnout_baseline_cost_usd_total', { route: 'coding' }), 0.027)
})

t.test('explorations by route', async (t) => {
  const metrics = newMetrics()
  for (const explored of [true, false, true]) metrics.onCompleted(account(settlement(), { plan: planOf({ explored }) }))
  t.equal(sumOf(await metrics.scrape('text'), 'turnout_explorations_total', { route: 'coding' }), 2)
})

const expected = (traits: Partial<CandidateRecord['expected']>): CandidateRecord['expected'] => ({
  input_tokens: null,
  cached_tokens: null,
  output_tokens: null,
  reasoning_tokens: null,
  cost_usd: null,
  ttft_ms: null,
  total_ms: null,
  success: null,
  success_sd: null,
  compared_usd: null,
  ...traits,
})

const candidate = (model: string, traits: Partial<CandidateRecord> = {}): CandidateRecord => ({
  backend: 'a',
  model,
  effort: null,
  dropped: null,
  expected: expected({ input_tokens: 5, output_tokens: 10, ttft_ms: 25, cost_usd: 1.5 }),
  terms: { quality: null, cost: null, latency: null, efficiency: null, affinity: null },
  utility: null,
  ...traits,
})

const plan = planOf({
  candidates: [
    candidate('m', { effort: 'low', expected: expected({ input_tokens: 1 }) }),
    candidate('m', { backend: 'b', expected: expected({ input_tokens: 1 }) }),
    candidate('m'),
  ],
})

const ratios = async (
  ...endings: readonly ReturnType<typeof settlement>[]
): Promise<Record<string, readonly [number, number]>> => {
  const metrics = newMetrics()
  for (const ending of endings) metrics.onCompleted(account(ending, { plan }))
  const text = await metrics.scrape('text')
  const of = (what: string): [number, number] => [
    sumOf(text, 'turnout_prediction_ratio_count', { what }),
    sumOf(text, 'turnout_prediction_ratio_sum', { what }),
  ]
  return Object.fromEntries(['input_tokens', 'output_tokens', 'ttft', 'cost'].map((what) => [what, of(what)]))
}

t.test('how the expectations of whoever answered turned out', async (t) => {
  const right = { input_tokens: [1, 2], output_tokens: [1, 0.5], ttft: [1, 2], cost: [1, 1] }
  t.strictSame(await ratios(settlement()), right)
  const guessed = settlement({ usage: usage({ input: 99, output: 99, estimated: true }) })
  t.strictSame(
    await ratios(guessed),
    { ...right, input_tokens: [0, 0], output_tokens: [0, 0] },
    'a guess proves nothing',
  )
  t.strictSame(await ratios(settlement({ cost: { ...cost(1), estimated: true } })), { ...right, cost: [0, 0] })
  const nothing = { input_tokens: [0, 0], output_tokens: [0, 0], ttft: [0, 0], cost: [0, 0] }
  t.strictSame(await ratios(settlement({ error: broken })), { ...nothing, ttft: [1, 2] }, 'it broke off')
  t.strictSame(await ratios(settlement({ attempts: [attempt('unlisted')] })), nothing)
  t.strictSame(await ratios(settlement({ answered: false, attempts: [] })), nothing)
  t.strictSame(await ratios(settlement({ ttftMs: null })), { ...right, ttft: [0, 0] }, 'no stream')
})

t.test('an exact prediction is in the bucket that ends with 1', async (t) => {
  const metrics = newMetrics()
  metrics.onCompleted(account(settlement(), { plan }))
  const text = await metrics.scrape('text')
  const of = (le: string): number => sumOf(text, 'turnout_prediction_ratio_bucket', { what: 'cost', le })
  t.equal(of('0.8'), 0)
  t.equal(of('1'), 1)
})
