/** A metric as a scrape reads it. */

/** The request that an observation belongs to. */
export interface ExemplarRef {
  readonly requestId: string
  /** Epoch ms. */
  readonly at: number
}

export interface Exemplar {
  readonly mark: ExemplarRef
  readonly value: number
}

/** Writes a sample in the format of the scrape. `labels`: those of `labelsOf`. `le`: the bound of a bucket. */
export type WriteSample = (
  suffix: '' | '_bucket' | '_sum' | '_count',
  labels: Labels,
  value: number,
  le?: number,
  exemplar?: Exemplar | null,
) => void

export interface Metric {
  readonly name: string
  readonly help: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly labelNames: readonly string[]
  /** Hands over each sample with its value of this moment. */
  samples(write: WriteSample): void
}

export interface Named {
  readonly name: string
  readonly help: string
  readonly labelNames: readonly string[]
}

export type Labels = Readonly<Record<string, string>>

/** One object for each series: prom-client writes it once, not at each scrape. */
export const labelsOf = (names: readonly string[], values: readonly string[]): Labels =>
  Object.fromEntries(names.map((name, index) => [name, values[index] ?? '']))
