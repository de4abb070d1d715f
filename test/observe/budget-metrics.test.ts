import t from 'tap'
import type { BudgetSpec } from '../../src/core/budget.ts'
import type { BudgetReading } from '../../src/observe/gateway/budget-metrics.ts'
import { sumOf } from '../support/gateway.ts'
import { newMetrics } from '../support/metrics.ts'

const SPEC: BudgetSpec = {
  name: 'team-day',
  of: 'team',
  ids: null,
  per: 'day',
  nanoUsd: 5_000_000_000,
  tokens: null,
  requests: null,
  parallel: null,
  soft: 0.8,
  webhook: null,
  onStoreError: 'allow',
  pressure: false,
  clamp: false,
}

const NOTHING = { nanoUsd: null, tokens: null, requests: null, parallel: null }
const reading = (traits: Partial<BudgetReading>): BudgetReading => ({
  name: 'team-day',
  windowEndsAt: Date.now() + 60_000,
  limit: { ...NOTHING, nanoUsd: 5_000_000_000 },
  used: { nanoUsd: 0, tokens: 0, requests: 0 },
  inflight: 0,
  ...traits,
})
const usd = (nanoUsd: number): BudgetReading['used'] => ({ nanoUsd, tokens: 0, requests: 0 })

async function sums(budgets: readonly BudgetReading[], specs: readonly BudgetSpec[] = [SPEC]) {
  const text = await newMetrics({ budgets: specs, limits: () => ({ budgets, up: true }) }).scrape('text')
  return (name: string, budget: string): number => sumOf(text, `turnout_budget_${name}`, { budget })
}

t.test('of all ids of a budget, the one that is worst off', async (t) => {
  const none = await sums([])
  t.equal(none('remaining_usd', 'team-day'), 5, 'nobody has spent anything')
  t.equal(none('used_ratio', 'team-day'), 0)
  const two = await sums([reading({ used: usd(4_500_000_001) }), reading({ used: usd(1) })])
  t.equal(two('remaining_usd', 'team-day'), 0.499999999)
  t.equal(two('used_ratio', 'team-day'), 4_500_000_001 / 5_000_000_000)
  t.equal(
    (await sums([reading({ used: usd(5_100_000_000) })]))('remaining_usd', 'team-day'),
    -0.1,
    'one request overspent',
  )
  t.equal(
    (await sums([reading({ used: usd(1), windowEndsAt: 1 })]))('remaining_usd', 'team-day'),
    5,
    'its window is over',
  )
})

t.test('the limit that is used most', async (t) => {
  const limit = { nanoUsd: null, tokens: 1000, requests: 10, parallel: 4 }
  const used = { nanoUsd: 7, tokens: 100, requests: 5 }
  t.equal((await sums([reading({ limit, used, inflight: 1 })]))('used_ratio', 'team-day'), 0.5)
  t.equal((await sums([reading({ limit, used, inflight: 4 })]))('used_ratio', 'team-day'), 1)
  const text = await newMetrics({
    budgets: [{ ...SPEC, nanoUsd: null, tokens: 1000 }],
    limits: () => ({ budgets: [reading({ limit, used })], up: true }),
  }).scrape('text')
  t.notMatch(text, /^turnout_budget_remaining_usd/m, 'one without dollars has none left')
  t.equal(
    (await sums([reading({ limit: { ...NOTHING, tokens: 0 } })]))('used_ratio', 'team-day'),
    1,
    'nothing is allowed',
  )
})

t.test('refusals and soft thresholds begin at zero', async (t) => {
  const metrics = newMetrics({
    budgets: [SPEC, { ...SPEC, name: 'p', nanoUsd: null, parallel: 2, onStoreError: 'deny' }],
  })
  const lines = async (): Promise<string[]> =>
    (await metrics.scrape('text')).split('\n').filter((line) => /^turnout_budget_(refusals|soft)/.test(line))
  t.strictSame(await lines(), [
    'turnout_budget_refusals_total{budget="team-day",reason="usd"} 0',
    'turnout_budget_refusals_total{budget="p",reason="parallel"} 0',
    'turnout_budget_refusals_total{budget="p",reason="away"} 0',
    'turnout_budget_soft_total{budget="team-day"} 0',
    'turnout_budget_soft_total{budget="p"} 0',
  ])
  metrics.refused('team-day', 'usd')
  metrics.softReached('team-day')
  t.match(await lines(), [/ 1$/, / 0$/, / 0$/, / 1$/, / 0$/])
})

t.test('a metric says whether the shared store is there', async (t) => {
  const of = (up: boolean): Promise<string> => newMetrics({ limits: () => ({ budgets: [], up }) }).scrape('text')
  t.match(await of(true), '\nturnout_limits_store_up 1\n')
  t.match(await of(false), '\nturnout_limits_store_up 0\n')
  t.notMatch(await newMetrics().scrape('text'), /^turnout_(budget|limits)/m, 'without limits there is nothing to say')
})
