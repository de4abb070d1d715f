import {
  type Exemplar,
  type Metric,
  type Labels,
  labelsOf,
  type ExemplarRef,
  type Named,
  type WriteSample,
} from './metric.ts'

/** One series of a histogram. */
export class Buckets {
  readonly #bounds: readonly number[]
  /** Not cumulative; the last one is that of what is above all bounds. */
  readonly #counts: Float64Array
  /** The latest of each bucket. */
  readonly #exemplars: (Exemplar | null)[]
  #sum = 0

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds
    this.#counts = new Float64Array(bounds.length + 1)
    this.#exemplars = Array.from(this.#counts, () => null)
  }

  observe(value: number, mark: ExemplarRef | null = null): void {
    let at = 0
    while (at < this.#bounds.length && value > this.#bounds[at]!) at++
    this.#counts[at]!++
    this.#sum += value
    if (mark !== null) this.#exemplars[at] = { mark, value }
  }

  samples(labels: Labels, write: WriteSample): void {
    let count = 0
    for (const [at, bound] of [...this.#bounds, Infinity].entries()) {
      count += this.#counts[at]!
      write('_bucket', labels, count, bound, this.#exemplars[at] ?? null)
    }
    write('_sum', labels, this.#sum)
    write('_count', labels, count)
  }
}

export class Histogram implements Metric {
  readonly type = 'histogram'
  readonly name: string
  readonly help: string
  readonly labelNames: readonly string[]
  readonly #bounds: readonly number[]
  readonly #series: { readonly labels: Labels; readonly buckets: Buckets }[] = []

  /** `bounds`: ascending. */
  constructor({ name, help, labelNames }: Named, bounds: readonly number[]) {
    this.name = name
    this.help = help
    this.labelNames = labelNames
    this.#bounds = bounds
  }

  /** A new series, for the caller to keep: call this once for each set of values. */
  series(values: readonly string[]): Buckets {
    const buckets = new Buckets(this.#bounds)
    this.#series.push({ labels: labelsOf(this.labelNames, values), buckets })
    return buckets
  }

  samples(write: WriteSample): void {
    for (const { labels, buckets } of this.#series) buckets.samples(labels, write)
  }
}
