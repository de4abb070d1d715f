/**
 * A recorded load: when requests came, how long they were, and which blocks of their prompts are the same. One JSON object on a
 * line, as Mooncake publishes them: `timestamp` (ms), `input_length`, `output_length` (tokens), `hash_ids` (of the prompt's blocks
 * of 512 tokens from its beginning on; equal ids are equal beginnings). Pure.
 */
import { isObject } from '../core/is-object.ts'

export const BLOCK_TOKENS = 512

export interface TraceRequest {
  /** Seconds from the first request on. */
  readonly at: number
  readonly input: number
  readonly output: number
  /** A small number for each different id. */
  readonly blocks: readonly number[]
}

/** What is wrong with a line of a trace. */
export class TraceError extends Error {}

/** Takes lines one by one; blank ones are none. */
export class TraceReader {
  readonly #requests: TraceRequest[] = []
  readonly #numbers = new Map<number | string, number>()
  #line = 0

  /** Throws a TraceError that names the line and the field. */
  add(text: string): void {
    this.#line++
    if (text.trim() === '') return
    const fields = this.#objectOf(text)
    const ids = fields['hash_ids'] ?? []
    if (!Array.isArray(ids)) throw this.#wrong('hash_ids', ids, 'a list')
    this.#requests.push({
      at: this.#amount(fields, 'timestamp') / 1000,
      input: Math.round(this.#amount(fields, 'input_length')),
      output: Math.round(this.#amount(fields, 'output_length')),
      blocks: ids.map((id) => this.#numberOf(id)),
    })
  }

  get size(): number {
    return this.#requests.length
  }

  /** In the order of their arrival; what came at the same moment, as it stood. */
  requests(): readonly TraceRequest[] {
    const sorted = this.#requests.sort((one, other) => one.at - other.at)
    const first = sorted[0]?.at ?? 0
    return first === 0 ? sorted : sorted.map((request) => ({ ...request, at: request.at - first }))
  }

  #objectOf(text: string): Readonly<Record<string, unknown>> {
    let value: unknown
    try {
      value = JSON.parse(text)
    } catch {
      throw new TraceError(`line ${this.#line}: is not JSON`)
    }
    if (!isObject(value)) throw new TraceError(`line ${this.#line}: is not an object`)
    return value
  }

  #amount(fields: Readonly<Record<string, unknown>>, name: string): number {
    const value = fields[name]
    if (typeof value === 'number' && Number.isFinite(value) && value >= 0) return value
    throw this.#wrong(name, value, 'a number of 0 or more')
  }

  #numberOf(id: unknown): number {
    if (typeof id !== 'number' && typeof id !== 'string') throw this.#wrong('hash_ids', id, 'a list of numbers')
    let number = this.#numbers.get(id)
    if (number === undefined) this.#numbers.set(id, (number = this.#numbers.size))
    return number
  }

  #wrong(field: string, value: unknown, wanted: string): TraceError {
    const found = value === undefined ? 'is missing' : `is ${clip(JSON.stringify(value))}`
    return new TraceError(`line ${this.#line}: ${field} ${found}; it must be ${wanted}`)
  }
}

/** Throws a TraceError. */
export async function traceOf(lines: AsyncIterable<{ readonly text: string }>): Promise<readonly TraceRequest[]> {
  const reader = new TraceReader()
  for await (const { text } of lines) reader.add(text)
  return reader.requests()
}

const clip = (text: string): string => (text.length > 40 ? `${text.slice(0, 40)}…` : text)
