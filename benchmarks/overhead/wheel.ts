/** One clock for all paced streams. Each has a phase of its own; ticks that came late are made up for, so the mean pace is exact. */
import { Worker } from 'node:worker_threads'
import { LIVE, PENDING } from './ticker.ts'

/** A timer of the event loop knows whole milliseconds and would wake twenty streams at once. */
const TICK_MS = 0.1
const SLOTS = 1024

export class Wheel {
  readonly #slots: (() => boolean)[][] = Array.from({ length: SLOTS }, () => [])
  readonly #periods = new WeakMap<() => boolean, number>()
  readonly #flags = new Int32Array(new SharedArrayBuffer(8))
  readonly #origin = performance.now()
  #tick = 0
  #live = 0

  constructor() {
    const ticker = new Worker(new URL('./ticker.js', import.meta.url), {
      workerData: { flags: this.#flags, tickMs: TICK_MS },
    })
    ticker.on('message', () => {
      Atomics.store(this.#flags, PENDING, 0)
      this.#turn()
    })
    ticker.unref()
  }

  /** Calls `step` each `periodMs` until it returns false; the first time somewhere within one period. */
  every(periodMs: number, step: () => boolean): void {
    const period = Math.round(periodMs / TICK_MS)
    if (period < 1 || period >= SLOTS) throw new RangeError(`a period of ${periodMs} ms is not on the wheel`)
    if (this.#live++ === 0) {
      this.#tick = this.#now()
      Atomics.store(this.#flags, LIVE, 1)
      Atomics.notify(this.#flags, LIVE)
    }
    this.#periods.set(step, period)
    const phase = this.#now() + 1 + Math.floor(Math.random() * period)
    this.#put(Math.min(phase, this.#tick + SLOTS - 1), step)
  }

  #now(): number {
    return Math.floor((performance.now() - this.#origin) / TICK_MS)
  }

  #put(tick: number, step: () => boolean): void {
    this.#slots[tick % SLOTS]?.push(step)
  }

  #turn(): void {
    const now = this.#now()
    while (this.#tick < now && this.#live > 0) {
      const tick = ++this.#tick
      const due = this.#slots[tick % SLOTS]!
      if (due.length === 0) continue
      this.#slots[tick % SLOTS] = []
      for (const step of due) {
        if (step()) this.#put(tick + this.#periods.get(step)!, step)
        else this.#live--
      }
    }
    if (this.#live === 0) Atomics.store(this.#flags, LIVE, 0)
  }
}
