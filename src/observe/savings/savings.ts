/** What features saved, as measured: requests that went without one against those that had it, by route. Bounded, in any order. Pure. */
import type { Counted } from '../../core/counted.ts'
import type { Feature } from '../../core/trial.ts'
import { Group, type Measured } from './group.ts'

/** Routes come from a configuration; names of earlier ones stand in the ledger too. */
const MOST = 200

export interface Trialled {
  readonly route: string
  readonly feature: Feature
  /** The share that went without it, as it was last. */
  share: number
  readonly control: Group
  readonly rest: Group
}

export class Savings {
  readonly #all = new Map<string, Trialled>()
  /** Requests of which nothing was measured. */
  unmeasured = 0

  add(request: Measured & Pick<Counted, 'route' | 'trials'>): void {
    if (request.trials.length === 0) this.unmeasured++
    for (const { feature, control, share } of request.trials) {
      const trialled = this.#of(request.route ?? 'none', feature, share)
      if (trialled === null) continue
      trialled.share = share
      // Each group stands for all of the traffic, also where the share was another one at times.
      if (control) trialled.control.add(request, 1 / share)
      else trialled.rest.add(request, 1 / (1 - share))
    }
  }

  addAll(other: Savings): void {
    this.unmeasured += other.unmeasured
    for (const { route, feature, share, control, rest } of other.#all.values()) {
      const trialled = this.#of(route, feature, share)
      if (trialled === null) continue
      trialled.share = share
      trialled.control.addAll(control)
      trialled.rest.addAll(rest)
    }
  }

  /** By route, then by feature. */
  all(): readonly Trialled[] {
    const byName = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0)
    return [...this.#all.values()].sort(
      (one, other) => byName(one.route, other.route) || byName(one.feature, other.feature),
    )
  }

  #of(route: string, feature: Feature, share: number): Trialled | null {
    const name = `${feature} ${route}`
    const known = this.#all.get(name)
    if (known !== undefined || this.#all.size >= MOST) return known ?? null
    const made = { route, feature, share, control: new Group(), rest: new Group() }
    this.#all.set(name, made)
    return made
  }
}
