import { usdOf } from '../../core/money.ts'
import type { BudgetSpec } from '../../core/budget.ts'
import type { Registry } from '../metrics/registry.ts'
import type { Read } from '../metrics/callback-metric.ts'
import { Series } from '../metrics/series.ts'
import type { Cell, Counter } from '../metrics/counter.ts'

/** The state of one budget of one id. `null` = not limited; money is nano-dollars. */
export interface BudgetReading {
  readonly name: string
  /** Epoch ms; null = it has no window. */
  readonly windowEndsAt: number | null
  readonly limit: Readonly<Record<'nanoUsd' | 'tokens' | 'requests' | 'parallel', number | null>>
  readonly used: Readonly<Record<'nanoUsd' | 'tokens' | 'requests', number>>
  readonly inflight: number
}

/** What the limits say of themselves. */
export interface LimitsReading {
  readonly budgets: readonly BudgetReading[]
  /** The store that they share with other gateways answers; true where there is none. */
  readonly up: boolean
}

/** `away`: the shared store does not answer, and the budget denies requests meanwhile. */
export type RefusalReason = 'usd' | 'tokens' | 'requests' | 'parallel' | 'away'

/** Of all ids of one name. */
interface Standing {
  /** The smallest. */
  remainingNanoUsd: number | null
  /** The largest. */
  usedRatio: number
}

const LIMITS = { max: 2000, open: 1 }

export class BudgetMetrics {
  readonly #refusals: Series<Cell>
  readonly #soft: Series<Cell>
  #specs: readonly BudgetSpec[] = []

  /** `specs`: all of the configuration; counts of theirs begin at 0, not at the first event. */
  constructor(families: Registry, specs: readonly BudgetSpec[], limits: (() => LimitsReading) | null) {
    const each = (tell: (name: string, standing: Standing) => void): void => {
      if (limits !== null)
        for (const [name, one] of standings(this.#specs, limits().budgets, Date.now())) tell(name, one)
    }
    families.gauge(
      'budget_remaining_usd',
      'What is left in the window, for the id that has the least; negative where the last request overspent.',
      ['budget'],
      (read) => {
        each((name, { remainingNanoUsd }) => {
          if (remainingNanoUsd !== null) read(usdOf(remainingNanoUsd), name)
        })
      },
    )
    families.gauge(
      'budget_used_ratio',
      'Used share of the limit that is used most, for the id that has used most.',
      ['budget'],
      (read) => {
        each((name, { usedRatio }) => read(usedRatio, name))
      },
    )
    this.#refusals = cells(
      families.counter('budget_refusals_total', 'Requests that a budget refused, by what was used up.', [
        'budget',
        'reason',
      ]),
    )
    this.#soft = cells(
      families.counter('budget_soft_total', 'Soft thresholds that were passed, once for each id and window.', [
        'budget',
      ]),
    )
    families.gauge('limits_store_up', '1 if the shared budget store answers.', [], (read: Read) => {
      if (limits !== null) read(limits().up ? 1 : 0)
    })
    this.apply(specs)
  }

  /** Other budgets are in force. */
  apply(specs: readonly BudgetSpec[]): void {
    this.#specs = specs
    for (const spec of specs) this.#begin(spec)
  }

  refused(budget: string, reason: RefusalReason): void {
    this.#refusals.of(budget, reason).value++
  }

  softReached(budget: string): void {
    this.#soft.of(budget).value++
  }

  #begin({ name, nanoUsd, tokens, requests, parallel, soft, onStoreError }: BudgetSpec): void {
    const reasons = { usd: nanoUsd, tokens, requests, parallel, away: onStoreError === 'deny' ? 0 : null }
    for (const [reason, limit] of Object.entries(reasons)) if (limit !== null) this.#refusals.of(name, reason)
    if (soft !== null) this.#soft.of(name)
  }
}

const cells = (tally: Counter): Series<Cell> => new Series(LIMITS, (path) => tally.series(path))

/** By name. An id without a request yet has all of its budget left, and so has one whose window is over. */
function standings(
  specs: readonly BudgetSpec[],
  readings: readonly BudgetReading[],
  now: number,
): Map<string, Standing> {
  const all = new Map<string, Standing>()
  const add = (name: string, remaining: number | null, ratio: number): void => {
    const before = all.get(name)
    if (before === undefined) {
      all.set(name, { remainingNanoUsd: remaining, usedRatio: ratio })
      return
    }
    if (remaining !== null) before.remainingNanoUsd = Math.min(before.remainingNanoUsd ?? Infinity, remaining)
    before.usedRatio = Math.max(before.usedRatio, ratio)
  }
  for (const { name, nanoUsd } of specs) add(name, nanoUsd, 0)
  for (const { name, limit, used, inflight, windowEndsAt } of readings) {
    const over = windowEndsAt !== null && windowEndsAt <= now
    const { nanoUsd, tokens, requests } = over ? { nanoUsd: 0, tokens: 0, requests: 0 } : used
    const ratio = Math.max(
      share(nanoUsd, limit.nanoUsd),
      share(tokens, limit.tokens),
      share(requests, limit.requests),
      share(inflight, limit.parallel),
    )
    add(name, limit.nanoUsd === null ? null : limit.nanoUsd - nanoUsd, ratio)
  }
  return all
}

/** A limit of nothing is used up from the beginning. */
function share(used: number, limit: number | null): number {
  if (limit === null) return 0
  return limit === 0 ? 1 : used / limit
}
