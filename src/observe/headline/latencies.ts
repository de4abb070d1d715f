/** Quantiles of durations whose number has no bound, in a few kilobytes: counts in buckets, each 2 % wider than the one before. */

const GROWTH = 1.02
const STEP = Math.log(GROWTH)
/** What is shorter counts as this, ms. */
const SHORTEST = 0.1
/** What is longer counts as this. */
const LONGEST = 3_600_000

export class Latencies {
  readonly #buckets = new Map<number, number>()
  #count = 0

  get count(): number {
    return this.#count
  }

  add(ms: number): void {
    this.#put(Math.ceil(Math.log(Math.min(LONGEST, Math.max(SHORTEST, ms)) / SHORTEST) / STEP), 1)
  }

  addAll(other: Latencies): void {
    for (const [bucket, count] of other.#buckets) this.#put(bucket, count)
  }

  /** ms, by at most 1 % more or less than the one of that rank; null where there is none. `share`: 0.5 = the median. */
  quantile(share: number): number | null {
    if (this.#count === 0) return null
    let left = Math.max(1, Math.ceil(share * this.#count))
    for (const bucket of [...this.#buckets.keys()].sort((one, other) => one - other)) {
      left -= this.#buckets.get(bucket)!
      if (left <= 0) return middleOf(bucket)
    }
    return null
  }

  #put(bucket: number, count: number): void {
    this.#buckets.set(bucket, (this.#buckets.get(bucket) ?? 0) + count)
    this.#count += count
  }
}

/** As far, in proportion, from the lower end of the bucket as from the upper one. */
const middleOf = (bucket: number): number => (2 * SHORTEST * GROWTH ** bucket) / (GROWTH + 1)
