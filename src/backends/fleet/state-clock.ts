/** Some states of a backend end by the time alone: looks at it when that is. */
import type { Standing } from './standing.ts'

export class StateClock {
  readonly #standing: Standing
  readonly #now: () => number
  #set: { readonly timer: NodeJS.Timeout; readonly at: number } | null = null
  #stopped = false

  constructor(standing: Standing, now: () => number) {
    this.#standing = standing
    this.#now = now
  }

  /** To be called whenever something of it may be another. */
  keep(): void {
    const { next } = this.#standing
    if (next === null || this.#stopped || (this.#set !== null && this.#set.at <= next)) return
    if (this.#set !== null) clearTimeout(this.#set.timer)
    const timer = setTimeout(() => this.#due(), Math.max(1, next - this.#now()))
    timer.unref()
    this.#set = { timer, at: next }
  }

  stop(): void {
    this.#stopped = true
    if (this.#set !== null) clearTimeout(this.#set.timer)
  }

  #due(): void {
    this.#set = null
    this.#standing.review(this.#now())
    this.keep()
  }
}
