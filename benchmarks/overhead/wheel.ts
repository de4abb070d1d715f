/** One timer for all paced streams. Each keeps its own phase; ticks that came late are made up for, so the mean pace is exact. */
const SLOTS = 64

export class Wheel {
  readonly #slots: (() => boolean)[][] = Array.from({ length: SLOTS }, () => [])
  readonly #periods = new WeakMap<() => boolean, number>()
  #tick = 0
  #live = 0
  #origin = 0

  /** Calls `step` each `periodMs` (1..63) until it returns false. */
  every(periodMs: number, step: () => boolean): void {
    if (periodMs < 1 || periodMs >= SLOTS) throw new RangeError(`a period of ${periodMs} ms is not on the wheel`)
    if (this.#live === 0) {
      this.#origin = performance.now()
      this.#tick = 0
      this.#arm()
    }
    this.#live++
    this.#periods.set(step, periodMs)
    // By the clock, not by the last tick served: a late tick must not shorten the first gap.
    const now = Math.max(this.#tick, Math.round(performance.now() - this.#origin))
    this.#put(Math.min(now + periodMs, this.#tick + SLOTS - 1), step)
  }

  #put(tick: number, step: () => boolean): void {
    this.#slots[tick % SLOTS]?.push(step)
  }

  #arm(): void {
    setTimeout(() => this.#turn(), 1)
  }

  #turn(): void {
    const now = Math.floor(performance.now() - this.#origin)
    while (this.#tick < now) {
      this.#tick++
      const due = this.#slots[this.#tick % SLOTS] ?? []
      this.#slots[this.#tick % SLOTS] = []
      for (const step of due) {
        if (step()) this.#put(this.#tick + (this.#periods.get(step) ?? 1), step)
        else this.#live--
      }
    }
    if (this.#live > 0) this.#arm()
  }
}
