/** One backend of the fleet: its state, its models, and the looks at it from time to time. */
import type { GatewayError } from '../../core/errors.ts'
import { loadOf } from '../../core/load.ts'
import type { Provider } from '../../core/provider.ts'
import type { BackendSpec, PolicySettings } from '../../core/settings.ts'
import type { BackendState } from '../../core/backend-state.ts'
import type { Deployment } from '../../core/types.ts'
import type { ModelStats } from '../../decision/learn/model-stats.ts'
import type { HttpClient } from '../upstream/http-client.ts'
import { type DetailCache, discover, type Discovery } from './discover.ts'
import { learn, type LiveState, nextLook } from './health.ts'
import { type DeploymentState, Models } from './models.ts'
import { kindCheck } from './kind-check.ts'
import { type Place, Places } from './places.ts'
import { UsageRefusal } from './usage-refusal.ts'

export interface MonitorTools {
  /** The one of this moment. */
  readonly client: () => HttpClient
  /** Monotonic, ms. */
  now(): number
  /** The list of models, or a fact, is another one. */
  changed(): void
  readonly lessons: ModelStats
  /** Kinds that a backend may be instead of the one that is written; see kind-check.ts. */
  readonly kinds: readonly Provider[]
  /** The state, or its reason, is another one. */
  moved(member: BackendMonitor, from: BackendState): void
}

/** A backend that just refused a connection is looked at again after this many ms: most restarts are short. */
const SOON_MS = 250
const LONGEST_WARMING_MS = 5 * 60_000

export type MonitorSettings = Pick<PolicySettings, 'models' | 'discovery'>

export class BackendMonitor {
  readonly live: LiveState = {
    state: 'unknown',
    reason: null,
    since: 0,
    until: null,
    recovery: null,
    load: loadOf(0),
    queue: { waiting: 0, seconds: 0, full: false },
    retryAfterUntil: 0,
    reading: null,
    refusesUsage: false,
  }
  readonly #places = new Places()
  #models: Models
  #timing: PolicySettings['discovery']
  readonly #tools: MonitorTools
  readonly #cache: DetailCache = new Map()
  readonly #refusal: UsageRefusal
  #timer: NodeJS.Timeout | null = null
  #looking: Promise<void> | null = null
  #abort: AbortController | null = null
  #stopped = false
  /** Another one for each description of the backend. */
  #turn = 0
  /** What the kind was last compared with, and what came of it. */
  #checked: { readonly about: string; readonly mismatch: string | null } = { about: '', mismatch: null }
  /** What is wrong with it although it answers; shown as its reason. */
  #note: string | null = null
  #failures = 0
  #warmingSince = 0
  #answeredAt = -Infinity
  #lookedAt = -Infinity

  constructor(spec: BackendSpec, { models, discovery }: MonitorSettings, tools: MonitorTools) {
    this.#timing = discovery
    this.#tools = tools
    this.live.since = tools.now()
    this.#models = new Models(spec, this.live, models, tools.lessons)
    this.#refusal = new UsageRefusal(this.live)
  }

  get spec(): BackendSpec {
    return this.#models.spec
  }

  /** Its models as they would be by another configuration; changes nothing. */
  under(spec: BackendSpec, operator: PolicySettings['models']): Models {
    return this.#models.under(spec, operator)
  }

  /** Another configuration is in force: `models` come from `under`. True where its backend is described in another way. */
  apply(models: Models, timing: PolicySettings['discovery']): boolean {
    const before = this.spec
    this.#models = models
    const others = timing.intervalMs !== this.#timing.intervalMs || timing.retryMs !== this.#timing.retryMs
    this.#timing = timing
    if (before === this.spec) {
      if (others && this.#timer !== null) this.#lookAgain()
      return false
    }
    // Its wish to be left alone was for the key before it.
    if (before.key !== this.spec.key) this.live.retryAfterUntil = 0
    this.#turn++
    this.#abort?.abort()
    void (this.#looking ?? Promise.resolve()).then(() => this.look())
    return true
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
        this.#lookAgain()
      }
    })
    return this.#looking
  }

  /** Resolves when the look in progress has ended. */
  async looked(): Promise<void> {
    await this.#looking
  }

  /** A request goes to this backend. `pending`: tokens of its prompt that are new there. */
  sent(stream: boolean, pending: number): Place {
    const { load } = this.live
    load.open++
    const place = this.#places.sent(stream, pending)
    load.pending = this.#places.pending
    return place
  }

  /** Its first token came, or the whole of its answer. */
  began(place: Place): void {
    this.#places.began(place)
    this.live.load.pending = this.#places.pending
  }

  /** A call of this deployment ended. */
  called(deployment: DeploymentState, error: GatewayError | null): void {
    const { residency, backend } = deployment
    residency.called(backend, error, this.#tools.now())
    if (error === null) this.#models.displace(deployment)
  }

  /** A request to this backend ended, in a way that says nothing about it. */
  left(place: Place | null): void {
    const { load } = this.live
    if (load.open > 0) load.open--
    if (place === null) return
    this.#places.ended(place)
    load.pending = this.#places.pending
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
    const tools = { client: this.#tools.client(), signal: abort.signal, cache: this.#cache }
    const turn = this.#turn
    try {
      const result = await discover(this.spec, tools)
      const mismatch = await this.#mismatch(result, abort.signal)
      // By the configuration before it.
      if (this.#stopped || turn !== this.#turn) return
      this.#take(result, mismatch)
      this.#lookedAt = this.#tools.now()
      if (result.found) await this.#refusal.review(this.spec, tools, this.#lookedAt)
    } finally {
      clearTimeout(limit)
      this.#abort = null
    }
  }

  /** Asked when something is another than at the last look. */
  async #mismatch(result: Discovery, signal: AbortSignal): Promise<string | null> {
    const { client, kinds } = this.#tools
    const about = `${this.#turn} ${result.found ? 'found' : result.reason}`
    if (kinds.length === 0 || this.#checked.about === about) return this.#checked.mismatch
    const mismatch = await kindCheck(this.spec, result, { client: client(), signal, kinds })
    if (!signal.aborted || mismatch !== null) this.#checked = { about, mismatch }
    return mismatch
  }

  #take(result: Discovery, mismatch: string | null): void {
    this.#note = mismatch
    if (result.found) {
      this.#failures = result.complete ? 0 : this.#failures + 1
      if (this.#models.update(result.models)) this.#tools.changed()
      if (this.spec.provider.discovery.length > 0) this.#ready()
      return
    }
    this.#failures++
    if (result.loading) this.#warming()
    else if (this.#servesUnlisted(result)) this.#ready()
    else if (!this.#provesNothing(result)) this.#move('down', mismatch ?? result.reason)
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
    this.#move('ready', this.#note)
  }

  #move(state: BackendState, reason: string | null): void {
    const { live } = this
    const from = live.state
    if (from === state && live.reason === reason) return
    live.state = state
    live.reason = reason
    live.since = this.#tools.now()
    this.#tools.moved(this, from)
  }

  #lookAgain(): void {
    this.#lookIn(nextLook(this.live, this.#failures, this.#timing, Math.random()))
  }

  #lookIn(ms: number): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    if (this.#stopped) return
    this.#timer = setTimeout(() => void this.look(), ms)
    this.#timer.unref()
  }
}

const STUCK = 'loading for more than 5 minutes'
