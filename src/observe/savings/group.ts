/**
 * What requests of one kind came to, for the ratio of two sums and how far that is to be trusted. Turns of a conversation are not independent,
 * so conversations are what is counted: each falls, as a whole, into one of a thousand cells, and the cells are independent of each other
 * however much is in each. So what is held does not grow, one look at each request is enough, and their order does not matter. Pure.
 */
import type { Counted } from '../../core/counted.ts'
import { lotOf } from '../../core/lot.ts'

/** What is added up in a cell. `priced`: useful answers whose cost is known. */
export const SUM = { requests: 0, useful: 1, cost: 2, priced: 3, tokens: 4, streams: 5, ttft: 6 } as const
export type Sum = (typeof SUM)[keyof typeof SUM]
const WIDTH = Object.keys(SUM).length

const CELLS = 1024

/** What is looked at of a request. */
export type Measured = Pick<Counted, 'id' | 'affinity' | 'success' | 'tokens' | 'cost' | 'partial' | 'ttftMs'>

export class Group {
  /** As they are; the cells weigh them. */
  requests = 0
  useful = 0
  /** Useful answers whose cost is known. */
  priced = 0
  /** Requests that took tokens of unknown cost. */
  unpriced = 0
  /** Tokens of input and output; those that are a guess. */
  tokens = 0
  guessed = 0
  readonly #cells = new Map<number, Float64Array>()

  /** `weight`: for how many requests it stands. */
  add({ id, affinity, success, tokens, cost, partial, ttftMs }: Measured, weight: number): void {
    const taken = tokens === null ? 0 : tokens.input + tokens.output
    this.requests++
    if (success) this.useful++
    if (success && !partial) this.priced++
    if (partial) this.unpriced++
    this.tokens += taken
    if (tokens?.estimated === true) this.guessed += taken
    const cell = this.#cell(affinity ?? id)
    cell[SUM.requests]! += weight
    if (success) cell[SUM.useful]! += weight
    // What is known of the cost is not all of it: the request has no part in what is said of costs.
    if (!partial) cell[SUM.cost]! += weight * (cost?.nanoUsd ?? 0)
    if (!partial && success) cell[SUM.priced]! += weight
    cell[SUM.tokens]! += weight * taken
    if (ttftMs === null) return
    cell[SUM.streams]! += weight
    cell[SUM.ttft]! += weight * ttftMs
  }

  addAll(other: Group): void {
    this.requests += other.requests
    this.useful += other.useful
    this.priced += other.priced
    this.unpriced += other.unpriced
    this.tokens += other.tokens
    this.guessed += other.guessed
    for (const [place, sums] of other.#cells) {
      const cell = this.#cellAt(place)
      for (let at = 0; at < WIDTH; at++) cell[at]! += sums[at]!
    }
  }

  total(sum: Sum): number {
    let total = 0
    for (const cell of this.#cells.values()) total += cell[sum]!
    return total
  }

  /** Two of the sums, by cell: what a ratio is made of. */
  pairs(above: Sum, below: Sum): readonly (readonly [above: number, below: number])[] {
    return [...this.#cells.values()].map((cell) => [cell[above]!, cell[below]!] as const)
  }

  #cell(conversation: string): Float64Array {
    return this.#cellAt(lotOf(conversation) % CELLS)
  }

  #cellAt(place: number): Float64Array {
    let cell = this.#cells.get(place)
    if (cell === undefined) this.#cells.set(place, (cell = new Float64Array(WIDTH)))
    return cell
  }
}
