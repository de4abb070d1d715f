import { type Exemplar, type Metric, type Labels, labelsOf, type Named, type WriteSample } from './metric.ts'

/** One series of a counter. Adding to it is an addition: no labels are checked, hashed or looked up. */
export interface Cell {
  value: number
  exemplar: Exemplar | null
}

/** A counter whose series are plain numbers. */
export class Counter implements Metric {
  readonly type = 'counter'
  readonly name: string
  readonly help: string
  readonly labelNames: readonly string[]
  readonly #unit: number
  readonly #cells: { readonly labels: Labels; readonly cell: Cell; readonly quiet: boolean }[] = []

  /** `unit`: a cell counts in units so many times smaller than those of the metric: whole numbers add up exactly. */
  constructor({ name, help, labelNames }: Named, unit = 1) {
    this.name = name
    this.help = help
    this.labelNames = labelNames
    this.#unit = unit
  }

  /** A new series, for the caller to keep: call this once for each set of values. A `quiet` one is left out while it is zero. */
  series(values: readonly string[], quiet = false): Cell {
    const cell = { value: 0, exemplar: null }
    this.#cells.push({ labels: labelsOf(this.labelNames, values), cell, quiet })
    return cell
  }

  samples(write: WriteSample): void {
    for (const { labels, cell, quiet } of this.#cells)
      if (!quiet || cell.value !== 0) write('', labels, cell.value / this.#unit, undefined, cell.exemplar)
  }
}
