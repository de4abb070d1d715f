/** What names mean, remembered: of a table that is in use neither routes nor models change. */
import { BoundedMap } from '../../core/bounded-map.ts'
import type { Principal } from '../../core/principal.ts'
import { type Scoring, scoringName } from '../../core/strategies.ts'
import type { Deployment } from '../../core/types.ts'
import { type CompiledRoute, DEFAULT_ROUTE } from './compiled-route.ts'

export interface ResolvedRoute {
  readonly route: string
  /** Its name, for the record: `weights` and `cheapest_within` for those that have none of their own. */
  readonly strategy: string
  /** How the candidates are judged: the header's word, else that of `auto:<strategy>`, else the route's. */
  readonly scoring: Scoring
  readonly candidates: readonly Deployment[]
  /** Asked after all candidates, in this order. */
  readonly fallback: readonly Deployment[]
  readonly rule: CompiledRoute | null
  /** The caller named no model, so only what is known to be able is asked. */
  readonly open: boolean
}

/** Names of one key: a pattern takes any number of them. */
const MOST_NAMES = 256

export class Resolutions {
  readonly #made = new WeakMap<readonly Deployment[], ResolvedRoute[]>()
  readonly #alone = new WeakMap<Deployment, readonly Deployment[]>()
  readonly #names = new WeakMap<Principal, BoundedMap<string, ResolvedRoute>>()

  /** The same object for the same meaning: what is worked out for it is found again by it. */
  of(rule: CompiledRoute | null, candidates: readonly Deployment[], scoring: Scoring, open: boolean): ResolvedRoute {
    const made = this.#made.get(candidates) ?? []
    if (made.length === 0) this.#made.set(candidates, made)
    for (const one of made) if (one.rule === rule && one.scoring === scoring && one.open === open) return one
    const resolved = {
      route: rule?.spec.name ?? DEFAULT_ROUTE,
      strategy: scoringName(scoring),
      scoring,
      candidates,
      fallback: rule?.fallback ?? [],
      rule,
      open,
    }
    made.push(resolved)
    return resolved
  }

  /** The deployment as the only candidate. */
  alone(deployment: Deployment): readonly Deployment[] {
    let list = this.#alone.get(deployment)
    if (list === undefined) this.#alone.set(deployment, (list = [deployment]))
    return list
  }

  /** What the name means to this key, whatever is asked; undefined: it was not asked for yet, or that depends on the request. */
  known(model: string, principal: Principal): ResolvedRoute | undefined {
    return this.#names.get(principal)?.get(model)
  }

  remember(model: string, principal: Principal, resolved: ResolvedRoute): void {
    let names = this.#names.get(principal)
    if (names === undefined) this.#names.set(principal, (names = new BoundedMap(MOST_NAMES)))
    names.set(model, resolved)
  }
}
