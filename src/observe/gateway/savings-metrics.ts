import type { Registry } from '../metrics/registry.ts'
import type { MeasuredDifference, MeasuredSavings } from '../savings/report.ts'

const ENDS = ['value', 'low', 'high'] as const

type Reading = () => readonly MeasuredSavings[]

/** What the control groups of the last seven days say; absent where nothing can be told. */
export function savingsMetrics(families: Registry, savings: Reading): void {
  const gauge = (
    name: string,
    help: string,
    of: (one: MeasuredSavings) => MeasuredDifference['difference'],
    per = 1,
  ): void => {
    families.gauge(`savings_${name}`, help, ['route', 'feature', 'bound'], (read) => {
      for (const one of savings()) {
        const ends = of(one)
        if (ends !== null) for (const end of ENDS) read(ends[end] / per, one.route, one.feature, end)
      }
    })
  }
  gauge(
    'cost_difference_usd',
    'Cost of a useful answer, the rest minus the control group, over seven days: the difference (`value`) and the ends of its 95 % interval (`low`, `high`).',
    ({ cost_per_success_usd: cost }) => cost.difference,
  )
  gauge('tokens_difference', 'The same of the tokens of a useful answer.', (one) => one.tokens_per_success.difference)
  gauge('useful_difference_ratio', 'The same of the share of useful answers.', (one) => one.success_ratio.difference)
  gauge(
    'ttft_difference_seconds',
    'The same of the mean time to the first token.',
    (one) => one.ttft_ms.difference,
    1000,
  )
  gauge(
    'saved_usd',
    'What the useful answers of the rest would have cost more without the feature, over seven days, with its 95 % interval.',
    ({ saved }) => saved.usd,
  )
}
