/**
 * Seals of calls of tools (thought signatures), for callers whose wire format has no place for them: the backend that made a call
 * refuses a conversation in which it comes back without its seal. Forgotten with the process: then the backend is told that there is none.
 */
import { BoundedMap } from '../core/bounded-map.ts'
import type { Seal } from '../core/prompt.ts'

/** Of all together, in characters; a conversation of a hundred calls has some 200,000. */
const MOST_CHARACTERS = 16 * 1024 * 1024
/** No signature is as long. */
const LONGEST = 256 * 1024

export class SealMemory {
  readonly #seals = new BoundedMap<string, Seal>(Infinity)
  readonly #most: number
  #characters = 0

  constructor(most = MOST_CHARACTERS) {
    this.#most = most
  }

  /** `owner`: the id of the key that the call was made for; nobody else is given its seal. */
  keep(owner: string, call: string, seal: Seal): void {
    if (seal.value.length > LONGEST) return
    const key = keyOf(owner, call)
    this.#forget(key)
    this.#seals.set(key, seal)
    this.#characters += sizeOf(key, seal)
    while (this.#characters > this.#most) {
      const [oldest, itsSeal] = this.#seals.shift()!
      this.#characters -= sizeOf(oldest, itsSeal)
    }
  }

  /** Null: it is not known, or not any more. */
  recall(owner: string, call: string): Seal | null {
    return this.#seals.get(keyOf(owner, call)) ?? null
  }

  #forget(key: string): void {
    const seal = this.#seals.get(key)
    if (seal === undefined) return
    this.#seals.delete(key)
    this.#characters -= sizeOf(key, seal)
  }
}

const keyOf = (owner: string, call: string): string => `${owner}\0${call}`
const sizeOf = (key: string, { value }: Seal): number => key.length + value.length
