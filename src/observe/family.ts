/** What a metric is to whoever writes it down for a scrape. */

/** The request that an observation belongs to. */
export interface Mark {
  readonly requestId: string
  /** Epoch ms. */
  readonly at: number
}

export interface Exemplar {
  readonly mark: Mark
  readonly value: number
}

/** A sample goes to the format that a scrape asked for. `labels`: as `labelsOf` writes them. `le`: the bound of a bucket. */
export type WriteSample = (
  suffix: '' | '_bucket' | '_sum' | '_count',
  labels: string,
  value: number,
  le?: number,
  exemplar?: Exemplar | null,
) => void

export interface Family {
  readonly name: string
  readonly help: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly labelNames: readonly string[]
  /** Hands over each sample as it stands. */
  samples(write: WriteSample): void
}

export interface Named {
  readonly name: string
  readonly help: string
  readonly labelNames: readonly string[]
}

/** `a="b",c="d"`: written once for each series, not at each scrape. */
export const labelsOf = (names: readonly string[], values: readonly string[]): string =>
  names.map((name, index) => `${name}="${escaped(values[index] ?? '')}"`).join(',')

const escaped = (value: string): string => value.replace(/[\\"\n]/g, (sign) => (sign === '\n' ? '\\n' : `\\${sign}`))
