import type { Family } from './family.ts'
import { Histogram } from './histogram.ts'
import { type Read, Reading } from './reading.ts'
import { Tally } from './tally.ts'

/** All metrics of a gateway, in the order in which they are told. Names get the prefix of the project here. */
export class Families {
  readonly all: Family[] = []

  /** `unit`: see Tally. */
  counter(name: string, help: string, labelNames: readonly string[], unit = 1): Tally {
    return this.#add(new Tally({ name: `turnout_${name}`, help, labelNames }, unit))
  }

  /** `bounds`: ascending. */
  histogram(name: string, help: string, labelNames: readonly string[], bounds: readonly number[]): Histogram {
    return this.#add(new Histogram({ name: `turnout_${name}`, help, labelNames }, bounds))
  }

  /** `ask` is called at each scrape. */
  gauge(name: string, help: string, labelNames: readonly string[], ask: (read: Read) => void): void {
    this.#add(new Reading('gauge', { name: `turnout_${name}`, help, labelNames }, ask))
  }

  /** A count that somebody else keeps; `ask` is called at each scrape. */
  countOf(name: string, help: string, labelNames: readonly string[], ask: (read: Read) => void): void {
    this.#add(new Reading('counter', { name: `turnout_${name}`, help, labelNames }, ask))
  }

  #add<F extends Family>(family: F): F {
    this.all.push(family)
    return family
  }
}
