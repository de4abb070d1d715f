/** A fault that comes again and again is said at once, and then no more than once in a while. */
export class Occasionally {
  readonly #everyMs: number
  readonly #now: () => number
  #saidAt = -Infinity
  #silent = 0

  /** `now`: monotonic, ms. */
  constructor(everyMs = 60_000, now: () => number = () => performance.now()) {
    this.#everyMs = everyMs
    this.#now = now
  }

  /** It has come: null where it was said a moment ago, else how many times it came since then without being said. */
  due(): number | null {
    const now = this.#now()
    if (now - this.#saidAt < this.#everyMs) {
      this.#silent++
      return null
    }
    const silent = this.#silent
    this.#silent = 0
    this.#saidAt = now
    return silent
  }

  /** It is over: the next one is said at once. */
  over(): void {
    this.#saidAt = -Infinity
    this.#silent = 0
  }
}
