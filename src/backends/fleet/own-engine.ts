/** The engine of a backend that the gateway starts itself, as its monitor sees it. */
import { isDeepStrictEqual } from 'node:util'
import type { BackendSpec } from '../../core/settings.ts'
import type { EngineHooks } from '../engine/engine.ts'
import type { Engines, Seat } from '../engine/engines.ts'
import type { EnginePhase } from '../engine/member.ts'
import type { LiveState } from './health.ts'
import type { Standing } from './standing.ts'

export interface OwnEngineTools {
  readonly engines: Engines
  readonly live: LiveState
  readonly standing: Standing
  /** Monotonic, ms. */
  readonly now: () => number
  /** Whether what answers now is the backend. */
  readonly probe: () => Promise<boolean>
  /** Its phase is another one; `there`: it runs and has answered. */
  readonly moved: (there: boolean) => void
}

export class OwnEngine {
  readonly #tools: OwnEngineTools
  readonly #hooks: EngineHooks
  #seat: Seat | null = null
  /** Runs of before are over. */
  #after: Promise<void> = Promise.resolve()

  constructor(spec: BackendSpec, tools: OwnEngineTools) {
    this.#tools = tools
    this.#hooks = { probe: () => tools.probe(), moved: () => this.show() }
    if (spec.engine !== null) this.#seat = tools.engines.add(spec, this.#hooks)
    tools.live.comesIn = this.#comesIn()
  }

  /** Null: it runs by itself. */
  get seat(): Seat | null {
    return this.#seat
  }

  /** Null: it runs by itself. */
  get phase(): EnginePhase | null {
    return this.#seat?.phase ?? null
  }

  /** Somebody may answer at its address who is the backend. */
  get mayAnswer(): boolean {
    const { phase } = this
    return phase === null || phase === 'running' || phase === 'starting'
  }

  /** The backend is described in another way. What runs and is another one by now ends with its calls. */
  describe(before: BackendSpec, spec: BackendSpec): void {
    const { engines } = this.#tools
    const [old, now] = [before.engine, spec.engine]
    if (old !== null && now !== null && old.group === now.group) {
      const { ttlMs, startMs, ...run } = now
      const again = !isDeepStrictEqual({ ...old, ttlMs, startMs }, { ...run, ttlMs, startMs })
      this.#seat?.describe(spec, again)
      return
    }
    if (old === null && now === null) return
    if (this.#seat !== null) this.#after = this.#seat.retire()
    this.#seat = now === null ? null : engines.add(spec, this.#hooks, this.#after)
    this.show()
  }

  /** The state of the backend is that of its engine, as long as that does not run. */
  show(): void {
    const { live, standing, moved } = this.#tools
    const now = this.#tools.now()
    live.comesIn = this.#comesIn()
    if (this.#seat === null) return
    const { phase, engine } = this.#seat
    if (phase === 'starting') standing.own('starting', now)
    else if (phase === 'failed') standing.away(engine.failure ?? 'its process ended', now)
    else if (phase !== 'running') standing.own('off', now)
    moved(phase === 'running')
  }

  #comesIn(): LiveState['comesIn'] {
    const seat = this.#seat
    return seat === null ? null : () => seat.waitMs
  }

  /** The backend is not wanted any more. Resolves when the calls of its engine have ended, and the engine with them. */
  async retire(): Promise<void> {
    await this.#seat?.retire()
    await this.#after
  }
}
