/** What is known of whether a model is loaded: by what its engine tells, else by its calls. */
import type { LoadTime } from '../../core/arm.ts'
import type { GatewayError } from '../../core/errors.ts'
import type { Residency } from '../../core/residency.ts'
import type { BackendSpec } from '../../core/settings.ts'
import { isLocal } from '../../decision/route/local.ts'
import { loadSecondsOf } from '../../decision/learn/load-time.ts'

/** Ollama leaves a model after five minutes, LM Studio after an hour. */
const WARM_MS = 240_000

/** The fleet's own view of `Residency`. */
export class ResidencyState implements Residency {
  loaded: boolean | null
  until = Infinity
  /** Of its file; null: nobody told. */
  bytes: number | null = null
  readonly #learnt: LoadTime

  constructor(spec: BackendSpec, model: string, learnt: LoadTime) {
    this.loaded = comesAndGoes(spec, model) ? null : true
    this.#learnt = learnt
  }

  get loadSeconds(): number {
    return loadSecondsOf(this.#learnt, this.bytes)
  }

  /** Its engine tells. `until` null: it does not say how long. */
  told(loaded: boolean, until: number | null): void {
    this.loaded = loaded
    this.until = until ?? Infinity
  }

  /** A call of it ended: by that it is known to be loaded, or nothing is any more. */
  called(spec: BackendSpec, error: GatewayError | null, now: number): void {
    if (error === null) this.told(true, spec.loadsOnDemand ? now + WARM_MS : null)
    else if (error.source === 'upstream' && spec.loadsOnDemand) this.loaded = null
  }

  /** Another model of the same engine answered, and may have taken its place. */
  displaced(): void {
    if (this.loaded === true && this.until !== Infinity) this.loaded = null
  }
}

/** Its engine loads it when it is asked for, and leaves it again: not what runs at the vendor of a local engine. */
export const comesAndGoes = (spec: BackendSpec, model: string): boolean =>
  spec.loadsOnDemand && isLocal({ backend: spec, model }) === spec.provider.local
