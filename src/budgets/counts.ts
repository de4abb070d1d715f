/**
 * All counts of all budgets, kept by name, so that a changed limit goes on with what was counted. An id has a count for each
 * window: a clock that is set forward and back again finds the one that it left, and no window lasts longer than by its own ends.
 */
import type { BudgetSpec } from '../core/budget.ts'
import { type Count, type Flight, newCount } from './count.ts'
import { Elapsed } from './elapsed.ts'
import type { SavedCount } from './snapshot.ts'
import { type BudgetIdentity, identityText, type SpecOf } from './rules.ts'
import { windowOf } from './windows.ts'

/** Callers name sessions, users and agents as they like: those above so many share one count for each budget. */
const MOST = 100_000
const OTHERS = '(others)'
/** To look for counts that are over takes a while where there are many. */
const SWEEP_MS = 60_000
/** Windows of one id that a clock may come back to, the one in use included. */
const MOST_WINDOWS = 3
/** How long a window is kept after its end. */
const AFTERLIFE_MS = 3_600_000

export interface CountedBudget {
  readonly spec: BudgetSpec
  readonly id: string
  readonly count: Count
}

interface Kept {
  readonly count: Count
  /** When it is certainly over, as `Elapsed` counts. */
  readonly overAt: number
}

interface Entry {
  /** As it was asked for last: keys have limits of their own. Null: no budget of today is called so. */
  spec: BudgetSpec | null
  readonly flight: Flight
  /** The one in use is the first. */
  windows: Kept[]
}

interface Family {
  readonly identity: BudgetIdentity
  readonly entries: Map<string, Entry>
}

export class Counts {
  readonly #families = new Map<string, Family>()
  /** The same without building a name each time. */
  readonly #bySpec = new WeakMap<BudgetSpec, Family>()
  readonly #elapsed = new Elapsed()
  #size = 0
  #sweptAt = -Infinity

  get size(): number {
    return this.#size
  }

  /** In the window of `now`, of a budget of today. */
  of(spec: BudgetSpec, id: string, now: number): Count {
    const entry = this.#entry(spec, id, now)
    entry.spec = spec
    return this.#current(entry, spec, now)
  }

  /** The same of a budget that may have been changed meanwhile, or be gone. */
  at(spec: BudgetSpec, id: string, now: number): Count {
    return this.#current(this.#entry(spec, id, now), spec, now)
  }

  /** Other budgets are in force. `specOf`: the one that counts this id; null where there is none any more. */
  apply(specOf: SpecOf): void {
    for (const { identity, entries } of this.#families.values())
      for (const [id, entry] of entries) {
        const before = entry.spec
        entry.spec = specOf(identity, id)
        // Another limit is reached anew.
        if (entry.spec !== null && before !== null && !hasSameLimits(entry.spec, before))
          for (const { count } of entry.windows) count.told = 0
      }
  }

  /** Those of today's budgets, in the window of `now`. */
  all(now: number): CountedBudget[] {
    this.#elapsed.look(now)
    return [...this.#families.values()].flatMap(({ entries }) =>
      [...entries].flatMap(([id, entry]) =>
        entry.spec === null ? [] : [{ spec: entry.spec, id, count: this.#current(entry, entry.spec, now) }],
      ),
    )
  }

  /** Those of a budget in all windows, with the id of each. */
  *named(name: string, id: string | null): Generator<{ readonly id: string; readonly counts: readonly Count[] }, void> {
    for (const { identity, entries } of this.#families.values())
      if (identity.name === name)
        for (const [one, { spec, windows }] of entries)
          if (spec !== null && (id ?? one) === one) yield { id: one, counts: windows.map(({ count }) => count) }
  }

  /** What has ended, in all windows that may not be over. Limits by the minute are over before they could be read again. */
  snapshot(now: number): SavedCount[] {
    this.#elapsed.look(now)
    const saved: SavedCount[] = []
    for (const { identity, entries } of this.#families.values()) {
      const { name, of, per } = identity
      if (per === null || per === 'minute') continue
      for (const [id, entry] of entries)
        for (const kept of entry.windows) {
          const { nanoUsd, tokens, ended: requests, endsAt, pressure } = kept.count
          if (requests > 0 && (holds(kept, now) || this.#lives(kept)))
            saved.push({ name, of, per, id, endsAt, nanoUsd, tokens, requests, pressure })
        }
    }
    return saved
  }

  /** `specOf`: the budget of today that counts this id; null where there is none any more. */
  restore(saved: readonly SavedCount[], now: number, specOf: SpecOf): void {
    this.#elapsed.look(now)
    for (const one of saved) {
      const entry = this.#added(this.#family(one), specOf(one, one.id), one.id)
      const count = this.#window(entry, one, now)
      count.nanoUsd += one.nanoUsd
      count.tokens += one.tokens
      count.requests += one.requests
      count.ended += one.requests
      count.pressure = Math.max(count.pressure, one.pressure)
    }
  }

  /** That of a saved count, whatever time it is now. */
  #window({ windows, flight }: Entry, { per, endsAt }: SavedCount, now: number): Count {
    const known = windows.find(({ count }) => count.endsAt === endsAt)
    if (known !== undefined) return known.count
    const count = newCount(windowOf(per, endsAt - 1), flight, now)
    windows.push(this.#kept(count, now))
    return count
  }

  #entry(spec: BudgetSpec, id: string, now: number): Entry {
    this.#elapsed.look(now)
    let family = this.#bySpec.get(spec)
    if (family === undefined) this.#bySpec.set(spec, (family = this.#family(spec)))
    return family.entries.get(id) ?? this.#added(family, spec, id)
  }

  #family({ name, of, per }: BudgetIdentity): Family {
    const key = identityText({ name, of, per })
    let family = this.#families.get(key)
    if (family === undefined)
      this.#families.set(key, (family = { identity: { name, of, per }, entries: new Map<string, Entry>() }))
    return family
  }

  #added({ entries }: Family, spec: BudgetSpec | null, id: string): Entry {
    if (this.#size >= MOST && !entries.has(id)) this.#sweep()
    const name = this.#size >= MOST && !entries.has(id) ? OTHERS : id
    const known = entries.get(name)
    if (known !== undefined) return known
    const entry: Entry = { spec, flight: { open: 0 }, windows: [] }
    entries.set(name, entry)
    this.#size++
    return entry
  }

  /** What is under way counts in the window that it began in. */
  #current(entry: Entry, { per }: BudgetSpec, now: number): Count {
    const first = entry.windows[0]
    if (first !== undefined && holds(first, now)) return first.count
    const again = entry.windows.find((kept) => holds(kept, now))
    const kept = again ?? this.#kept(newCount(windowOf(per, now), entry.flight, now), now)
    if (again === undefined && first !== undefined && now >= first.count.endsAt)
      kept.count.pressure = first.count.pressure / 2
    const rest = entry.windows.filter((one) => one !== kept && one.count.requests > 0 && this.#lives(one))
    entry.windows = [kept, ...rest].slice(0, MOST_WINDOWS)
    return kept.count
  }

  #kept(count: Count, now: number): Kept {
    const { startsAt, endsAt } = count
    const left = startsAt <= now && now < endsAt ? endsAt - now : endsAt - startsAt
    return { count, overAt: this.#elapsed.ms + left + AFTERLIFE_MS }
  }

  /** It may be the window of today, whatever the clock says. */
  readonly #lives = ({ overAt }: Kept): boolean => this.#elapsed.ms < overAt

  /** Drops what is over and not in use. */
  #sweep(): void {
    if (this.#elapsed.ms - this.#sweptAt < SWEEP_MS) return
    this.#sweptAt = this.#elapsed.ms
    for (const { entries } of this.#families.values())
      for (const [id, { flight, windows }] of entries)
        if (flight.open === 0 && !windows.some((kept) => kept.count.endsAt !== Infinity && this.#lives(kept))) {
          entries.delete(id)
          this.#size--
        }
  }
}

const holds = ({ count }: Kept, now: number): boolean => count.startsAt <= now && now < count.endsAt

const hasSameLimits = (a: BudgetSpec, b: BudgetSpec): boolean =>
  a.nanoUsd === b.nanoUsd && a.tokens === b.tokens && a.requests === b.requests && a.soft === b.soft
