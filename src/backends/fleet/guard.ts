/** What stands before one backend, by its description: a gate, where it, or a key of it, has limits, or where it has several keys. */
import { type BackendState, isUp } from '../../core/backend-state.ts'
import { ERRORS, type ErrorCode, type GatewayError } from '../../core/errors.ts'
import type { BackendSpec, LaneLimits } from '../../core/settings.ts'
import { blamesKey } from '../gate/blame.ts'
import { Gate } from '../gate/gate.ts'
import type { Rest } from '../gate/lane.ts'
import type { Pass } from '../gate/pass.ts'
import type { Discovery } from './discover.ts'
import type { LiveState } from './health.ts'
import type { Models } from './models.ts'
import { newsOf } from './news.ts'
import { KEY_MS } from './standing.ts'

export interface GuardTools {
  /** Monotonic, ms. */
  now(): number
  readonly models: () => Pick<Models, 'loadSeconds' | 'isWell' | 'slots'>
  /** See GateTools. */
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
  /** The key that got the last list. */
  #lister: string | null = null

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

  /** Its list of models, with the first key that gets it; keys that rest are left alone, unless all do. `spec`: by that key. */
  async list(ask: (spec: BackendSpec) => Promise<Discovery>): Promise<{ result: Discovery; spec: BackendSpec }> {
    const [first, ...others] = this.#listers()
    let spec = first!
    let result = await ask(spec)
    for (const other of others) {
      if (result.found || !result.refusesKey) break
      spec = other
      result = await ask(spec)
    }
    if (result.found) this.#lister = spec.key
    return { result, spec }
  }

  /** Its description with each key that a list can be asked for with: that which got the last one, then in their order. */
  #listers(): readonly BackendSpec[] {
    const { keys } = this.#spec
    if (this.gate === null || keys.length < 2) return [this.#spec]
    const now = this.#tools.now()
    const resting = new Set(this.gate.lanes.filter((lane) => lane.restFor(null).until > now).map(({ key }) => key))
    const able = keys.filter((key) => !resting.has(key))
    const secrets = (able.length === 0 ? keys : able).map(({ secret }) => secret)
    const last = secrets.filter((secret) => secret === this.#lister)
    return [...last, ...secrets.filter((secret) => secret !== this.#lister)].map((key) => ({ ...this.#spec, key }))
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
    const { models } = this.#tools
    const now = (): number => this.#tools.now()
    return new Gate({ limits, keys }, this.#live.queue, this.#live.load.open, {
      now,
      rested: (...rest) => this.#tools.rested(...rest),
      loadSeconds: (model) => models().loadSeconds(model, now()),
      isWell: (model) => models().isWell(model, now()),
      timer(ms, then) {
        const timer = setTimeout(then, ms).unref()
        return () => clearTimeout(timer)
      },
      slots: (model) => (model === null ? (this.#live.reading?.slots ?? null) : models().slots(model)),
    })
  }
}
