/** One backend of the fleet: its state, its models, and the looks at it from time to time. */
import type { EngineReading } from '../../core/engine-reading.ts'
import type { ErrorCode, GatewayError } from '../../core/errors.ts'
import { isLoaded } from '../../core/residency.ts'
import type { Provider } from '../../core/provider.ts'
import type { BackendSpec, PolicySettings } from '../../core/settings.ts'
import { type BackendState, isUp } from '../../core/backend-state.ts'
import type { Deployment } from '../../core/types.ts'
import { roomLimitOf } from '../../decision/learn/room.ts'
import type { ModelStats } from '../../decision/learn/model-stats.ts'
import type { Engines, Seat } from '../engine/engines.ts'
import type { HttpClient } from '../upstream/http-client.ts'
import { pause } from './deployment-health.ts'
import { type DetailCache, discover, type Discovery } from './discover.ts'
import { EnginePolls } from './engine-polls.ts'
import { Guard, type KeyNews } from './guard.ts'
import { type LiveState, newLive, nextLook } from './health.ts'
import { type DeploymentState, Models } from './models.ts'
import { KindCheck } from './kind-check.ts'
import { KvMirror } from './kv-mirror.ts'
import { mayTellMore, type News, newsOf } from './news.ts'
import { OwnEngine } from './own-engine.ts'
import { CacheMirror } from './cache-mirror.ts'
import { type Place, Places } from './places.ts'
import { Standing } from './standing.ts'
import { StateClock } from './state-clock.ts'
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
  /** Those that the gateway starts. */
  readonly engines: Engines
  /** Of its KV events: whether they come, and what is missing. */
  followed(member: BackendMonitor, news: { readonly why: string | null; readonly missed: number }): void
  /** The state, or its reason, is another one. */
  moved(member: BackendMonitor, from: BackendState): void
  /** One of its keys was refused, and is left alone for so long. */
  keyRested(member: BackendMonitor, key: string, code: ErrorCode, ms: number, model: string | null): void
}

/** A backend that just refused a connection is looked at again after this many ms: most restarts are short. */
const SOON_MS = 250

export type MonitorSettings = Pick<PolicySettings, 'models' | 'discovery'>

export class BackendMonitor {
  readonly live: LiveState = newLive()
  readonly guard: Guard
  readonly #places = new Places(this.live.load)
  readonly #mirror: CacheMirror
  readonly #kv: KvMirror
  #models: Models
  #timing: PolicySettings['discovery']
  readonly #tools: MonitorTools
  readonly #cache: DetailCache = new Map()
  readonly #refusal: UsageRefusal
  readonly #standing: Standing
  readonly #polls: EnginePolls
  readonly #own: OwnEngine
  /** The last look found that it serves. */
  #answers = false
  #timer: NodeJS.Timeout | null = null
  readonly #clock: StateClock
  #looking: Promise<void> | null = null
  #abort: AbortController | null = null
  #stopped = false
  /** Another one for each description of the backend. */
  #turn = 0
  readonly #kind: KindCheck
  #failures = 0
  #answeredAt = -Infinity
  #lookedAt = -Infinity

  constructor(spec: BackendSpec, { models, discovery }: MonitorSettings, tools: MonitorTools) {
    this.#timing = discovery
    this.#tools = tools
    this.#standing = new Standing(this.live, tools.now(), (from) => this.#moved(from))
    this.#clock = new StateClock(this.#standing, () => tools.now())
    this.#standing.wakes = spec.provider.response.wakes
    this.#own = new OwnEngine(spec, {
      ...{ engines: tools.engines, live: this.live, standing: this.#standing, now: () => tools.now() },
      probe: () => this.#probe(),
      moved: (there) => this.#engineMoved(there),
    })
    this.#models = new Models(spec, this.live, models, tools.lessons)
    this.#refusal = new UsageRefusal(this.live)
    this.#kind = new KindCheck(tools.kinds)
    this.#mirror = new CacheMirror(tools.lessons.prefixes)
    this.#kv = new KvMirror({
      now: () => tools.now(),
      caches: () => this.#models.caches,
      prefixes: tools.lessons.prefixes,
      told: (news) => tools.followed(this, news),
    })
    this.#polls = new EnginePolls(spec, this.live, discovery, {
      client: () => tools.client(),
      now: () => tools.now(),
      read: () => {
        this.#places.gauge(this.live.reading)
        this.#standing.read(tools.now())
        this.#mirror.read(this.live.reading, this.deployments)
        if (this.#models.heard(tools.now())) tools.changed()
        this.#clock.keep()
      },
    })
    this.guard = new Guard(spec, this.live, {
      now: () => tools.now(),
      models: () => this.#models,
      rested: (...rest) => tools.keyRested(this, ...rest),
    })
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
    this.#polls.apply(this.spec, timing)
    const others = timing.intervalMs !== this.#timing.intervalMs || timing.retryMs !== this.#timing.retryMs
    this.#timing = timing
    if (before === this.spec) {
      if (others && this.#timer !== null) this.#lookAgain()
      return false
    }
    this.guard.describe(this.spec)
    if (before.key !== this.spec.key) this.#standing.keyChanged(this.#tools.now())
    this.#turn++
    this.#abort?.abort()
    this.#own.describe(before, this.spec)
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
    if (!this.#own.mayAnswer) return Promise.resolve(this.#own.show())
    this.#looking = this.#look().finally(() => {
      this.#looking = null
      // Without a source there is nothing to look at: only requests tell how it is.
      if (this.spec.provider.discovery.length > 0) this.#lookAgain()
    })
    return this.#looking
  }

  /** Resolves when the look in progress has ended. */
  async looked(): Promise<void> {
    await this.#looking
  }

  /** A request goes to this backend: so many tokens of its prompt are new there, and so many are not. */
  sent(stream: boolean, tokens: number, kept: number): Place {
    const place = this.#places.sent(stream, this.#tools.now(), tokens, kept)
    if (this.live.load.open === 1) this.#polls.busy()
    this.#standing.loaded(this.#tools.now())
    this.#clock.keep()
    return place
  }

  /** Its first token came, or the whole of its answer. */
  began(place: Place): void {
    this.#places.began(place, this.#tools.now())
    if (this.live.recovery !== null) this.#standing.began()
    // Who answers is awake, but polls leave a sleeper alone: without a look it would be shown asleep until the next one is due.
    if (this.live.state === 'sleeping' && this.#tools.now() - this.#lookedAt > this.#timing.retryMs) void this.look()
  }

  /** A call of this deployment ended. */
  ended(deployment: DeploymentState, error: GatewayError | null, place: Place | null): void {
    this.left(place)
    const { residency, backend } = deployment
    const now = this.#tools.now()
    const cold = !isLoaded(residency, now)
    residency.called(error, now)
    if (error === null && cold) this.#models.displace(deployment, now)
    if ((error?.overflow ?? null) !== null && this.#models.reviewRefusals(now)) this.#tools.changed()
    const news = newsOf(error, backend)
    if (news === null) return
    // Its process has ended: that is known already, and says more.
    if (news.is === 'lost' && !this.#own.mayAnswer) return
    const from = this.live.state
    if (news.is === 'up') {
      this.#answeredAt = now
      if (backend.provider.local) this.#standing.room = roomLimitOf(deployment.latency.room)
    }
    if (news.is === 'pause') this.#paused(deployment, news, now)
    else this.#standing.called(news, this.#kind.mismatch, now)
    this.#clock.keep()
    if (this.live.state !== from && mayTellMore(this.live.state, backend)) this.#lookSoon()
  }

  /** A model wants to be left alone; where all of them do, so does the backend. */
  #paused(
    { health }: DeploymentState,
    { about, state, reason, ms }: News & { readonly is: 'pause' },
    now: number,
  ): void {
    let until = now + ms
    if (about === 'model') {
      pause(health, state, until)
      for (const one of this.#models.deployments) until = Math.min(until, one.health.retryAfterUntil)
    }
    if (until > now) this.#standing.pausedBy({ state, reason, from: now, until })
  }

  /** All of its keys rest, for all of its models or for this one. */
  keysRest(deployment: DeploymentState, { about, until }: Exclude<KeyNews, string | null>): void {
    const now = this.#tools.now()
    const reason = 'all of its keys rest'
    this.#paused(deployment, { is: 'pause', about, state: 'rate_limited', reason, ms: until - now }, now)
    this.#clock.keep()
  }

  /** A call of this backend ended, in a way that says nothing about it. */
  left(place: Place | null): void {
    this.#places.ended(place)
  }

  /** Calls that have not ended, whatever the engine says of them. */
  get inflight(): number {
    return this.live.load.open + this.#places.settled
  }

  /** What a look and a poll would have found, of an engine that is not asked over the network. */
  told(reading: EngineReading): void {
    this.#standing.found(null, this.#tools.now())
    this.#polls.told(reading)
  }

  refusesUsage(): void {
    this.#refusal.remember(this.#tools.now())
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.guard.close()
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#clock.stop()
    this.#abort?.abort()
    this.#kv.stop()
    await Promise.all([this.#looking, this.#polls.stop()])
  }

  /** The engine that the gateway starts for it; null: it runs by itself. */
  get seat(): Seat | null {
    return this.#own.seat
  }

  /** It is not wanted any more. Resolves when its engine has ended with its calls, where the gateway started it. */
  async retire(): Promise<void> {
    await this.stop()
    await this.#own.retire()
  }

  /** Whether what was started answers as the backend. */
  async #probe(): Promise<boolean> {
    this.#answers = false
    // One that began before the process did says nothing.
    await this.#looking
    await this.look()
    return this.#answers
  }

  /** The engine that the gateway starts for it runs, or does not. */
  #engineMoved(there: boolean): void {
    this.#models.engineIs(there)
    if (!there) {
      this.#polls.gone()
      if (this.#timer !== null) clearTimeout(this.#timer)
    }
    this.#clock.keep()
  }

  async #look(): Promise<void> {
    const [stop, time] = [new AbortController(), new AbortController()]
    this.#abort = stop
    const limit = setTimeout(
      () => time.abort(new DOMException('discovery.timeout', 'TimeoutError')),
      this.#timing.timeoutMs,
    )
    limit.unref()
    const signal = AbortSignal.any([stop.signal, time.signal])
    const tools = { client: this.#tools.client(), signal, cache: this.#cache }
    const turn = this.#turn
    try {
      const { result, spec } = await this.guard.list((one) => discover(one, tools))
      // By the configuration before it.
      const isOver = (): boolean => this.#stopped || turn !== this.#turn
      if (isOver()) return
      const checked = this.#kind.isMade(turn, result)
      // Whoever answers serves meanwhile; for one that does not, its kind may be the whole reason.
      if (!checked && result.found) this.#take(result, null)
      const ends = { client: tools.client, signal, stop: stop.signal }
      const mismatch = checked ? this.#kind.mismatch : await this.#kind.make(turn, spec, result, ends)
      if (isOver()) return
      if (checked || !result.found) this.#take(result, mismatch)
      else this.#standing.noted(mismatch, this.#tools.now())
      this.#lookedAt = this.#tools.now()
      if (result.found && mismatch === null) this.#polls.found()
      else if (mismatch !== null || (!result.found && result.loading)) this.#polls.gone()
      if (result.found) await this.#refusal.review(spec, tools, this.#lookedAt)
    } finally {
      clearTimeout(limit)
      this.#abort = null
    }
  }

  /** `note`: what is known to be wrong with whoever answers so. */
  #take(result: Discovery, note: string | null): void {
    const now = this.#tools.now()
    // It may have ended while it was looked at.
    if (!this.#own.mayAnswer) return
    if (this.#models.reviewRefusals(now)) this.#tools.changed()
    const serves = result.found || this.#servesUnlisted(result)
    this.#answers = serves
    if (!serves && this.#own.phase === 'starting') return
    if (result.found) {
      // Before its first answer nothing is known to be kept, so that no earlier event is missed.
      this.live.follower = this.#kv.follow(this.spec)
      this.#failures = result.complete ? 0 : this.#failures + 1
      if (this.#models.update(result.models)) this.#tools.changed()
      if (this.spec.provider.discovery.length > 0) this.#standing.found(note, now)
    } else {
      this.#failures++
      if (result.loading) this.#standing.loading(now)
      else if (serves) this.#standing.found(note, now)
      else if (result.refusesKey) this.#standing.locked(note ?? result.reason, now)
      else if (!this.#provesNothing(result)) this.#standing.away(note ?? result.reason, now)
    }
    this.#clock.keep()
  }

  /** Requests that are answered, or wait for a busy engine, weigh more than a list that is not. */
  #provesNothing({ late, status }: { readonly late: boolean; readonly status: number | null }): boolean {
    if (!isUp(this.live.state) || (!late && status === null)) return false
    return this.#answeredAt >= this.#lookedAt || (late && this.live.load.open > 0)
  }

  /** Some clouds have no list, or none for a restricted key: declared models can be asked all the same. */
  #servesUnlisted({ status }: { readonly status: number | null }): boolean {
    if (status !== 200 && (status === null || status < 400 || status > 499)) return false
    if (status === 429) return this.#models.size > 0
    return this.spec.models.length > 0 && (status !== 401 || isUp(this.live.state))
  }

  #moved(from: BackendState): void {
    this.guard.moved(this.live.state)
    if (this.live.state === 'down') this.#mirror.gone(this.deployments)
    // It may have been started again as another version, or with other options.
    if (from === 'down' && isUp(this.live.state)) {
      this.#refusal.forget()
      if (this.#models.forgetRefusals()) this.#tools.changed()
    }
    if (this.live.state === 'down') this.#polls.gone()
    this.#tools.moved(this, from)
  }

  #lookSoon(): void {
    this.#failures = 0
    if (this.#looking === null && this.spec.provider.discovery.length > 0) this.#lookIn(SOON_MS)
  }

  #lookAgain(): void {
    this.#lookIn(nextLook(this.live, this.#failures, this.#timing, Math.random()))
  }

  #lookIn(ms: number): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    if (this.#stopped || !this.#own.mayAnswer) return
    this.#timer = setTimeout(() => void this.look(), ms)
    this.#timer.unref()
  }
}
