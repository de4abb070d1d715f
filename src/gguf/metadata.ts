/** Metadata of a GGUF by name: the file says what type each value has, and may say anything. Pure. */
import { GgufError } from './gguf-error.ts'

export class Metadata {
  readonly #values: ReadonlyMap<string, unknown>

  /** `values`: numbers of 64 bits are bigints. */
  constructor(values: ReadonlyMap<string, unknown>) {
    this.#values = values
  }

  text(name: string): string | null {
    const value = this.#values.get(name)
    return typeof value === 'string' ? value : null
  }

  /** Of a list: its first. Null: absent, or no number. */
  number(name: string): number | null {
    const value = this.#values.get(name)
    return numberOf(Array.isArray(value) ? value[0] : value)
  }

  flag(name: string): boolean | null {
    const value = this.#values.get(name)
    return typeof value === 'boolean' ? value : null
  }

  /** How long a list is. */
  length(name: string): number | null {
    const value = this.#values.get(name)
    return Array.isArray(value) ? value.length : null
  }

  /** One for each of `count` layers: a list of so many, or one value for all. Null: absent. Throws a GgufError. */
  perLayer(name: string, count: number): readonly number[] | null {
    const value = this.#values.get(name)
    if (!Array.isArray(value)) {
      const one = this.number(name)
      return one === null ? null : Array.from({ length: count }, () => one)
    }
    if (value.length < count) throw new GgufError(`${name} has ${value.length} values for ${count} layers`)
    return value.slice(0, count).map((one) => numberOf(one) ?? 0)
  }

  /** A list of yes and no, or null where it is none. */
  flags(name: string): readonly boolean[] | null {
    const value = this.#values.get(name)
    if (!Array.isArray(value) || value.length === 0) return null
    return value.map((one) => one === true || (numberOf(one) ?? 0) !== 0)
  }
}

function numberOf(value: unknown): number | null {
  if (typeof value === 'boolean') return null
  const number = typeof value === 'bigint' ? Number(value) : value
  return typeof number === 'number' && Number.isFinite(number) ? number : null
}
