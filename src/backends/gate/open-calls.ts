/** Calls that are open at one backend, by model. */
export class OpenCalls {
  /** Those that another gate let through, or that began while there was none. */
  strangers: number
  #all = 0
  readonly #ofModel = new Map<string, number>()

  constructor(strangers: number) {
    this.strangers = strangers
  }

  get all(): number {
    return this.#all + this.strangers
  }

  of(model: string): number {
    return this.#ofModel.get(model) ?? 0
  }

  began(model: string): void {
    this.#all++
    this.#ofModel.set(model, this.of(model) + 1)
  }

  ended(model: string): void {
    this.#all--
    const left = this.of(model) - 1
    if (left > 0) this.#ofModel.set(model, left)
    else this.#ofModel.delete(model)
  }
}
