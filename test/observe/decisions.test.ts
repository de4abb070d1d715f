import t from 'tap'
import { GatewayError } from '../../src/core/errors.ts'
import type { Expected } from '../../src/core/record.ts'
import { trialOf } from '../../src/core/trial.ts'
import { LastWeek } from '../../src/observe/savings/last-week.ts'
import { Baselines } from '../../src/observe/gateway/baselines.ts'
import { cost, usage } from '../support/factories.ts'
import { sumOf } from '../support/gateway.ts'
import { newMetrics } from '../support/metrics.ts'
import { attempt, type Ending, finished } from '../support/records.ts'

const BASELINE = { backend: 'cloud', model: 'big', nanoUsd: 10_000_000 }
const broken = new GatewayError('upstream_incomplete', 'x')
const spent = (nanoUsd: number, traits: Ending = {}) => finished({ cost: cost(nanoUsd), ...traits })
/** An answer by the baseline itself. */
const byBaseline = (nanoUsd: number, traits: Partial<ReturnType<typeof attempt>> = {}, ending: Ending = {}) =>
  finished({ attempts: [{ ...attempt('big'), backend: 'cloud', ...traits }], cost: cost(nanoUsd), ...ending })

t.test('what an answer would have cost at the baseline', async (t) => {
  const baselines = new Baselines()
  t.strictSame(baselines.compare(BASELINE, spent(2_000_000)), {
    baselineNanoUsd: 10_000_000,
    comparedNanoUsd: 2_000_000,
    own: false,
  })
  t.equal(baselines.compare({ ...BASELINE, nanoUsd: null }, spent(2_000_000)), null, 'its price is unknown')
  t.equal(baselines.compare(BASELINE, finished({ cost: null })), null, 'the cost is unknown')
  t.equal(baselines.compare(BASELINE, finished({ error: broken })), null, 'the answer broke off')
  t.equal(baselines.compare(BASELINE, finished({ answered: false, attempts: [] })), null, 'nobody answered')
})

t.test('failed calls before the answer are part of what it cost', async (t) => {
  const failed = { ...attempt('n', 'idle_timeout'), usage: usage({ input: 1 }), cost: cost(500) }
  const ending = finished({ attempts: [failed, attempt('m')], cost: cost(1_000) })
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
  baselines.compare(BASELINE, byBaseline(0, {}, { cost: { ...cost(90_000_000), estimated: true } }))
  baselines.compare(BASELINE, byBaseline(90_000_000, { effort: 'high' }))
  baselines.compare(BASELINE, byBaseline(90_000_000, {}, { error: broken }))
  baselines.compare({ ...BASELINE, nanoUsd: 0 }, byBaseline(90_000_000))
  t.equal(baselines.ratio(BASELINE), 1)
  baselines.compare(BASELINE, byBaseline(1e15))
  t.ok(baselines.ratio(BASELINE) <= 2.5, 'a single odd one does not make savings up')
})

t.test('savings by route are two counters and the number of those that are missing', async (t) => {
  const metrics = newMetrics()
  const compared = { baseline: BASELINE }
  metrics.onCompleted(spent(2_000_001, compared))
  metrics.onCompleted(spent(3_000_001, compared))
  metrics.onCompleted(finished({ cost: null, ...compared }))
  metrics.onCompleted(finished({ answered: false, attempts: [], usage: null, cost: null, ...compared }))
  metrics.onCompleted(spent(7))
  const text = await metrics.scrape('text')
  const of = (name: string): number => sumOf(text, `turnout_baseline_${name}`, { route: 'coding' })
  t.equal(of('cost_usd_total'), 0.02)
  t.equal(of('compared_cost_usd_total'), 0.005000002)
  t.equal(of('uncompared_requests_total'), 1, 'one that took nothing is none')
  t.equal(of('own_cost_usd_total'), 0, 'the baseline answered none')
  metrics.onCompleted(byBaseline(7_000_000, {}, compared))
  const later = await metrics.scrape('text')
  t.equal(sumOf(later, 'turnout_baseline_own_cost_usd_total', { route: 'coding' }), 0.007)
  t.equal(sumOf(later, 'turnout_baseline_cost_usd_total', { route: 'coding' }), 0.027)
})

t.test('explorations are counted by route', async (t) => {
  const metrics = newMetrics()
  for (const explored of [true, false, true]) metrics.onCompleted(finished({ explored }))
  t.equal(sumOf(await metrics.scrape('text'), 'turnout_explorations_total', { route: 'coding' }), 2)
})

t.test('what requests came to with a feature and without it is counted by route and group', async (t) => {
  const metrics = newMetrics()
  const of = (control: boolean): Pick<Ending, 'trials'> => ({ trials: [{ feature: 'routing', control, share: 0.05 }] })
  metrics.onCompleted(spent(2_000_000, of(true)))
  metrics.onCompleted(spent(3_000_000, { ...of(true), success: false, ttftMs: null }))
  metrics.onCompleted(spent(1_000_000, of(false)))
  metrics.onCompleted(finished({ cost: null, ...of(false) }))
  metrics.onCompleted(spent(9_000_000))
  const text = await metrics.scrape('text')
  const both = (name: string): number[] =>
    ['control', 'rest'].map((group) =>
      sumOf(text, `turnout_trial_${name}_total`, { route: 'coding', feature: 'routing', group }),
    )
  t.strictSame(both('requests'), [2, 2])
  t.strictSame(both('useful_answers'), [1, 2])
  t.strictSame(both('cost_usd'), [0.005, 0.001])
  t.strictSame(both('unpriced_requests'), [0, 1])
  t.strictSame(both('tokens'), [30, 30])
  t.strictSame(both('streams'), [1, 2])
  t.strictSame(both('ttft_seconds'), [0.05, 0.1])
})

t.test(
  'what control groups say of a week is a gauge with its ends, and absent where nothing can be told',
  async (t) => {
    const week = new LastWeek()
    const metrics = newMetrics({ savings: () => week.savings(1_700_000_000_000) })
    const scraped = async (): Promise<string[]> =>
      (await metrics.scrape('text')).split('\n').filter((line) => line.startsWith('turnout_savings_'))
    for (let at = 0; at < 400; at++) {
      if (at === 20) t.strictSame(await scraped(), [], 'too few')
      const trial = trialOf('routing', `${at}`, 0.5)
      const nanoUsd = (trial.control ? 3e6 : 1e6) * (1 + (at % 5) / 10)
      week.onCompleted(spent(nanoUsd, { id: `${at}`, affinity: `${at}`, trials: [trial] }))
    }
    const lines = await scraped()
    const valueOf = (name: string, bound: string): number =>
      Number(
        lines
          .find((line) => line.startsWith(`turnout_savings_${name}{`) && line.includes(`bound="${bound}"`))
          ?.split(' ')[1],
      )
    const [low, value, high] = ['low', 'value', 'high'].map((bound) => valueOf('cost_difference_usd', bound))
    t.ok(low! < value! && value! < high! && high! < 0, `${low} ${value} ${high}`)
    t.ok(Math.abs(value! + 0.0024) < 0.0002, `${value}`)
    t.ok(valueOf('saved_usd', 'low') > 0)
    t.equal(valueOf('tokens_difference', 'value'), 0)
    t.ok(valueOf('useful_difference_ratio', 'low') < 0)
    t.equal(valueOf('ttft_difference_seconds', 'value'), 0)
  },
)

const EXPECTED: Expected = { input: 5, output: 10, reasoning: null, ttftMs: 25, nanoUsd: 1_500_000_000 }
const foreseen = { ...attempt('m'), expected: EXPECTED }

const ratios = async (...endings: readonly Ending[]): Promise<Record<string, readonly [number, number]>> => {
  const metrics = newMetrics()
  for (const ending of endings) metrics.onCompleted(finished({ attempts: [foreseen], ...ending }))
  const text = await metrics.scrape('text')
  const of = (what: string): [number, number] => [
    sumOf(text, 'turnout_prediction_ratio_count', { what }),
    sumOf(text, 'turnout_prediction_ratio_sum', { what }),
  ]
  return Object.fromEntries(['input_tokens', 'output_tokens', 'ttft', 'cost'].map((what) => [what, of(what)]))
}

t.test('how the expectations of whoever answered turned out', async (t) => {
  const right = { input_tokens: [1, 2], output_tokens: [1, 0.5], ttft: [1, 2], cost: [1, 1] }
  t.strictSame(await ratios({}), right)
  t.strictSame(
    await ratios({ usage: usage({ input: 99, output: 99, estimated: true }) }),
    { ...right, input_tokens: [0, 0], output_tokens: [0, 0] },
    'a guess proves nothing',
  )
  t.strictSame(await ratios({ cost: { ...cost(1), estimated: true } }), { ...right, cost: [0, 0] })
  const nothing = { input_tokens: [0, 0], output_tokens: [0, 0], ttft: [0, 0], cost: [0, 0] }
  t.strictSame(await ratios({ error: broken }), { ...nothing, ttft: [1, 2] }, 'it broke off')
  t.strictSame(await ratios({ attempts: [attempt('unlisted')] }), nothing, 'nothing was expected of it')
  t.strictSame(await ratios({ answered: false, attempts: [] }), nothing)
  t.strictSame(await ratios({ ttftMs: null }), { ...right, ttft: [0, 0] }, 'no stream')
})

t.test('an exact prediction is in the bucket that ends with 1', async (t) => {
  const metrics = newMetrics()
  metrics.onCompleted(finished({ attempts: [foreseen] }))
  const text = await metrics.scrape('text')
  const of = (le: string): number => sumOf(text, 'turnout_prediction_ratio_bucket', { what: 'cost', le })
  t.equal(of('0.8'), 0)
  t.equal(of('1'), 1)
})
