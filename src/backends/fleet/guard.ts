/** What stands before one backend, by its description: a gate, where it, or a key of it, has limits, or where it has several keys. */
import { type BackendState, isUp } from '../../core/backend-state.ts'
import { ERRORS, type ErrorCode, type GatewayError } from '../../core/errors.ts'
import type { BackendSpec, LaneLimits } from '../../core/settings.ts'
import { blamesKey } from '../gate/blame.ts'
import { Gate } from '../gate/gate.ts'
import type { Rest } from '../gate/lane.ts'
import type { Pass } from '../gate/pass.ts'
import type { LiveState } from './health.ts'
import { newsOf } from './news.ts'
import { KEY_MS } from './standing.ts'

export interface GuardTools {
  /** Monotonic, ms. */
  now(): number
  /** See GateTools. */
  loadSeconds(model: string): number
  rested(key: string, code: ErrorCode, ms: number, model: string | null): void
}

/** `spared`: other keys are there, so nothing is said about the backend; an object: all of them rest, until then (clock reading). */
export type KeyNews = 'spared' | { readonly about: 'backend' | 'model'; readonly until: number } | null

const isLimited = ({ rpm, tpm, parallel }: LaneLimits): boolean => rpm !== null || tpm !== null || parallel !== null

export class Guard {
  /** Null: it is sent whatever comes. */
  gate: Gate | null = null
  readonly #live: LiveState
  readonly #tools: GuardTools
  #spec: BackendSpec

  constructor(spec: BackendSpec, live: LiveState, tools: GuardTools) {
    this.#spec = spec
    this.#live = live
    this.#tools = tools
    this.describe(spec)
  }

  /** Another description of it is in force; its calls go on. */
  describe(spec: BackendSpec): void {
    this.#spec = spec
    const { limits, keys } = spec
    const wanted = limits !== null || keys.length > 1 || keys.some(isLimited)
    if (this.gate !== null) this.gate.apply({ limits, keys })
    else if (wanted) this.gate = this.#open()
    if (wanted) return
    this.gate?.close()
    this.gate = null
  }

  /** A call has ended. */
  left(pass: Pass | null): void {
    if (pass?.gate !== this.gate) this.gate?.strangerLeft()
  }

  /** A call ended by an error that may be about its key. */
  refused(pass: Pass, error: GatewayError | null): KeyNews {
    const { gate } = this
    const news = newsOf(error, this.#spec)
    if (gate === null || error === null || (news?.is !== 'pause' && news?.is !== 'key')) return null
    const several = this.#spec.keys.length > 1
    const ofKey = several && blamesKey(error)
    const { model } = pass.entrant
    const ofModel = news.is === 'pause' && news.about === 'model'
    gate.rest(ofKey ? pass : null, error.code, news.is === 'key' ? KEY_MS : news.ms, ofModel ? model : null)
    if (!ofKey) return null
    const now = this.#tools.now()
    const isRefused = ({ until, code }: Rest): boolean => until > now && code !== null && ERRORS[code].health === 'key'
    if (gate.lanes.every((lane) => isRefused(lane.restFor(null)))) return null
    if (gate.restsUntil(null) > now) return { about: 'backend', until: gate.restsUntil(null) }
    return gate.restsUntil(model) > now ? { about: 'model', until: gate.restsUntil(model) } : 'spared'
  }

  moved(state: BackendState): void {
    // Where nothing looks at it, only the next call can tell whether it is back.
    if (state === 'down' || state === 'warming_up') this.gate?.hold(this.#spec.provider.discovery.length > 0)
    else if (isUp(state)) this.gate?.release()
  }

  close(): void {
    this.gate?.close()
  }

  #open(): Gate {
    const { limits, keys } = this.#spec
    return new Gate({ limits, keys }, this.#live.queue, this.#live.load.open, {
      ...this.#tools,
      timer(ms, then) {
        const timer = setTimeout(then, ms).unref()
        return () => clearTimeout(timer)
      },
      slots: () => this.#live.reading?.slots ?? null,
    })
  }
}
