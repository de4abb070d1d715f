import type { Test } from 'tap'

interface Timer {
  readonly at: number
  readonly run: () => void
}

/** The handle of a timer, as the code that sets it expects one. */
interface Handle {
  readonly id: number
  ref(): Handle
  unref(): Handle
}

const wait = setImmediate

/**
 * Time that passes only when a test lets it, for code that reads `now()` and sets timers: a limit of a minute runs out in no time, and
 * nothing runs out because the machine is busy. Sockets stay real. Timers that `test/support/await.ts` sets are real ones as well.
 */
export class Clock {
  /** Reading of the clock in ms. */
  time = 1_000
  /** Timers set so far. */
  set = 0
  readonly #timers = new Map<number, Timer>()

  readonly now = (): number => this.time

  /** Timers that have not fired. */
  get waiting(): number {
    return this.#timers.size
  }

  /** From here to the end of the test `setTimeout` obeys this clock. */
  install(test: Test): this {
    test.teardown(this.#replace())
    return this
  }

  /** The same while `what` runs. */
  inside(what: () => void): void {
    const restore = this.#replace()
    try {
      what()
    } finally {
      restore()
    }
  }

  #replace(): () => void {
    const { setTimeout, clearTimeout } = globalThis
    const start = (run: (...args: unknown[]) => void, ms = 0, ...args: unknown[]): Handle => {
      const handle: Handle = { id: ++this.set, ref: () => handle, unref: () => handle }
      this.#timers.set(handle.id, { at: this.time + ms, run: () => run(...args) })
      return handle
    }
    // Timers of before are real ones.
    const stop = (timer: Handle | NodeJS.Timeout | undefined): void => {
      if (timer === undefined || !('id' in timer)) return clearTimeout(timer)
      this.#timers.delete(timer.id)
    }
    Object.assign(globalThis, { setTimeout: start, clearTimeout: stop })
    return () => void Object.assign(globalThis, { setTimeout, clearTimeout })
  }

  /** Moves on at once, running what is due in its order. */
  pass(ms: number): void {
    const until = this.time + ms
    for (;;) {
      const next = [...this.#timers].sort(([, a], [, b]) => a.at - b.at)[0]
      if (next === undefined || next[1].at > until) break
      this.#timers.delete(next[0])
      this.time = Math.max(this.time, next[1].at)
      next[1].run()
    }
    this.time = until
  }

  /** Moves on in steps and lets the sockets of this process work in between. */
  async passSlowly(ms: number, stepMs: number): Promise<void> {
    for (let left = ms; left > 0; left -= stepMs) {
      this.pass(Math.min(stepMs, left))
      for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => wait(resolve))
    }
  }
}
