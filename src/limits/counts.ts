/** All counts of all budgets. Kept by name, so that a changed limit goes on with what was counted. */
import type { BudgetSpec } from '../core/principal.ts'
import { type Count, newCount, roll } from './count.ts'
import type { SavedCount } from './snapshot.ts'

/** Callers name sessions, users and agents as they like: those above so many share one count for each budget. */
const MOST = 100_000
const OTHERS = '(others)'
/** To look for counts that are over takes a while where there are many. */
const SWEEP_MS = 60_000

export interface Counted {
  readonly spec: BudgetSpec
  readonly id: string
  readonly count: Count
}

interface Entry {
  /** As it was asked for last: keys have limits of their own. Null: of an earlier run, and not asked for yet. */
  spec: BudgetSpec | null
  readonly count: Count
}

type Family = Map<string, Entry>

export class Counts {
  readonly #families = new Map<string, Family>()
  /** The same without building a name each time. */
  readonly #bySpec = new WeakMap<BudgetSpec, Family>()
  #size = 0
  #sweptAt = -Infinity

  get size(): number {
    return this.#size
  }

  /** In the window of `now`. */
  of(spec: BudgetSpec, id: string, now: number): Count {
    let family = this.#bySpec.get(spec)
    if (family === undefined) this.#bySpec.set(spec, (family = this.#family(spec)))
    const entry = family.get(id) ?? this.#added(family, spec, id, now)
    entry.spec = spec
    roll(entry.count, spec.per, now)
    return entry.count
  }

  /** Those that somebody has asked for, in the window of `now`. */
  all(now: number): Counted[] {
    return [...this.#families.values()].flatMap((family) =>
      [...family].flatMap(([id, { spec, count }]) => {
        if (spec === null) return []
        roll(count, spec.per, now)
        return [{ spec, id, count }]
      }),
    )
  }

  /** Limits by the minute are over before anybody could read them again. */
  snapshot(now: number): SavedCount[] {
    return this.all(now).flatMap(({ spec: { name, of, per }, id, count }) => {
      const { nanoUsd, tokens, requests, endsAt, pressure } = count
      return per === null || per === 'minute' || requests === 0
        ? []
        : [{ name, of, per, id, endsAt, nanoUsd, tokens, requests, pressure }]
    })
  }

  restore(saved: readonly SavedCount[], now: number): void {
    for (const one of saved) {
      const { nanoUsd, tokens, requests, pressure } = one
      const count = newCount(one.per, now)
      if (count.endsAt !== one.endsAt || this.#size >= MOST) continue
      const family = this.#family(one)
      if (!family.has(one.id)) this.#size++
      family.set(one.id, { spec: null, count: Object.assign(count, { nanoUsd, tokens, requests, pressure }) })
    }
  }

  #family({ name, of, per }: Pick<BudgetSpec, 'name' | 'of' | 'per'>): Family {
    const key = `${name}\n${of}\n${per ?? ''}`
    let family = this.#families.get(key)
    if (family === undefined) this.#families.set(key, (family = new Map<string, Entry>()))
    return family
  }

  #added(family: Family, spec: BudgetSpec, id: string, now: number): Entry {
    if (this.#size >= MOST && now - this.#sweptAt >= SWEEP_MS) this.#sweep(now)
    const name = this.#size >= MOST ? OTHERS : id
    const known = family.get(name)
    if (known !== undefined) return known
    const entry = { spec, count: newCount(spec.per, now) }
    family.set(name, entry)
    this.#size++
    return entry
  }

  /** Drops what is over and not in use. */
  #sweep(now: number): void {
    this.#sweptAt = now
    for (const family of this.#families.values())
      for (const [id, { count }] of family)
        if (count.inflight === 0 && (count.endsAt <= now || count.endsAt === Infinity)) {
          family.delete(id)
          this.#size--
        }
  }
}
