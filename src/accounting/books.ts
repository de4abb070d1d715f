/**
 * The books: what is reported of finished requests (metrics, log, sessions, traces, ledger), and what is learnt of their answers. Many
 * requests at a time, one part after the other: the same work in a row takes a fraction of what it takes between other work.
 */
import type { Emit } from '../core/events.ts'
import type { RequestObserver, RequestRecord } from '../core/request-record.ts'
import { thrownOf } from '../observe/log/failure.ts'
import { recordOf, type SettledRequest } from './request-record.ts'
import type { Followed } from '../decision/learn/follow-ups.ts'
import { stepOf } from './step.ts'
import { type Lessons, teach } from './teach.ts'
import { turnOf } from './turn.ts'

export interface BooksTools {
  readonly observers: readonly RequestObserver[]
  readonly lessons: Lessons
  readonly emit: Emit
}

const MOST = 64
const LATEST_MS = 25
/** Bodies that wait with their requests. */
const MOST_BYTES = 1024 * 1024

export class Books {
  readonly #tools: BooksTools
  #waiting: SettledRequest[] = []
  #bytes = 0
  #timer: NodeJS.Timeout | null = null

  constructor(tools: BooksTools) {
    this.#tools = tools
  }

  /** It is recorded within 25 ms. */
  add(settled: SettledRequest): void {
    const { request, bytesOut } = settled.life
    this.#waiting.push(settled)
    this.#bytes += request.raw.length + bytesOut
    if (this.#waiting.length >= MOST || this.#bytes > MOST_BYTES) this.flush()
    else
      this.#timer ??= setTimeout(() => {
        this.#timer = null
        this.flush()
      }, LATEST_MS).unref()
  }

  /** Records all that waits. Whoever reads what is recorded, or learnt, calls it first. */
  flush(): void {
    const settled = this.#waiting
    if (settled.length === 0) return
    this.#waiting = []
    this.#bytes = 0
    const { observers, lessons } = this.#tools
    const records: RequestRecord[] = []
    const followed: (readonly [said: Followed, caller: string])[] = []
    const reads = observers.map(({ readsDecisions }) => readsDecisions)
    this.#each(settled, (one) => {
      const { prompt, principal } = one.life.request
      const step = stepOf(prompt)
      const turn = turnOf(one.life, one.summary, step)
      const said = turn === null ? null : lessons.follow(turn)
      if (said !== null) followed.push([said, principal.id])
      records.push(recordOf(one, reads, step, said?.hinted ?? null))
    })
    // Observers first: what was expected must not know these answers yet.
    for (const observer of observers) this.#each(records, (record) => observer.onCompleted(record))
    this.#each(settled, (one) => teach(one, lessons))
    this.#each(followed, ([said, caller]) => lessons.heed(said, caller))
  }

  /** What throws for one keeps the others from nothing. */
  #each<T>(all: readonly T[], does: (one: T) => void): void {
    for (const one of all)
      try {
        does(one)
      } catch (thrown) {
        this.#tools.emit({ event: 'observer_failed', ...thrownOf(thrown) })
      }
  }
}
