/** Requests of each key in its minute, by a clock that cannot be set: by the time of day a step forward and back would shut a key for as long. */

type Done = (error: Error | null, result?: { current: number; ttl: number }) => void

/** More than there can be keys: one whose count is forgotten would begin anew. */
const MOST_COUNTED = 100_000

/** What @fastify/rate-limit calls. */
export class MinuteStore {
  readonly #counts = new Map<string, { current: number; readonly endsAt: number }>()
  readonly #now: () => number

  constructor(_options: unknown, now: () => number = () => performance.now()) {
    this.#now = now
  }

  incr(key: string, done: Done, windowMs = 60_000): void {
    const now = this.#now()
    let count = this.#counts.get(key)
    if (count === undefined || now >= count.endsAt) {
      if (this.#counts.size >= MOST_COUNTED) this.#sweep(now)
      this.#counts.set(key, (count = { current: 0, endsAt: now + windowMs }))
    }
    count.current++
    done(null, { current: count.current, ttl: count.endsAt - now })
  }

  /** What is counted, without counting. */
  read(key: string, done: Done): void {
    const count = this.#counts.get(key)
    const left = (count?.endsAt ?? 0) - this.#now()
    done(null, count === undefined || left <= 0 ? { current: 0, ttl: 0 } : { current: count.current, ttl: left })
  }

  /** One for all routes. */
  child(): this {
    return this
  }

  #sweep(now: number): void {
    for (const [key, { endsAt }] of this.#counts) if (endsAt <= now) this.#counts.delete(key)
  }
}
