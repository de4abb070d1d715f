/** Time that has gone by for certain, by a clock that may be set: a step back is none, and a step forward counts for a minute at most. */
const LONGEST_STEP_MS = 60_000

export class Elapsed {
  ms = 0
  #last: number | null = null

  /** The clock shows `now`, ms. */
  look(now: number): void {
    if (this.#last !== null && now > this.#last) this.ms += Math.min(LONGEST_STEP_MS, now - this.#last)
    this.#last = now
  }
}
