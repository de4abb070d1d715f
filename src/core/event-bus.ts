/** Brings each event to all that listen: the log, the metrics, a page. */
import type { Emit, GatewayEvent } from './events.ts'

/** Events that listeners cause while they are given one; further ones are dropped, so that two that answer each other end. */
const MOST_WAITING = 1_000

export class EventBus {
  readonly #listeners = new Set<Emit>()
  readonly #waiting: GatewayEvent[] = []
  #delivering = false
  /** Times that a listener threw. */
  failures = 0
  /** Events that no listener was given. */
  dropped = 0

  /** Events from now on, in the order in which they happened. Gives the function that ends it. */
  subscribe(listener: Emit): () => void {
    // A wrapper of its own: one function may listen twice, and each subscription ends by itself.
    const own: Emit = (event) => listener(event)
    this.#listeners.add(own)
    return () => void this.#listeners.delete(own)
  }

  get listeners(): number {
    return this.#listeners.size
  }

  /** All listeners have been given it when this returns, but for one that is emitted by a listener. Never throws. */
  readonly emit: Emit = (event) => {
    if (this.#waiting.length >= MOST_WAITING) {
      this.dropped++
      return
    }
    this.#waiting.push(event)
    if (this.#delivering) return
    this.#delivering = true
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) this.#deliver(next)
    this.#delivering = false
  }

  #deliver(event: GatewayEvent): void {
    for (const listener of this.#listeners) {
      try {
        listener(event)
      } catch {
        this.failures++
      }
    }
  }
}
