/** A bounded choice of the samples, for medians and intervals: those with the smallest lots, so the order of the lines does not matter. */
import type { Sample } from './sample.ts'

export class Kept {
  readonly #most: number
  #samples: Sample[] = []

  constructor(most: number) {
    this.#most = most
  }

  add(sample: Sample): void {
    this.#samples.push(sample)
    if (this.#samples.length >= 2 * this.#most) this.#samples = this.all()
  }

  /** In the order of their lots. */
  all(): Sample[] {
    return this.#samples.sort((one, other) => one.lot - other.lot || one.time - other.time).slice(0, this.#most)
  }
}
