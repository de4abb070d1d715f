/**
 * What is known of the backends: which models they have, how they are, how much each of them is doing for us.
 * The only state that routing reads; it changes by looking at backends from time to time and by the outcome of requests.
 */
import type { SpendEstimate } from '../../core/settlement.ts'
import type { EngineReading } from '../../core/engine-reading.ts'
import type { ErrorCode, GatewayError } from '../../core/errors.ts'
import type { BackendEvent, OwnEngineEvent } from '../../core/events.ts'
import { dateOf } from '../../core/moment.ts'
import type { Provider } from '../../core/provider.ts'
import { NO_PREFIX } from '../../core/prefix.ts'
import type { BackendSpec, PolicySettings } from '../../core/settings.ts'
import type { BackendState } from '../../core/backend-state.ts'
import type { BackendLive, Catalog, Deployment, RequestProfile } from '../../core/types.ts'
import { calibrated } from '../../decision/learn/calibration.ts'
import { addFlow } from '../../decision/learn/flow.ts'
import type { ModelStats } from '../../decision/learn/model-stats.ts'
import { buildCatalog } from './catalog.ts'
import { type EngineStatus, engineStatus } from './engine-status.ts'
import type { Gate } from '../gate/gate.ts'
import type { Pass, Spent } from '../gate/pass.ts'
import { Engines, type Seat as EngineSeat } from '../engine/engines.ts'
import type { EnginePhase } from '../engine/member.ts'
import { notesFolder } from '../engine/notes.ts'
import { HttpClient } from '../upstream/http-client.ts'
import { FirstLoads } from './first-loads.ts'
import { BackendMonitor, type MonitorTools } from './backend-monitor.ts'
import type { DeploymentState, Models } from './models.ts'
import type { Place } from './places.ts'
import { adapt, type CallSubject, recordOutcome, overrun } from './deployment-health.ts'

export interface FleetHooks {
  /** Monotonic, ms. */
  now(): number
  /** Called with each new catalog, but not with the first one. */
  onChange(catalog: Catalog): void
  emit(event: BackendEvent): void
  /** What answers have taught of models. */
  readonly lessons: ModelStats
  /** Of engines that the gateway starts. */
  readonly engines?: EngineHome
  /** All kinds of backends, where those that are written are compared with what answers. */
  readonly kinds?: readonly Provider[]
}

/** What engines that the gateway starts have of it. */
export interface EngineHome {
  readonly emit: (event: OwnEngineEvent) => void
  readonly env: Readonly<Record<string, string | undefined>>
  /** File of what was learnt, which their notes lie beside; null: there is none. */
  readonly state: string | null
}

const NO_HOME: EngineHome = { emit: () => undefined, env: {}, state: null }

/** How a request ended for the deployment that it was sent to. */
export interface CallOutcome {
  readonly endpoint: string
  readonly error: GatewayError | null
  /** Null where nothing is to be learnt from what it asked for. */
  readonly asked?: CallSubject | null
}

/** An engine that the gateway starts. */
export interface ProcessStatus {
  readonly phase: EnginePhase
  readonly group: string | null
  /** Requests that wait for an engine of its group. */
  readonly waiting: number
  /** That one which comes now is expected to wait; 0: it is sent at once. */
  readonly ready_in_ms: number
}

/** One line of /health. */
export interface BackendStatus {
  readonly name: string
  readonly kind: string
  readonly state: BackendState
  readonly reason: string | null
  /** Readings of the fleet's clock; `until` null: nobody knows. */
  readonly since: number
  readonly until: number | null
  readonly models: number
  readonly inflight: number
  /** Requests that wait in the gateway for a place there. */
  readonly queued: number
  /** Null: it has no limits of its own, and one key at the most. */
  readonly gate: Pick<Gate, 'refused' | 'lanes'> | null
  /** Reading of the fleet's clock; 0 = never. */
  readonly retryAfterUntil: number
  /** Until when a model of it rests after failures, and by its own wish: the longest rest; readings of the fleet's clock, 0 = none does. */
  readonly ejectedUntil: number
  readonly pausedUntil: number
  /** What its engine is doing; null: it has told nothing. */
  readonly engine: EngineStatus | null
  /** Its engine, where the gateway starts it; null: it runs by itself. */
  readonly process: ProcessStatus | null
}

export type FleetSettings = Pick<PolicySettings, 'backends' | 'engineGroups' | 'models' | 'discovery'>

/** A fleet as it would be by another configuration. */
export interface FleetPlan {
  readonly settings: FleetSettings
  readonly seats: readonly Seat[]
  readonly catalog: Catalog
}

interface Seat {
  readonly monitor: BackendMonitor
  readonly models: Models
}

/** Names of backends. */
export interface FleetChange {
  readonly added: readonly string[]
  readonly changed: readonly string[]
  readonly removed: readonly string[]
}

export class Fleet {
  #monitors: readonly BackendMonitor[]
  /** By what is known of them: a call ends where it began, whatever has its name meanwhile. */
  readonly #byLive = new WeakMap<BackendLive, BackendMonitor>()
  /** What is no longer used, while it ends. */
  readonly #leaving = new Set<Promise<void>>()
  readonly #engines: Engines
  readonly #tools: MonitorTools
  readonly #onChange: FleetHooks['onChange']
  readonly #firstLoads: FirstLoads
  #client: HttpClient
  #settings: FleetSettings
  #catalog: Catalog

  /** Declared models can be called from here on; `start` finds the others. */
  constructor(settings: FleetSettings, hooks: FleetHooks) {
    this.#settings = settings
    this.#client = clientFor(settings)
    this.#onChange = (catalog) => hooks.onChange(catalog)
    this.#firstLoads = new FirstLoads(() => hooks.now())
    const { emit, env, state } = hooks.engines ?? NO_HOME
    this.#engines = new Engines(settings.engineGroups, { now: () => hooks.now(), emit, env, notes: notesFolder(state) })
    this.#tools = {
      engines: this.#engines,
      client: () => this.#client,
      now: () => hooks.now(),
      lessons: hooks.lessons,
      kinds: hooks.kinds ?? [],
      changed: () => this.#replaceCatalog(),
      keyRested: ({ spec }: BackendMonitor, name: string, why: ErrorCode, ms: number, model: string | null) =>
        hooks.emit({ event: 'backend_key_rests', backend: spec.name, key_name: name, model, why, ms: Math.round(ms) }),
      followed: ({ spec: { name: backend } }: BackendMonitor, { why, missed }) => {
        if (missed > 0) hooks.emit({ event: 'kv_events_missed', backend, batches: missed })
        else if (why === null) hooks.emit({ event: 'kv_events_followed', backend })
        else hooks.emit({ event: 'kv_events_away', backend, why })
      },
      moved: ({ spec, live: { state, reason, until } }: BackendMonitor, from: BackendState) => {
        const ends = until === null ? null : dateOf(until, { clock: hooks.now(), day: Date.now() })
        hooks.emit({ event: 'backend_state', backend: spec.name, from, state, reason, until: ends })
      },
    }
    this.#monitors = settings.backends.map((spec) => this.#watch(spec, settings))
    this.#catalog = buildCatalog(this.#monitors)
  }

  /** Reading of its clock. */
  get now(): number {
    return this.#tools.now()
  }

  get catalog(): Catalog {
    return this.#catalog
  }

  /** Looks at all backends once, then goes on doing so. Resolves within `discovery.timeout`, whatever they do, once engines of before have ended. */
  async start(): Promise<void> {
    if (this.#settings.backends.some(({ engine }) => engine !== null)) await this.#engines.endLeftOvers()
    await Promise.all(this.#monitors.map((monitor) => monitor.look()))
  }

  /** No timer, request or socket is left when it resolves. */
  async stop(): Promise<void> {
    await Promise.all([...this.#monitors.map((monitor) => monitor.stop()), this.#engines.close(), ...this.#leaving])
    await this.#client.destroy()
  }

  /** Watches the backends that `settings` adds, and looks at each once before it can be called. Resolves within `discovery.timeout`. */
  async introduce(settings: FleetSettings): Promise<readonly BackendMonitor[]> {
    const added = settings.backends.filter((spec) => this.#known(spec) === null)
    const monitors = added.map((spec) => this.#watch(spec, settings))
    await Promise.all(monitors.map((monitor) => monitor.look()))
    return monitors
  }

  /** The newcomers are not wanted after all. */
  async dismiss(newcomers: readonly BackendMonitor[]): Promise<void> {
    await Promise.all(newcomers.map((monitor) => monitor.retire()))
  }

  /** Changes nothing; from here to `apply` nothing may be awaited. `newcomers`: those of `introduce`. */
  plan(settings: FleetSettings, newcomers: readonly BackendMonitor[]): FleetPlan {
    const seats = settings.backends.map((spec): Seat => {
      const monitor = this.#known(spec) ?? newcomers.find((one) => isSame(one.spec, spec))!
      return { monitor, models: monitor.under(spec, settings.models) }
    })
    const parts = seats.map(({ monitor: { live }, models: { spec, deployments } }) => ({ spec, live, deployments }))
    return { settings, seats, catalog: buildCatalog(parts) }
  }

  /**
   * Equal backends stay as they are, with all that is known of them; those that are gone are not looked at any more, and calls
   * that are under way end with them. Does not report the catalog as a change.
   */
  apply({ settings, seats, catalog }: FleetPlan): FleetChange {
    const before = this.#monitors
    const { timeoutMs, pollMs } = this.#settings.discovery
    this.#settings = settings
    const kept = new Set(seats.map(({ monitor }) => monitor))
    const gone = before.filter((monitor) => !kept.has(monitor))
    // Connections of one that is gone would stay open for a while.
    if (gone.length > 0 || timeoutMs !== settings.discovery.timeoutMs || pollMs !== settings.discovery.pollMs) {
      const old = this.#client
      this.#client = clientFor(settings)
      this.#leave(Promise.all(before.map((monitor) => monitor.looked())).then(() => old.close()))
    }
    this.#monitors = seats.map(({ monitor }) => monitor)
    this.#catalog = catalog
    this.#engines.rule(settings.engineGroups)
    const changed = seats.filter(({ monitor, models }) => monitor.apply(models, settings.discovery))
    for (const monitor of gone) this.#leave(monitor.retire())
    return {
      added: namesOf(this.#monitors.filter((monitor) => !before.includes(monitor))),
      changed: namesOf(changed.map(({ monitor }) => monitor)),
      removed: namesOf(gone),
    }
  }

  /** A request is sent to this deployment; each call is paired with one `end`, which is given what this returns. */
  begin(deployment: Deployment, profile: Asked = NOTHING_ASKED, stream = false): Place | null {
    ;(deployment as DeploymentState).health.calls++
    const { cache, latency } = deployment
    const now = this.#tools.now()
    const tokens = calibrated(profile.inputTokens, deployment.calibration)
    // Where one deployment is all there is, nobody asks what it has kept, unless it tells that itself: its prompts are not hashed.
    const counts = this.#catalog.all.length > 1 || deployment.live.follower !== null
    const kept = counts ? tokens * this.#tools.lessons.prefixes.take(cache, profile.prefix, tokens, now) : 0
    const fresh = tokens - kept * latency.kept
    addFlow(latency.flow, fresh, now)
    return this.#byLive.get(deployment.live)?.sent(stream, fresh, kept) ?? null
  }

  /** Has it loaded so that its engine tells its context; false where that is not known any better. Never rejects. See FirstLoads. */
  async loadFirst(deployment: Deployment, loadMs: number, waitMs: number): Promise<boolean> {
    const monitor = this.#byLive.get(deployment.live)
    if (monitor === undefined || !(await this.#firstLoads.load(deployment, this.#client, loadMs, waitMs))) return false
    // A look in progress may have been answered before.
    await monitor.looked()
    await monitor.look()
    return deployment.facts.contextFrom !== 'usual'
  }

  /** The engine of it that the gateway starts; null: it runs by itself. */
  seatOf({ live }: Deployment): EngineSeat | null {
    return this.#byLive.get(live)?.seat ?? null
  }

  /** The first token of its stream came. */
  began(deployment: Deployment, place: Place | null): void {
    if (place !== null) this.#byLive.get(deployment.live)?.began(place)
  }

  /** What stands before it: limits of its own, several keys; null: it is sent whatever comes. */
  gateOf({ live }: Deployment): Gate | null {
    return this.#byLive.get(live)?.guard.gate ?? null
  }

  /**
   * `outcome` null: it says nothing about the backend. `pass`: what the gate gave it; null: there was none. `spent`: what the call took;
   * null: nobody knows; `kept`: the next call goes by the same pass.
   */
  end(
    deployment: Deployment,
    outcome: CallOutcome | null,
    place: Place | null = null,
    pass: Pass | null = null,
    spent: Spent | 'kept' | null = null,
  ): void {
    const monitor = this.#byLive.get(deployment.live)
    const keys = pass === null || outcome === null ? null : (monitor?.guard.refused(pass, outcome.error) ?? null)
    if (keys === null) this.#ended(monitor, deployment, outcome, place)
    else monitor?.left(place)
    if (keys !== null && keys !== 'spared') monitor?.keysRest(deployment as DeploymentState, keys)
    if (spent === 'kept') return
    monitor?.guard.left(pass)
    pass?.done(spent)
  }

  #ended(
    monitor: BackendMonitor | undefined,
    deployment: Deployment,
    outcome: CallOutcome | null,
    place: Place | null,
  ): void {
    if (outcome === null) return monitor?.left(place)
    const { endpoint, error, asked = null } = outcome
    const now = this.#tools.now()
    recordOutcome((deployment as DeploymentState).health, endpoint, error, now, asked)
    monitor?.ended(deployment as DeploymentState, error, place)
  }

  /** The deployment took with these changes (backends/upstream/adapt.ts) what it had refused without them. */
  adapted(deployment: Deployment, changes: readonly string[]): void {
    adapt((deployment as DeploymentState).health, changes, this.#tools.now())
  }

  /** A request that it took part in came to so much more than was set aside. */
  overran(deployment: Deployment, by: SpendEstimate): void {
    overrun((deployment as DeploymentState).health, by)
  }

  /** Its backend answered `stream_options` with an error: usage is not asked for until it may be another version. */
  refusesUsage({ live }: Deployment): void {
    this.#byLive.get(live)?.refusesUsage()
  }

  /** An engine that is there, and is not asked over the network, tells this of itself: in simulations. */
  told(live: BackendLive, reading: EngineReading): void {
    this.#byLive.get(live)?.told(reading)
  }

  states(): BackendStatus[] {
    return this.#monitors.map(({ spec, live, size, deployments, guard, seat, inflight }) => ({
      name: spec.name,
      kind: spec.provider.kind,
      state: live.state,
      reason: live.reason,
      since: live.since,
      until: live.until,
      models: size,
      inflight,
      queued: live.queue.waiting,
      gate: guard.gate,
      retryAfterUntil: live.retryAfterUntil,
      ejectedUntil: Math.max(0, ...Array.from(deployments, ({ health }) => health.ejectedUntil)),
      pausedUntil: Math.max(0, ...Array.from(deployments, ({ health }) => health.retryAfterUntil)),
      engine: live.reading === null ? null : engineStatus(live.reading, this.#tools.now()),
      process: seat === null ? null : processOf(seat),
    }))
  }

  #replaceCatalog(): void {
    this.#catalog = buildCatalog(this.#monitors)
    this.#onChange(this.#catalog)
  }

  #watch(spec: BackendSpec, settings: FleetSettings): BackendMonitor {
    const monitor = new BackendMonitor(spec, settings, this.#tools)
    this.#byLive.set(monitor.live, monitor)
    return monitor
  }

  /** The monitor of the same engine; null: there is none yet. */
  #known(spec: BackendSpec): BackendMonitor | null {
    return this.#monitors.find((one) => isSame(one.spec, spec)) ?? null
  }

  #leave(ending: Promise<void>): void {
    const left = ending.finally(() => this.#leaving.delete(left))
    this.#leaving.add(left)
  }
}

/** What is read of a request when it is sent. */
type Asked = Pick<RequestProfile, 'inputTokens' | 'prefix'>
const NOTHING_ASKED: Asked = { inputTokens: 0, prefix: NO_PREFIX }

/** Whether both are about the same engine: what is known of it holds for both. */
const isSame = (a: BackendSpec, b: BackendSpec): boolean =>
  a.name === b.name && a.root === b.root && a.provider.kind === b.provider.kind

const processOf = ({ phase, waitMs, group, engine }: EngineSeat): ProcessStatus => ({
  phase,
  group: engine.spec.group,
  waiting: group.waiting,
  ready_in_ms: Math.round(waitMs),
})

const namesOf = (monitors: readonly BackendMonitor[]): string[] => monitors.map(({ spec }) => spec.name)

/** Servers close connections that are idle for 5 s, and a question that meets that would count as a failure. */
const LONGEST_IDLE_MS = 4_000

/** A connection serves the polls of an engine that has work; a look at one that has none is too far from the next to keep it open. */
const clientFor = ({ discovery: { timeoutMs, pollMs } }: FleetSettings): HttpClient =>
  new HttpClient({ connectMs: timeoutMs, idleMs: Math.min(LONGEST_IDLE_MS, Math.max(1_000, 2 * pollMs)) })
