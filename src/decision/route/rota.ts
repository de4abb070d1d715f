/**
 * Whose turn it is among the candidates of a name or a route: what candidates are equally good is shared out evenly, whatever
 * the order in which they are listed. Changes with each request that is sent, and with nothing else.
 */
import type { Deployment } from '../../core/types.ts'
import { sharedName } from '../learn/arms.ts'
import { isLocal } from './local.ts'

export class Rota {
  /** By seat, which is the candidate's place in the list: the number of its group. */
  readonly groups: Int32Array
  /** By group: its members. */
  readonly sizes: Int32Array
  /** Some group has several members. */
  readonly paired: boolean
  /** Shares used so far, one for each request over the weight: who has used least is the next of its group. */
  readonly #used: Float64Array
  /** By group: where the last that was sent had begun. Who was away does not catch up on what it has missed. */
  readonly #clocks: Float64Array
  /** When it was sent the last request. */
  readonly #last: Float64Array
  #requests = 0

  /** `groups`: by seat, numbered from 0. */
  constructor(groups: readonly number[]) {
    const size = new Set(groups).size
    this.groups = Int32Array.from(groups)
    this.sizes = new Int32Array(size)
    for (const group of groups) this.sizes[group]!++
    this.paired = size < groups.length
    this.#used = new Float64Array(groups.length)
    this.#clocks = new Float64Array(size)
    this.#last = new Float64Array(groups.length)
  }

  /** Below 0: by its share the first seat is before the second one. Of one group. */
  byShare(one: number, other: number): number {
    return this.#used[one]! - this.#used[other]! || this.byTurn(one, other)
  }

  /** Below 0: the first seat has waited longer. */
  byTurn(one: number, other: number): number {
    return this.#last[one]! - this.#last[other]!
  }

  /** It has had no more than its share; of a seat without others in its group nothing can be said but that. */
  isDue(seat: number): boolean {
    const group = this.groups[seat]!
    return this.sizes[group] === 1 || this.#used[seat]! <= this.#clocks[group]!
  }

  /** A request is sent to this seat. */
  take(seat: number, weight: number): void {
    const group = this.groups[seat]!
    const from = Math.max(this.#used[seat]!, this.#clocks[group]!)
    this.#clocks[group] = from
    this.#used[seat] = from + 1 / weight
    this.#last[seat] = ++this.#requests
  }
}

/** Rotas of lists of candidates: they live as long as the lists. */
export class Rotas {
  readonly #scored = new WeakMap<readonly Deployment[], Rota>()
  readonly #spread = new WeakMap<readonly Deployment[], Rota>()

  /** Groups are of candidates that are alike; where nothing is scored, all of them are one. */
  of(candidates: readonly Deployment[], scored: boolean): Rota {
    const rotas = scored ? this.#scored : this.#spread
    let rota = rotas.get(candidates)
    if (rota === undefined)
      rotas.set(candidates, (rota = new Rota(scored ? groupsOf(candidates) : candidates.map(() => 0))))
    return rota
  }
}

/** Replicas: of one model, at one price, of which the same is expected, whatever engine runs them. */
function groupsOf(candidates: readonly Deployment[]): number[] {
  const known = new Map<string, number>()
  return candidates.map((one) => {
    const { price, quality, efforts } = one.facts
    const nature = JSON.stringify([sharedName(one.model), isLocal(one), price, quality, efforts])
    const group = known.get(nature) ?? known.size
    known.set(nature, group)
    return group
  })
}
