import { Counter, type Registry } from 'prom-client'

/** One series of a counter. Adding to it is an addition: no labels are checked, hashed or looked up. */
export interface Cell {
  value: number
}

/** A counter whose series are plain numbers between two scrapes; prom-client gets what came since the last one. */
export class Tally<L extends string> {
  readonly #cells: { readonly labels: Record<L, string>; readonly cell: Cell }[] = []

  constructor(name: string, help: string, labelNames: readonly L[], registry: Registry) {
    const counter = new Counter<L>({
      name,
      help,
      labelNames,
      registers: [registry],
      collect: () => {
        for (const { labels, cell } of this.#cells) {
          counter.inc(labels as Parameters<typeof counter.inc>[0] & object, cell.value)
          cell.value = 0
        }
      },
    })
  }

  /** A new series: whoever asks keeps it, and asks once for each set of labels. */
  series(labels: Record<L, string>): Cell {
    const cell = { value: 0 }
    this.#cells.push({ labels, cell })
    return cell
  }
}

/** Series by a path of label values, made when first asked for. Maps in maps: a joined key would be a string to build and hash each time. */
export class Series<T> {
  readonly #branches = new Map<string, Series<T>>()
  #leaf: T | undefined

  of(path: readonly string[], make: () => T): T {
    const end = path.reduce<Series<T>>((series, value) => series.#branch(value), this)
    return (end.#leaf ??= make())
  }

  #branch(value: string): Series<T> {
    let branch = this.#branches.get(value)
    if (branch === undefined) this.#branches.set(value, (branch = new Series<T>()))
    return branch
  }
}
