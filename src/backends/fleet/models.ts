/** The models of one backend: declared ones and those that its engine listed last, each with a deployment that outlives the lists. */
import { isDeepStrictEqual } from 'node:util'
import { modelReading, type ModelReading, UNTOLD } from '../../core/engine-reading.ts'
import type { BackendSpec, DeploymentFacts, PolicySettings } from '../../core/settings.ts'
import { loadWait } from '../../core/residency.ts'
import type { PromptCache } from '../../core/prompt-cache.ts'
import type { Deployment, Target } from '../../core/types.ts'
import type { Latency } from '../../core/arm.ts'
import { isLocal } from '../../decision/route/local.ts'
import { unwell } from '../../decision/route/trouble.ts'
import { expectRoom } from '../../decision/learn/room.ts'
import { newPromptCache } from '../../decision/learn/prompt-caches.ts'
import type { ModelStats } from '../../decision/learn/model-stats.ts'
import type { FoundModel } from './discover.ts'
import { usualContextOf } from './context-facts.ts'
import { modelFactsOf, sameFacts, wordsOf } from './facts.ts'
import { type Described, merge, NOTHING_SAID } from './read-list.ts'
import type { LiveState } from './health.ts'
import { ResidencyState } from './residency.ts'
import { forgetRefusals, newHealth, type HealthState } from './deployment-health.ts'

/** The fleet's own view of `Deployment`. */
export interface DeploymentState extends Omit<
  { -readonly [K in keyof Deployment]: Deployment[K] },
  'health' | 'residency'
> {
  readonly health: HealthState
  readonly residency: ResidencyState
}

/** What an engine told of its models is news for so long. */
const NEWS_MS = 5_000

export class Models {
  readonly spec: BackendSpec
  readonly #live: LiveState
  readonly #operator: PolicySettings['models']
  readonly #lessons: ModelStats
  #listed: ReadonlyMap<string, FoundModel> = new Map()
  /** What the facts were last made of. */
  readonly #told = new Map<string, ModelReading>()
  /** With which the engine was seen to load models of which nobody says. */
  #usualContext: number | null = null
  #deployments = new Map<string, DeploymentState>()

  /** `before`: the same backend by an earlier configuration. */
  constructor(
    spec: BackendSpec,
    live: LiveState,
    operator: PolicySettings['models'],
    lessons: ModelStats,
    before: Models | null = null,
  ) {
    this.spec = spec
    this.#live = live
    this.#operator = operator
    this.#lessons = lessons
    if (before === null) this.#rebuild()
    else {
      this.#listed = before.#listed
      this.#usualContext = before.#usualContext
      this.#succeed(before.#deployments)
    }
  }

  /**
   * The same backend by another configuration; nothing of this one changes, as requests that are under way go on with it. What
   * is equal in both is the same object.
   */
  under(spec: BackendSpec, operator: PolicySettings['models']): Models {
    const same = isDeepStrictEqual(spec, this.spec)
    if (same && isDeepStrictEqual(operator, this.#operator)) return this
    return new Models(same ? this.spec : spec, this.#live, operator, this.#lessons, this)
  }

  get size(): number {
    return this.#deployments.size
  }

  /** What the engine has kept of prompts, by model. */
  get caches(): readonly PromptCache[] {
    return [...this.deployments].map(({ cache }) => cache)
  }

  get deployments(): Iterable<Deployment> {
    return this.#deployments.values()
  }

  /** What models of it refused is asked again. True where facts are others. */
  forgetRefusals(): boolean {
    for (const { health } of this.#deployments.values()) forgetRefusals(health)
    return this.#rebuild()
  }

  /** What a refusal told of a context is new, or too old to count. True where facts are others. */
  reviewRefusals(now: number): boolean {
    let others = false
    for (const { health, facts } of this.#deployments.values()) {
      if (health.context !== null && health.context.until <= now) health.context = null
      others ||= health.context === null ? facts.contextFrom === 'observed' : health.context.tokens !== facts.context
    }
    return others && this.#rebuild()
  }

  /** What a call of the model would wait until its engine has loaded it; 0: it has. */
  loadSeconds(model: string, now: number): number {
    const deployment = this.#deployments.get(model)
    return deployment === undefined ? 0 : loadWait(deployment.residency, now)
  }

  /** Requests of the model that its engine works on at a time; null: nobody says. */
  slots(model: string): number | null {
    return this.#deployments.get(model)?.facts.slots ?? null
  }

  /** Nothing is known against calls of the model at the moment. */
  isWell(model: string, now: number): boolean {
    const deployment = this.#deployments.get(model)
    return deployment !== undefined && unwell(deployment, now) === 0
  }

  /** `loaded` was loaded for a call: what else its engine had in memory may be gone, unless it just told what it has. */
  displace(loaded: DeploymentState, now: number): void {
    const told = this.#live.reading?.modelsAt ?? -Infinity
    if (now - told < NEWS_MS) return
    for (const one of this.#deployments.values()) if (one.residency !== loaded.residency) one.residency.displaced()
  }

  /** Its engine has told of itself. True where facts are others. */
  heard(now: number): boolean {
    // A poll that was not answered leaves what was told before: a call that ended since then knows better.
    const at = this.#live.reading?.modelsAt ?? now
    const epochMs = Date.now() - (now - at)
    let others = false
    for (const deployment of this.#deployments.values()) {
      const reading = this.#readingOf(deployment.model)
      deployment.residency.heard(reading, at, epochMs)
      const told = this.#told.get(deployment.model) ?? UNTOLD
      const tells = reading ?? UNTOLD
      others ||= told.context !== tells.context || told.slots !== tells.slots
      this.#told.set(deployment.model, tells)
    }
    return others && this.#rebuild()
  }

  /** The engine of all of them is there, or is not, which the gateway starts. */
  engineIs(there: boolean): void {
    for (const { residency } of this.#deployments.values()) residency.engineIs(there)
  }

  /** Takes over a new list. True where something can be asked that could not be before, or the reverse, or facts are others. */
  update(found: ReadonlyMap<string, FoundModel>): boolean {
    const listed = new Map<string, FoundModel>()
    for (const [id, model] of found) listed.set(id, this.#remember(id, model))
    this.#listed = listed
    return this.#rebuild()
  }

  /** Some engines report a context for loaded models only: unloading one does not make it unknown, unless its next load may be another. */
  #remember(id: string, model: FoundModel): FoundModel {
    const before = this.#listed.get(id)
    if ((this.spec.provider.usualContext ?? null) !== null) return model
    if (model.context !== null || before === undefined || before.print !== model.print) return model
    return { ...model, context: before.context }
  }

  /** True where something is another than before. */
  #rebuild(): boolean {
    const before = this.#deployments
    const after = new Map<string, DeploymentState>()
    let changed = false
    for (const [model, facts] of this.#facts(before)) {
      let deployment = before.get(model)
      if (deployment === undefined) {
        deployment = this.#deploy(model, facts)
        changed = true
      } else if (!sameFacts(deployment.facts, facts)) {
        deployment.facts = facts
        noteFacts(deployment)
        deployment.targets = this.#targets(deployment)
        changed = true
      }
      after.set(model, deployment)
    }
    this.#deployments = after
    return changed || after.size !== before.size
  }

  /** Health and what was learnt stay those of the earlier deployments; what was configured is in new ones. */
  #succeed(before: ReadonlyMap<string, DeploymentState>): void {
    for (const [model, facts] of this.#facts(before)) {
      const known = before.get(model)
      const same = known !== undefined && known.backend === this.spec && sameFacts(known.facts, facts)
      this.#deployments.set(model, same ? known : this.#deploy(model, facts, known))
    }
  }

  /** `known`: the deployments that there were. */
  *#facts(known: ReadonlyMap<string, DeploymentState>): Generator<readonly [string, DeploymentFacts], void> {
    const usualContext = (this.#usualContext = this.#usual())
    for (const model of new Set([...this.spec.models, ...this.#listed.keys()])) {
      // Behind one name of a cloud there may be several engines, and what fits may depend on the plan or a header of the caller.
      const refused = isLocal({ backend: this.spec, model }) ? known.get(model)?.health.context : null
      const words = {
        found: this.#foundOf(model),
        reading: this.#readingOf(model),
        refusedAt: refused?.tokens ?? null,
        usualContext,
      }
      yield [model, modelFactsOf(this.spec, model, words, this.#operator)]
    }
  }

  #usual(): number | null {
    const models = [...this.#listed].map(([model, found]) => ({
      found,
      reading: this.#readingOf(model),
      wished:
        this.spec.numCtx !== null ||
        wordsOf(this.spec, model, this.#operator).some((one) => one.wishes.numCtx !== null),
    }))
    return usualContextOf(this.spec, models, this.#usualContext)
  }

  /** What an adapter does not say of itself holds as for its model. */
  #foundOf(model: string): Described | null {
    const found = this.#listed.get(model) ?? null
    const parent = this.#listed.get(found?.parent ?? '')
    return found === null || parent === undefined ? found : merge(found, { ...NOTHING_SAID, context: parent.context })
  }

  /** What it tells of itself is about its only model, where it names no other. */
  #readingOf(model: string): ModelReading | null {
    const { reading } = this.#live
    if (reading === null) return null
    const own = modelReading(reading, model)
    if (reading.models !== null && !(reading.models.size === 1 && reading.models.has(model))) return own
    return { ...own, context: own.context ?? reading.context, slots: own.slots ?? reading.slots }
  }

  #deploy(model: string, facts: DeploymentFacts, before?: DeploymentState): DeploymentState {
    const backend = this.spec
    const deployment: DeploymentState = {
      id: `${backend.name}/${model}`,
      backend,
      model,
      facts,
      live: this.#live,
      health: before?.health ?? newHealth(),
      residency: this.#residencyOf(model, before),
      targets: [],
      calibration: before?.calibration ?? this.#lessons.calibrationOf(model),
      latency: before?.latency ?? this.#latencyOf(model),
      cache: before?.cache ?? newPromptCache(backend.provider),
    }
    deployment.targets = this.#targets(deployment)
    noteFacts(deployment)
    return deployment
  }

  #latencyOf(model: string): Latency {
    const { provider } = this.spec
    const latency = this.#lessons.latencyOf(provider, model)
    if (provider.slots) expectRoom(latency.room, provider.slots.usual)
    return latency
  }

  /** Whether it comes and goes is configured. */
  #residencyOf(model: string, before: DeploymentState | undefined): ResidencyState {
    const { spec } = this
    const same = before?.backend.loadsOnDemand === spec.loadsOnDemand
    if (before !== undefined && same && (before.backend.engine === null) === (spec.engine === null))
      return before.residency
    return new ResidencyState(spec, model, this.#lessons.loadTimeOf(`${spec.name}/${model}`), this.#live)
  }

  #targets(deployment: DeploymentState): readonly Target[] {
    const arms = this.#lessons.armsOf(deployment.model, deployment.facts)
    return arms.map((arm) => ({ deployment, effort: arm.effort, arm }))
  }
}

/** What others hold that depends on them. */
function noteFacts({ facts, residency, latency }: DeploymentState): void {
  residency.bytes = facts.bytes
  latency.room.slots = facts.slots
}
