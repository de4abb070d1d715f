/** The models of one backend: declared ones and those that its engine listed last, each with a deployment that outlives the lists. */
import type { BackendSpec, Config, ModelFacts } from '../../core/settings.ts'
import type { Deployment, Target } from '../../core/types.ts'
import type { ModelStats } from '../../decision/learn/model-stats.ts'
import type { FoundModel } from './discover.ts'
import { factsOf, sameFacts } from './facts.ts'
import type { LiveState } from './health.ts'
import { newHealth, type HealthState } from './deployment-health.ts'

/** The fleet's own view of `Deployment`. */
export interface DeploymentState extends Omit<{ -readonly [K in keyof Deployment]: Deployment[K] }, 'health'> {
  readonly health: HealthState
}

export class Models {
  readonly #spec: BackendSpec
  readonly #live: LiveState
  readonly #operator: Config['models']
  readonly #lessons: ModelStats
  #listed: ReadonlyMap<string, FoundModel> = new Map()
  #deployments = new Map<string, DeploymentState>()

  constructor(spec: BackendSpec, live: LiveState, operator: Config['models'], lessons: ModelStats) {
    this.#spec = spec
    this.#live = live
    this.#operator = operator
    this.#lessons = lessons
    this.#rebuild()
  }

  get size(): number {
    return this.#deployments.size
  }

  get deployments(): Iterable<Deployment> {
    return this.#deployments.values()
  }

  /** What models of it refused is asked again. */
  forgetRefusals(): void {
    for (const { health } of this.#deployments.values()) {
      health.unsupportedUntil.clear()
      health.adapted.clear()
      health.beyond = { nanoUsd: 0, tokens: 0 }
    }
  }

  /** Takes over a new list. True where something can be asked that could not be before, or the reverse, or facts are others. */
  update(found: ReadonlyMap<string, FoundModel>): boolean {
    const listed = new Map<string, FoundModel>()
    for (const [id, model] of found) listed.set(id, this.#remember(id, model))
    this.#listed = listed
    return this.#rebuild()
  }

  /** An engine that tells the context of loaded models only has not lost it by unloading one. */
  #remember(id: string, model: FoundModel): FoundModel {
    const before = this.#listed.get(id)
    if (model.context !== null || before === undefined || before.print !== model.print) return model
    return { ...model, context: before.context }
  }

  #rebuild(): boolean {
    const before = this.#deployments
    const after = new Map<string, DeploymentState>()
    let changed = false
    for (const model of new Set([...this.#spec.models, ...this.#listed.keys()])) {
      const facts = factsOf(this.#spec, model, this.#listed.get(model) ?? null, this.#operator)
      let deployment = before.get(model)
      if (deployment === undefined) {
        const id = `${this.#spec.name}/${model}`
        deployment = this.#deploy(id, model, facts)
        changed = true
      } else if (!sameFacts(deployment.facts, facts)) {
        deployment.facts = facts
        deployment.targets = this.#targets(deployment)
        changed = true
      }
      after.set(model, deployment)
    }
    this.#deployments = after
    return changed || after.size !== before.size
  }

  #deploy(id: string, model: string, facts: ModelFacts): DeploymentState {
    const backend = this.#spec
    const deployment: DeploymentState = {
      id,
      backend,
      model,
      facts,
      live: this.#live,
      health: newHealth(),
      targets: [],
      calibration: this.#lessons.calibrationOf(model),
      latency: this.#lessons.latencyOf(backend.provider, model),
    }
    deployment.targets = this.#targets(deployment)
    return deployment
  }

  #targets(deployment: DeploymentState): readonly Target[] {
    const arms = this.#lessons.armsOf(deployment.model, deployment.facts)
    return arms.map((arm) => ({ deployment, effort: arm.effort, arm }))
  }
}
