/** What Redis was last heard to have counted. Should it forget that, it can be reminded. Bounded. */
import { BoundedMap } from '../core/bounded-map.ts'
import type { Sums } from './count.ts'
import { hasSums, type SharedCount } from './redis-keys.ts'
import type { SpecOf } from './rules.ts'

const MOST = 10_000
const NOTHING: Sums = { nanoUsd: 0, tokens: 0, requests: 0 }

export class LastKnownCounts {
  /** By the key of the sums; the one heard of last is at the end. */
  readonly #known = new BoundedMap<string, readonly [SharedCount, Sums]>(MOST)

  /** Something is under way in it. */
  use(count: SharedCount): void {
    if (hasSums(count)) this.note(count, this.#known.get(count.keys[0])?.[1] ?? NOTHING)
  }

  note(count: SharedCount, used: Sums): void {
    this.#known.renew(count.keys[0], [count, used])
  }

  /** Those whose window is not over, the one heard of last first. The others are kept: the clock may be set back. */
  all(now: number): (readonly [SharedCount, Sums])[] {
    return [...this.#known.values()].filter(([{ endsAt }]) => endsAt > now).reverse()
  }

  /** Other budgets are in force. `specOf`: the one that counts this id; null where there is none any more. */
  apply(specOf: SpecOf): void {
    for (const [key, [count, sums]] of this.#known) {
      const spec = specOf(count.spec, count.id)
      if (spec === null) this.#known.delete(key)
      else this.#known.set(key, [{ ...count, spec }, sums])
    }
  }

  /** They were set back. */
  forget(name: string, id: string | null): void {
    for (const [key, [count]] of this.#known)
      if (count.spec.name === name && (id ?? count.id) === count.id) this.#known.delete(key)
  }
}
