/** What the running gateway keeps of its last seven days, by the day (UTC), whatever comes. */
import type { Counted } from '../../core/counted.ts'
import type { RequestObserver, RequestRecord } from '../../core/request-record.ts'
import { type MeasuredSavings, savingsOf } from './report.ts'
import { Savings } from './savings.ts'

const DAY_MS = 86_400_000
const DAYS = 7

export class LastWeek implements RequestObserver {
  readonly readsDecisions = 'none'
  /** By days since 1970. */
  readonly #days = new Map<number, Savings>()
  #told: { readonly day: number; readonly savings: readonly MeasuredSavings[] } | null = null

  onCompleted(record: RequestRecord): void {
    this.#add(record)
  }

  /** Adds a request of before a restart, as the ledger has it. */
  replay(request: Counted): void {
    this.#add(request)
  }

  /** Of today and the six days before it. `now`: epoch ms. */
  savings(now = Date.now()): readonly MeasuredSavings[] {
    const day = dayOf(now)
    if (this.#told?.day === day) return this.#told.savings
    const all = new Savings()
    for (const [at, one] of this.#days)
      if (at <= day - DAYS) this.#days.delete(at)
      else all.addAll(one)
    this.#told = { day, savings: all.all().map(savingsOf) }
    return this.#told.savings
  }

  #add(request: Counted): void {
    if (request.trials.length === 0) return
    const day = dayOf(request.endedAt)
    let savings = this.#days.get(day)
    if (savings === undefined) {
      this.#days.set(day, (savings = new Savings()))
      for (const at of this.#days.keys()) if (at <= day - DAYS) this.#days.delete(at)
    }
    savings.add(request)
    this.#told = null
  }
}

const dayOf = (at: number): number => Math.floor(at / DAY_MS)
