import type { Metric } from './metric.ts'
import { Histogram } from './histogram.ts'
import { type Read, CallbackMetric } from './callback-metric.ts'
import { Counter } from './counter.ts'

/** All metrics of a gateway, in the order of their exposition. Names get the prefix of the project here. */
export class Registry {
  readonly all: Metric[] = []

  /** `unit`: see Tally. */
  counter(name: string, help: string, labelNames: readonly string[], unit = 1): Counter {
    return this.#add(new Counter({ name: `turnout_${name}`, help, labelNames }, unit))
  }

  /** `bounds`: ascending. */
  histogram(name: string, help: string, labelNames: readonly string[], bounds: readonly number[]): Histogram {
    return this.#add(new Histogram({ name: `turnout_${name}`, help, labelNames }, bounds))
  }

  /** `ask` is called at each scrape. */
  gauge(name: string, help: string, labelNames: readonly string[], ask: (read: Read) => void): void {
    this.#add(new CallbackMetric('gauge', { name: `turnout_${name}`, help, labelNames }, ask))
  }

  /** A count that another part of the gateway keeps; `ask` is called at each scrape. */
  countOf(name: string, help: string, labelNames: readonly string[], ask: (read: Read) => void): void {
    this.#add(new CallbackMetric('counter', { name: `turnout_${name}`, help, labelNames }, ask))
  }

  #add<F extends Metric>(family: F): F {
    this.all.push(family)
    return family
  }
}
