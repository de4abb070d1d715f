/**
 * What is known of the backends: which models they have, how they are, how much each of them is doing for us.
 * The only state that routing reads; it changes by looking at backends from time to time and by the outcome of requests.
 */
import { Agent } from 'undici'
import type { SpendEstimate } from '../../core/settlement.ts'
import type { GatewayError } from '../../core/errors.ts'
import type { BackendEvent } from '../../core/events.ts'
import type { Config } from '../../core/settings.ts'
import type { BackendState, Catalog, Deployment } from '../../core/types.ts'
import type { ModelStats } from '../../decision/learn/model-stats.ts'
import { buildCatalog } from './catalog.ts'
import { noteLoaded } from './health.ts'
import { BackendMonitor } from './backend-monitor.ts'
import type { DeploymentState } from './models.ts'
import type { Place } from './places.ts'
import { adapt, type Asked, recordOutcome, overrun } from './deployment-health.ts'

export interface FleetHooks {
  /** Monotonic, ms. */
  now(): number
  /** Called with each new catalog, but not with the first one. */
  onChange(catalog: Catalog): void
  emit(event: BackendEvent): void
  /** What answers have taught of models. */
  readonly lessons: ModelStats
}

/** How a request ended for the deployment that it was sent to. */
export interface Outcome {
  readonly endpoint: string
  readonly error: GatewayError | null
  /** Null where nothing is to be learnt from what it asked for. */
  readonly asked?: Asked | null
}

/** One line of /health. */
export interface BackendStatus {
  readonly name: string
  readonly kind: string
  readonly state: BackendState
  readonly reason: string | null
  readonly models: number
  readonly inflight: number
  /** Reading of the fleet's clock; 0 = never. */
  readonly retryAfterUntil: number
  /** Until when a model of it rests, after failures or by its own wish: the longest rest; a reading of the fleet's clock, 0 = none does. */
  readonly ejectedUntil: number
}

export class Fleet {
  readonly #members: readonly BackendMonitor[]
  readonly #byName: ReadonlyMap<string, BackendMonitor>
  readonly #agent: Agent
  readonly #now: FleetHooks['now']
  readonly #onChange: FleetHooks['onChange']
  #catalog: Catalog

  /** Declared models can be asked from here on; `start` finds the others. */
  constructor(config: Config, hooks: FleetHooks) {
    // A connection serves the questions of one look; the next look is too far away to keep it open.
    this.#agent = new Agent({
      keepAliveTimeout: 1_000,
      keepAliveMaxTimeout: 1_000,
      connect: { timeout: config.discovery.timeoutMs },
    })
    this.#now = () => hooks.now()
    this.#onChange = (catalog) => hooks.onChange(catalog)
    const tools = {
      agent: this.#agent,
      now: this.#now,
      lessons: hooks.lessons,
      changed: () => this.#replaceCatalog(),
      moved: ({ spec, live }: BackendMonitor, from: BackendState) =>
        hooks.emit({ event: 'backend_state', backend: spec.name, from, state: live.state, reason: live.reason }),
    }
    this.#members = config.backends.map((spec) => new BackendMonitor(spec, config, tools))
    this.#byName = new Map(this.#members.map((member) => [member.spec.name, member]))
    this.#catalog = buildCatalog(this.#members)
  }

  get catalog(): Catalog {
    return this.#catalog
  }

  /** Looks at all backends once, then goes on doing so. Resolves within `discovery.timeout`, whatever they do. */
  async start(): Promise<void> {
    await Promise.all(this.#members.map((member) => member.look()))
  }

  /** No timer, request or socket is left when it resolves. */
  async stop(): Promise<void> {
    await Promise.all(this.#members.map((member) => member.stop()))
    await this.#agent.destroy()
  }

  /** A request is sent to this deployment; each call is paired with one `end`, which is given what this returns. */
  begin(deployment: Deployment, stream = false): Place | null {
    ;(deployment as DeploymentState).health.calls++
    return this.#byName.get(deployment.backend.name)?.sent(stream) ?? null
  }

  /** The first token of its stream came. */
  began(deployment: Deployment, place: Place | null): void {
    if (place !== null) this.#byName.get(deployment.backend.name)?.places.began(place)
  }

  /** `outcome` null: it says nothing about the backend. */
  end(deployment: Deployment, outcome: Outcome | null, place: Place | null = null): void {
    const member = this.#byName.get(deployment.backend.name)
    if (outcome === null) return member?.left(place)
    const { endpoint, error, asked = null } = outcome
    recordOutcome((deployment as DeploymentState).health, endpoint, error, this.#now(), asked)
    member?.ended(error, place)
    if (member?.spec.loadsOnDemand) noteLoaded(member.live, deployment.model, error, this.#now())
  }

  /** The deployment took with these changes (backends/upstream/adapt.ts) what it had refused without them. */
  adapted(deployment: Deployment, changes: readonly string[]): void {
    adapt((deployment as DeploymentState).health, changes, this.#now())
  }

  /** A request that it took part in came to so much more than was set aside. */
  overran(deployment: Deployment, by: SpendEstimate): void {
    overrun((deployment as DeploymentState).health, by)
  }

  /** The backend (by its name) answered `stream_options` with an error: usage is not asked for until it may be another version. */
  refusesUsage(backend: string): void {
    this.#byName.get(backend)?.refusesUsage()
  }

  states(): BackendStatus[] {
    return this.#members.map(({ spec, live, size, deployments }) => ({
      name: spec.name,
      kind: spec.provider.kind,
      state: live.state,
      reason: live.reason,
      models: size,
      inflight: live.load.open,
      retryAfterUntil: live.retryAfterUntil,
      ejectedUntil: Math.max(
        0,
        ...Array.from(deployments, ({ health }) => Math.max(health.ejectedUntil, health.retryAfterUntil)),
      ),
    }))
  }

  #replaceCatalog(): void {
    this.#catalog = buildCatalog(this.#members)
    this.#onChange(this.#catalog)
  }
}
