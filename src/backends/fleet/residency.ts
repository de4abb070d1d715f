/** What is known of whether a model is loaded: by what its engine tells, else by its calls. */
import type { LoadTime } from '../../core/arm.ts'
import type { ModelReading } from '../../core/engine-reading.ts'
import type { GatewayError } from '../../core/errors.ts'
import type { Residency } from '../../core/residency.ts'
import type { BackendSpec } from '../../core/settings.ts'
import { isLocal } from '../../decision/route/local.ts'
import { loadSecondsOf } from '../../decision/learn/load-time.ts'
import type { LiveState } from './health.ts'

/** Ollama leaves a model after five minutes, LM Studio after an hour. */
const WARM_MS = 240_000
/** As long as an answer of its engine may have been under way. */
const SETTLED_MS = 1_000

/** Where a model is: it comes and goes on its engine, stays there as long as that runs, or runs elsewhere. */
type Home = 'on demand' | 'stays' | 'elsewhere'

/** Nobody has to start its engine. */
const BY_ITSELF = { comesIn: null }

/** The fleet's own view of `Residency`. */
export class ResidencyState implements Residency {
  loaded: boolean | null
  until = Infinity
  /** Of its file; null: nobody told. */
  bytes: number | null = null
  #home: Home
  readonly #learnt: LoadTime
  readonly #live: Pick<LiveState, 'comesIn'>
  #answeredAt = -Infinity

  constructor(spec: BackendSpec, model: string, learnt: LoadTime, live: Pick<LiveState, 'comesIn'> = BY_ITSELF) {
    this.#home = homeOf(spec, model)
    this.#live = live
    if (spec.engine !== null) this.loaded = live.comesIn?.() === 0
    else this.loaded = this.#home === 'on demand' ? null : true
    this.#learnt = learnt
  }

  get loadSeconds(): number {
    const { comesIn } = this.#live
    return comesIn === null ? loadSecondsOf(this.#learnt, this.bytes) : comesIn() / 1000
  }

  /** Its engine tells of its models; null: it is silent. What was asked for before a call ended may be older than that. */
  heard(reading: ModelReading | null, now: number, epochMs: number): void {
    const loaded = reading?.loaded ?? null
    if (loaded === null || this.#home === 'elsewhere') return
    if (!loaded && now - this.#answeredAt < SETTLED_MS) return
    // A router of llama.cpp, of which nobody said that it loads on demand.
    if (!loaded) this.#home = 'on demand'
    this.loaded = loaded
    const until = reading?.until ?? null
    this.until = until === null ? Infinity : now + Math.max(0, until - epochMs)
  }

  /** A call of it ended: by that it is known to be loaded, or nothing is any more. */
  called(error: GatewayError | null, now: number): void {
    if (this.#home === 'elsewhere') return
    if (error === null) {
      this.#answeredAt = now
      this.loaded = true
      this.until = this.#home === 'on demand' ? now + WARM_MS : Infinity
    } else if (error.source === 'upstream' && this.#home === 'on demand') this.loaded = null
  }

  /** Its engine is there, or is not, which the gateway starts. */
  engineIs(there: boolean): void {
    this.loaded = there
    this.until = Infinity
  }

  /** Another model of the same engine answered, and may have taken its place. */
  displaced(): void {
    if (this.loaded === true && this.#home === 'on demand') this.loaded = null
  }
}

function homeOf(spec: BackendSpec, model: string): Home {
  if (isLocal({ backend: spec, model }) !== spec.provider.local) return 'elsewhere'
  return spec.loadsOnDemand ? 'on demand' : 'stays'
}
