import type { BudgetSpec } from '../../src/core/budget.ts'
import type { SpendEstimate, Subject } from '../../src/core/settlement.ts'
import type { BudgetEvent } from '../../src/core/events.ts'
import { MemoryLimiter } from '../../src/budgets/memory.ts'

/** A budget of 5 USD a day for each team; each field to be overridden. */
export const budget = (traits: Partial<BudgetSpec> = {}): BudgetSpec => ({
  name: 'b',
  of: 'team',
  ids: null,
  per: 'day',
  nanoUsd: null,
  tokens: null,
  requests: null,
  parallel: null,
  soft: null,
  webhook: null,
  onStoreError: 'allow',
  pressure: false,
  clamp: false,
  ...traits,
})

export const subject = (traits: Partial<Subject> = {}): Subject => ({
  key: 'k',
  team: 'red',
  user: null,
  route: 'auto',
  session: null,
  agent: null,
  ...traits,
})

export const claim = (nanoUsd: number, tokens = 0): SpendEstimate => ({ nanoUsd, tokens })
export const NOTHING = claim(0)

export interface Desk {
  readonly limiter: MemoryLimiter
  readonly clock: { now: number }
  readonly told: BudgetEvent[]
  readonly refused: string[]
  /** Of calls of webhooks. */
  readonly posted: { readonly url: string; readonly json: object }[]
}

export const NOON = Date.parse('2026-11-23T12:00:00Z')

/** A limiter with a clock of its own. `answer`: what the webhook says. */
export function desk(
  budgets: readonly BudgetSpec[],
  answer: () => Promise<string> = () => Promise.resolve(''),
  own: () => readonly BudgetSpec[] = () => [],
): Desk {
  const clock = { now: NOON }
  const told: BudgetEvent[] = []
  const refused: string[] = []
  const posted: { url: string; json: object }[] = []
  const limiter = new MemoryLimiter(budgets, {
    now: () => clock.now,
    own,
    emit: (event) => told.push(event),
    post: (url, json) => {
      posted.push({ url, json })
      return answer()
    },
    onRefused: (name, reason) => refused.push(`${name} ${reason}`),
  })
  return { limiter, clock, told, refused, posted }
}
