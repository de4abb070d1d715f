/** One backend of the fleet: its state, its models, and the looks at it from time to time. */
import type { Dispatcher } from 'undici'
import type { GatewayError } from '../../core/errors.ts'
import { loadOf } from '../../core/load.ts'
import type { BackendSpec, Config } from '../../core/settings.ts'
import type { BackendState, Deployment } from '../../core/types.ts'
import type { ModelStats } from '../../decision/learn/model-stats.ts'
import { type DetailCache, discover, type Discovery } from './discover.ts'
import { learn, type LiveState, nextLook } from './health.ts'
import { Models } from './models.ts'
import { type Place, Places } from './places.ts'
import { UsageRefusal } from './usage-refusal.ts'

export interface MemberTools {
  readonly agent: Dispatcher
  /** Monotonic, ms. */
  now(): number
  /** The list of models, or a fact, is another one. */
  changed(): void
  readonly lessons: ModelStats
  /** The state is another one. */
  moved(member: BackendMonitor, from: BackendState): void
}

/** A backend that just refused a connection is looked at again after this many ms: most restarts are short. */
const SOON_MS = 250
const LONGEST_WARMING_MS = 5 * 60_000

export class BackendMonitor {
  readonly spec: BackendSpec
  readonly live: LiveState = {
    state: 'unknown',
    reason: null,
    load: loadOf(0),
    retryAfterUntil: 0,
    refusesUsage: false,
    warmModel: null,
    warmUntil: 0,
  }
  readonly places = new Places()
  readonly #models: Models
  readonly #timing: Config['discovery']
  readonly #tools: MemberTools
  readonly #cache: DetailCache = new Map()
  readonly #refusal: UsageRefusal
  #timer: NodeJS.Timeout | null = null
  #looking: Promise<void> | null = null
  #abort: AbortController | null = null
  #stopped = false
  #failures = 0
  #warmingSince = 0
  #answeredAt = -Infinity
  #lookedAt = -Infinity

  constructor(spec: BackendSpec, config: Config, tools: MemberTools) {
    this.spec = spec
    this.#timing = config.discovery
    this.#tools = tools
    this.#models = new Models(spec, this.live, config.models, tools.lessons)
    this.#refusal = new UsageRefusal(spec, this.live)
  }

  get deployments(): Iterable<Deployment> {
    return this.#models.deployments
  }

  get size(): number {
    return this.#models.size
  }

  /** Looks now, or joins the look in progress; resolves within `discovery.timeout`. Never rejects. */
  look(): Promise<void> {
    if (this.#looking !== null || this.#stopped) return this.#looking ?? Promise.resolve()
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    this.#looking = this.#look().finally(() => {
      this.#looking = null
      // Without a source there is nothing to look at: only requests tell how it is.
      if (this.spec.provider.discovery.length > 0) {
        this.#lookIn(nextLook(this.live, this.#failures, this.#timing, Math.random()))
      }
    })
    return this.#looking
  }

  /** A request goes to this backend. */
  sent(stream: boolean): Place {
    this.live.load.open++
    return this.places.sent(stream)
  }

  /** A request to this backend ended, in a way that says nothing about it. */
  left(place: Place | null): void {
    const { load } = this.live
    if (load.open > 0) load.open--
    if (place !== null) this.places.ended(place)
  }

  /** A request to this backend ended. */
  ended(error: GatewayError | null, place: Place | null): void {
    this.left(place)
    const now = this.#tools.now()
    const news = learn(this.live, error, now)
    if (news === 'up') {
      this.#answeredAt = now
      if (this.live.state !== 'ready') this.#ready()
    } else if (news === 'lost' && this.live.state !== 'down') {
      this.#failures = 0
      this.#move('down', error?.code === 'connect_timeout' ? 'no connection in time' : 'no connection')
      if (this.#looking === null && this.spec.provider.discovery.length > 0) this.#lookIn(SOON_MS)
    }
  }

  refusesUsage(): void {
    this.#refusal.remember(this.#tools.now())
  }

  async stop(): Promise<void> {
    this.#stopped = true
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#abort?.abort()
    await this.#looking
  }

  async #look(): Promise<void> {
    const abort = new AbortController()
    this.#abort = abort
    const limit = setTimeout(
      () => abort.abort(new DOMException('discovery.timeout', 'TimeoutError')),
      this.#timing.timeoutMs,
    )
    limit.unref()
    const tools = { agent: this.#tools.agent, signal: abort.signal, cache: this.#cache }
    try {
      const result = await discover(this.spec, tools)
      if (this.#stopped) return
      this.#apply(result)
      this.#lookedAt = this.#tools.now()
      if (result.found) await this.#refusal.review(tools, this.#lookedAt)
    } finally {
      clearTimeout(limit)
      this.#abort = null
    }
  }

  #apply(result: Discovery): void {
    if (result.found) {
      this.#failures = result.complete ? 0 : this.#failures + 1
      if (this.#models.update(result.models)) this.#tools.changed()
      if (this.spec.provider.discovery.length > 0) this.#ready()
      return
    }
    this.#failures++
    if (result.loading) this.#warming()
    else if (this.#servesUnlisted(result)) this.#ready()
    else if (!this.#provesNothing(result)) this.#move('down', result.reason)
  }

  /** Requests that are answered, or wait for a busy engine, weigh more than a list that is not. */
  #provesNothing({ late, status }: { readonly late: boolean; readonly status: number | null }): boolean {
    if (this.live.state !== 'ready' || (!late && status === null)) return false
    return this.#answeredAt >= this.#lookedAt || (late && this.live.load.open > 0)
  }

  /** Some clouds have no list, or none for a restricted key: declared models can be asked all the same. */
  #servesUnlisted({ status }: { readonly status: number | null }): boolean {
    if (status !== 200 && (status === null || status < 400 || status > 499)) return false
    if (status === 429) return this.#models.size > 0
    return this.spec.models.length > 0 && (status !== 401 || this.live.state === 'ready')
  }

  #warming(): void {
    const now = this.#tools.now()
    if (this.live.state !== 'warming_up' && this.live.reason !== STUCK) this.#warmingSince = now
    if (now - this.#warmingSince < LONGEST_WARMING_MS) this.#move('warming_up', 'loading')
    else this.#move('down', STUCK)
  }

  #ready(): void {
    // It may have been started again as another version, or with other options.
    if (this.live.state === 'down') {
      this.#refusal.forget()
      this.#models.forgetRefusals()
    }
    this.#move('ready', null)
  }

  #move(state: BackendState, reason: string | null): void {
    const { live } = this
    const from = live.state
    live.state = state
    live.reason = reason
    if (from !== state) this.#tools.moved(this, from)
  }

  #lookIn(ms: number): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    if (this.#stopped) return
    this.#timer = setTimeout(() => void this.look(), ms)
    this.#timer.unref()
  }
}

const STUCK = 'loading for more than 5 minutes'
