/** The limits of one exchange, each separate, kept by a single timer. */
export type Phase = 'connect' | 'headers' | 'ttft' | 'idle' | 'total'

/** The words of an error are worth no longer wait; its status says enough. */
export const ERROR_BODY_MS = 1_000
/** How long usage and the terminal event may come behind the last finish reason; heartbeats do not make it longer. */
export const GRACE_MS = 1_500
/** Longest that an answer is read to its end for nobody but its usage. */
export const DRAIN_MS = 60_000

/**
 * One phase is current; the total runs beside it. The timer is set once and looks again when it fires, so that a chunk
 * of a stream costs a reading of the clock and no timer.
 */
export class Deadline {
  readonly #now: () => number
  readonly #expire: (phase: Phase) => void
  readonly #totalAt: number
  #phase: Phase = 'total'
  #phaseAt = Infinity
  #timer: NodeJS.Timeout | null = null
  #timerAt = Infinity

  constructor(totalMs: number, now: () => number, expire: (phase: Phase) => void) {
    this.#now = now
    this.#expire = expire
    this.#totalAt = now() + totalMs
  }

  /** Enters a phase that may last `ms` from now; Infinity = only the total limits it. */
  enter(phase: Phase, ms: number): void {
    this.#phase = phase
    this.#phaseAt = this.#now() + ms
    this.#schedule()
  }

  /** Gives the current phase `ms` from now, without touching the timer when that is later than before. */
  extend(ms: number): void {
    this.#phaseAt = this.#now() + ms
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    this.#timerAt = Infinity
  }

  #schedule(): void {
    const at = Math.min(this.#phaseAt, this.#totalAt)
    // A timer that fires too early looks again; one that would fire too late must go.
    if (this.#timer !== null && this.#timerAt <= at) return
    this.stop()
    this.#timerAt = at
    this.#timer = setTimeout(() => this.#look(), Math.min(Math.max(0, Math.ceil(at - this.#now())), MAX_TIMEOUT))
  }

  #look(): void {
    this.#timer = null
    this.#timerAt = Infinity
    const now = this.#now()
    if (now >= this.#totalAt) this.#expire('total')
    else if (now >= this.#phaseAt) this.#expire(this.#phase)
    else this.#schedule()
  }
}

/** setTimeout fires at once for anything longer. */
const MAX_TIMEOUT = 2 ** 31 - 1
