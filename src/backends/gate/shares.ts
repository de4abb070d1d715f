/**
 * How much of a backend each caller has used, in tokens: of the callers whose requests wait, the one that has used least is next, however
 * many requests it has waiting (a virtual token counter). A token of an answer counts as two of a prompt.
 */

const OUTPUT_WEIGHT = 2
/** Callers that are remembered; one that was forgotten begins at the level of those who wait. */
const MOST = 1024

export interface Share {
  readonly caller: string
  /** Tokens, by weight. */
  served: number
  /** Requests of it that wait. */
  waiting: number
}

export const costOf = (input: number, output: number): number => input + OUTPUT_WEIGHT * output

export class Shares {
  readonly #all = new Map<string, Share>()
  readonly #waiting = new Set<Share>()
  /** The count of the caller that was served last, before it was served: one that has been away begins there, and has saved up nothing. */
  #level = 0

  /** One more of its requests waits. */
  join(caller: string): Share {
    const share = this.of(caller)
    if (share.waiting === 0) share.served = Math.max(share.served, this.#least())
    share.waiting++
    this.#waiting.add(share)
    return share
  }

  /** It waits no longer. */
  leave(share: Share): void {
    share.waiting--
    if (share.waiting === 0) this.#waiting.delete(share)
  }

  /** A request of it is sent, which is expected to cost so much. */
  serve(caller: string, cost: number): Share {
    const share = this.of(caller)
    if (share.waiting === 0) share.served = Math.max(share.served, this.#least())
    this.#level = share.served
    share.served += cost
    return share
  }

  /** Callers with requests that wait. */
  get waiting(): Iterable<Share> {
    return this.#waiting
  }

  of(caller: string): Share {
    const known = this.#all.get(caller)
    if (known !== undefined) return known
    if (this.#all.size >= MOST) for (const [name, { waiting }] of this.#all) if (waiting === 0) this.#all.delete(name)
    const share = { caller, served: 0, waiting: 0 }
    this.#all.set(caller, share)
    return share
  }

  /** The least of those who wait; where nobody does, that of who was served last. */
  #least(): number {
    let least = Infinity
    for (const { served } of this.#waiting) least = Math.min(least, served)
    return least === Infinity ? this.#level : least
  }
}
