/** An engine: it reads one prompt after the other, keeps their blocks, and writes all answers side by side. Pure. */
import { BlockCache } from './block-cache.ts'
import type { Clock } from './clock.ts'
import type { EngineModel } from './fleet-spec.ts'
import type { Call, Instance, Reading } from './instance.ts'
import { BLOCK_TOKENS } from './trace.ts'

export class Engine implements Instance {
  busySeconds = 0
  readonly #model: EngineModel
  readonly #speed: number
  readonly #clock: Clock
  readonly #cache: BlockCache
  readonly #waiting: Call[] = []
  /** Calls that are answered, and the one whose prompt is read. */
  readonly #running = new Set<Call>()
  #reading = false
  #loaded: number | null = null
  #held = 0
  #away = false
  /** Another one after each death: what was to happen before it does not. */
  #life = 0

  constructor(model: EngineModel, speed: number, clock: Clock) {
    this.#model = model
    this.#speed = speed
    this.#clock = clock
    this.#cache = new BlockCache(model.cacheBlocks)
  }

  call(call: Call): void {
    if (this.#away) return call.failed({ why: 'away' })
    this.#waiting.push(call)
    this.#next()
  }

  read(): Reading | null {
    if (this.#away) return null
    const { cacheBlocks, slots, loadSeconds } = this.#model
    return {
      running: this.#running.size,
      waiting: this.#waiting.length,
      kv: Math.min(1, this.#held / cacheBlocks),
      kvTokens: cacheBlocks * BLOCK_TOKENS,
      slots,
      model: loadSeconds === null ? null : (this.#loaded ?? -1),
      restarts: this.#life,
    }
  }

  die(): void {
    const lost = [...this.#running, ...this.#waiting]
    this.#away = true
    this.#life++
    this.#running.clear()
    this.#waiting.length = 0
    this.#reading = false
    this.#loaded = null
    this.#held = 0
    this.#cache.clear()
    for (const call of lost) call.failed({ why: 'away' })
  }

  revive(): void {
    this.#away = false
  }

  #next(): void {
    const { slots, loadSeconds } = this.#model
    const [call] = this.#waiting
    if (call === undefined || this.#reading || (slots !== null && this.#running.size >= slots)) return
    if (loadSeconds !== null && call.model !== this.#loaded) this.#load(call.model, loadSeconds)
    else this.#read(call)
  }

  /** Once all that the other model is at has ended. */
  #load(model: number, seconds: number): void {
    if (this.#running.size > 0) return
    this.#reading = true
    this.#cache.clear()
    this.#later(seconds, () => {
      this.#loaded = model
      this.#reading = false
      this.#next()
    })
  }

  #read(call: Call): void {
    const { input, blocks } = call.request
    this.#waiting.shift()
    this.#running.add(call)
    this.#reading = true
    this.#held += blocks.length
    const kept = Math.min(input - 1, this.#cache.matched(blocks) * BLOCK_TOKENS)
    this.#cache.add(blocks)
    const seconds = Math.max(1, input - kept) / (this.#model.prefill * this.#speed)
    this.busySeconds += seconds
    this.#later(seconds, () => {
      this.#reading = false
      call.began(Math.max(0, kept))
      this.#write(call)
      this.#next()
    })
  }

  #write(call: Call): void {
    const { tokenSeconds, batchSeconds } = this.#model
    this.#later(call.request.output * (tokenSeconds + batchSeconds * this.#running.size), () => {
      this.#running.delete(call)
      this.#held -= call.request.blocks.length
      call.ended()
      this.#next()
    })
  }

  #later(seconds: number, happens: () => void): void {
    const life = this.#life
    this.#clock.after(seconds, () => {
      if (life === this.#life) happens()
    })
  }
}
