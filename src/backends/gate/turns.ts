/**
 * Whose turn it is on an engine that loads a model when it is asked for: the model that is there goes first, so that two of them do not push
 * each other out with each request; and no longer than a few loads take, so that none waits for ever.
 */

/** A model that has just been loaded keeps its turn for so many times what a load takes. */
const LOADS = 4
const SHORTEST_MS = 1_000

export class Turns {
  readonly #loadSeconds: (model: string) => number
  #model: string | null = null
  #since = -Infinity

  /** `loadSeconds`: what a call of the model would wait until it is loaded; 0: it is there. */
  constructor(loadSeconds: (model: string) => number) {
    this.#loadSeconds = loadSeconds
  }

  /** A call of it was sent. */
  taken(model: string, now: number): void {
    if (model === this.#model) return
    if (this.#loadSeconds(model) > 0 || this.#model === null) this.#since = now
    this.#model = model
  }

  /** Whether a call of the model may be sent now. `longest`: the longest that any request may wait, ms. */
  has(model: string, now: number, longest: number): boolean {
    if (model === this.#model) return true
    const seconds = this.#loadSeconds(model)
    // While the model whose turn it is is still being loaded, what is in memory now may be pushed out by it.
    const stays = this.#model === null || this.#loadSeconds(this.#model) === 0
    return (
      (seconds === 0 && stays) ||
      now - this.#since >= Math.min(longest / 2, Math.max(SHORTEST_MS, LOADS * 1000 * seconds))
    )
  }
}
