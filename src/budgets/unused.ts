import type { BudgetSpec } from '../core/budget.ts'
import type { BudgetState } from './limiter.ts'
import { specsOf } from './rules.ts'
import { windowOf } from './windows.ts'

/** The budgets of `specs` that none of `states` counts, with nothing spent; of any id: `*`, or its globs. `now`: epoch ms. */
export function unusedBudgets(
  specs: readonly BudgetSpec[],
  states: readonly BudgetState[],
  now: number,
): BudgetState[] {
  const specOf = specsOf(specs)
  const used = new Set(states.map((state) => specOf(state, state.id)))
  return specs
    .filter((spec) => !used.has(spec))
    .map(({ name, of, ids, per, nanoUsd, tokens, requests, parallel }) => ({
      name,
      of,
      id: of === 'gateway' ? 'gateway' : (ids?.join(', ') ?? '*'),
      per,
      windowEndsAt: per === null ? null : windowOf(per, now).endsAt,
      limit: { nanoUsd, tokens, requests, parallel },
      used: { nanoUsd: 0, tokens: 0, requests: 0 },
      reserved: { nanoUsd: 0, tokens: 0 },
      inflight: 0,
    }))
}
