/** Series by a path of label values. Maps in maps: a joined key would be a string to build and hash each time. */
type Branch<T> = Map<string, Branch<T> | T>

/** What labels are called for which there is no room any more. */
export const OTHER = 'other'

/** Room for what is called `other`, beyond the rest. */
const SPARE = 100

export interface SeriesLimits {
  /** So many have a path of their own. */
  readonly max: number
  /** So many values at the front of a path grow with the configuration and the catalog; those behind are closed sets. */
  readonly open: number
}

/** Each is made at its first use. Where there is no room for more, new ones share the series whose open labels are `other`. */
export class Series<T extends object> {
  readonly #root: Branch<T> = new Map()
  readonly #make: (path: readonly string[]) => T
  readonly #limits: SeriesLimits
  #size = 0

  constructor(limits: SeriesLimits, make: (path: readonly string[]) => T) {
    this.#limits = limits
    this.#make = make
  }

  of(...path: readonly string[]): T {
    return this.#find(path) ?? this.#missing(path)
  }

  #find(path: readonly string[]): T | undefined {
    let node: Branch<T> | T | undefined = this.#root
    for (let depth = 0; depth < path.length && node !== undefined; depth++) node = (node as Branch<T>).get(path[depth]!)
    return node as T | undefined
  }

  #missing(path: readonly string[]): T {
    const { max, open } = this.#limits
    if (this.#size < max) return this.#add(path)
    const wide = path.map((value, index) => (index < open ? OTHER : value))
    const found = this.#find(wide)
    if (found !== undefined) return found
    if (this.#size < max + SPARE) return this.#add(wide)
    const widest = path.map(() => OTHER)
    return this.#find(widest) ?? this.#add(widest)
  }

  #add(path: readonly string[]): T {
    let branch = this.#root
    for (const value of path.slice(0, -1)) {
      let next = branch.get(value) as Branch<T> | undefined
      if (next === undefined) branch.set(value, (next = new Map()))
      branch = next
    }
    const made = this.#make(path)
    branch.set(path.at(-1)!, made)
    this.#size++
    return made
  }
}
