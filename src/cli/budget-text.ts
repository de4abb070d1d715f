/** The budgets of a configuration, as `turnout check` prints them: its own, and those of its keys. */
import type { BudgetSpec } from '../core/budget.ts'
import { usdOf } from '../core/money.ts'
import type { Config } from '../core/settings.ts'
import { count, dollars } from '../observe/headline/headline-text.ts'
import { fittedTable } from './fitted-table.ts'

/** '' where there are none. */
export function budgetsText({ budgets, keys }: Pick<Config, 'budgets' | 'keys'>): string {
  const all = [...budgets, ...keys.flatMap((key) => key.budgets)]
  if (all.length === 0) return ''
  return fittedTable(
    ['budget', 'of', 'limit', 'window'],
    all.map((budget) => [budget.name, whose(budget), limits(budget), budget.per ?? '-']),
    2,
  )
}

const whose = ({ of, ids }: BudgetSpec): string =>
  of === 'gateway' ? 'gateway' : ids === null ? `each ${of}` : `${of} ${ids.join(', ')}`

const limits = ({ nanoUsd, tokens, requests, parallel }: BudgetSpec): string =>
  [
    nanoUsd === null ? [] : [dollars(usdOf(nanoUsd))],
    tokens === null ? [] : [`${count(tokens)} tokens`],
    requests === null ? [] : [`${count(requests)} requests`],
    parallel === null ? [] : [`${parallel} at a time`],
  ]
    .flat()
    .join(', ')
