/** What the running gateway keeps of its last hour: sums by the minute, sixty of them, whatever comes. */
import type { Counted } from '../../core/counted.ts'
import type { RequestObserver, RequestRecord } from '../../core/request-record.ts'
import { addRequest, addSums, newSums, type Sums } from './sums.ts'

const MINUTE_MS = 60_000
const MINUTES = 60

interface Minute {
  /** Minutes since 1970. */
  readonly number: number
  readonly sums: Sums
}

export class LastHour implements RequestObserver {
  readonly readsDecisions = 'none'
  /** Each in the place of its number modulo sixty. */
  readonly #minutes: (Minute | null)[] = Array.from({ length: MINUTES }, () => null)

  onCompleted(record: RequestRecord): void {
    this.#add(record)
  }

  /** Adds a request of before a restart, as the ledger has it. */
  replay(request: Counted): void {
    this.#add(request)
  }

  /** Of this minute and the 59 before it. `now`: epoch ms. */
  sums(now = Date.now()): Sums {
    const last = minuteOf(now)
    const sums = newSums()
    for (const minute of this.#minutes)
      if (minute !== null && minute.number <= last && minute.number > last - MINUTES) addSums(sums, minute.sums)
    return sums
  }

  #add(request: Counted): void {
    const number = minuteOf(request.endedAt)
    const place = number % MINUTES
    const there = this.#minutes[place]
    if (there?.number === number) return addRequest(there.sums, request)
    // Of an hour that is over already: a replay begins before it, and clocks are set back.
    if (there !== undefined && there !== null && there.number > number && there.number <= minuteOf(Date.now())) return
    const sums = newSums()
    this.#minutes[place] = { number, sums }
    addRequest(sums, request)
  }
}

const minuteOf = (at: number): number => Math.floor(at / MINUTE_MS)
