/** A cloud: nobody waits for others, and whoever comes above its limit is refused. Pure. */
import type { Clock } from './clock.ts'
import type { CloudModel } from './fleet-spec.ts'
import type { Call, Instance, Reading } from './instance.ts'

const MINUTE = 60
const SILENT: Reading = {
  running: null,
  waiting: null,
  kv: null,
  kvTokens: null,
  slots: null,
  model: null,
  restarts: 0,
}

export class Cloud implements Instance {
  readonly busySeconds = 0
  readonly #model: CloudModel
  readonly #most: number
  readonly #clock: Clock
  /** When it took the calls of the last minute. */
  readonly #taken: number[] = []
  readonly #open = new Set<Call>()
  #away = false

  constructor(model: CloudModel, speed: number, clock: Clock) {
    this.#model = model
    this.#most = Math.max(1, Math.round(model.perMinute * speed))
    this.#clock = clock
  }

  call(call: Call): void {
    const { startSeconds, inputSeconds, tokenSeconds } = this.#model
    const { now } = this.#clock
    if (this.#away) return call.failed({ why: 'away' })
    while (this.#taken.length > 0 && this.#taken[0]! <= now - MINUTE) this.#taken.shift()
    if (this.#taken.length >= this.#most)
      return call.failed({ why: 'full', retrySeconds: this.#taken[0]! + MINUTE - now })
    this.#taken.push(now)
    this.#open.add(call)
    const { input, output } = call.request
    this.#clock.after(startSeconds + inputSeconds * input, () => {
      if (this.#open.has(call)) call.began(0)
    })
    this.#clock.after(startSeconds + inputSeconds * input + tokenSeconds * output, () => {
      if (this.#open.delete(call)) call.ended()
    })
  }

  read(): Reading | null {
    return this.#away ? null : SILENT
  }

  die(): void {
    const lost = [...this.#open]
    this.#away = true
    this.#open.clear()
    for (const call of lost) call.failed({ why: 'away' })
  }

  revive(): void {
    this.#away = false
  }
}
