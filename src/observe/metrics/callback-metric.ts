import { type Metric, labelsOf, type Named, type WriteSample } from './metric.ts'

/** Hands over one sample; `values` of the labels in their order. */
export type Read = (value: number, ...values: readonly string[]) => void

/** More than the configuration of any gateway names. */
const MAX_SERIES = 2000

/** A value that another part of the gateway knows: read from it at each scrape. */
export class CallbackMetric implements Metric {
  readonly type: 'counter' | 'gauge'
  readonly name: string
  readonly help: string
  readonly labelNames: readonly string[]
  readonly #ask: (read: Read) => void

  constructor(type: 'counter' | 'gauge', { name, help, labelNames }: Named, ask: (read: Read) => void) {
    this.type = type
    this.name = name
    this.help = help
    this.labelNames = labelNames
    this.#ask = ask
  }

  samples(write: WriteSample): void {
    let room = MAX_SERIES
    this.#ask((value, ...values) => {
      if (room-- > 0) write('', labelsOf(this.labelNames, values), value)
    })
  }
}
