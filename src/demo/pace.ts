/** Time of a simulation: how long its tokens take, and the end of all work when the reader has gone. */
import type { ServerResponse } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import type { DemoModel } from './models.ts'

/** Below this, timers cost more than they measure: short delays are added up. */
const SHORTEST_MS = 2

export class Pace {
  readonly #model: DemoModel
  readonly #speed: number
  readonly #signal: AbortSignal
  #owed = 0

  /** `speed` 2 is twice as fast, Infinity without any delay. The signal ends every wait with its reason. */
  constructor(model: DemoModel, speed: number, signal: AbortSignal) {
    this.#model = model
    this.#speed = speed
    this.#signal = signal
  }

  async firstToken(): Promise<void> {
    await this.#pass(this.#model.ttftMs)
  }

  async tokens(count: number): Promise<void> {
    await this.#pass(this.#model.tokenMs * count)
  }

  async #pass(ms: number): Promise<void> {
    this.#signal.throwIfAborted()
    this.#owed += ms / this.#speed
    if (this.#owed < SHORTEST_MS) return
    const startedAt = performance.now()
    await wait(this.#owed, undefined, { signal: this.#signal })
    this.#owed -= performance.now() - startedAt
  }
}

/** Writes one event; resolves when the reader can take more. */
export async function sendEvent(response: ServerResponse, data: string, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  if (response.write(`data: ${data}\n\n`)) return
  await new Promise<void>((resolve, reject) => {
    const stop = (): void => reject(signal.reason as Error)
    signal.addEventListener('abort', stop, { once: true })
    response.once('drain', () => {
      signal.removeEventListener('abort', stop)
      resolve()
    })
  })
}
