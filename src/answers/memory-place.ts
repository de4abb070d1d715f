/** Records in memory: the oldest go where there would be too much. */
import { BoundedMap } from '../core/bounded-map.ts'
import { AMBIGUOUS, type AnswerPlace } from './places.ts'

/** Of an entry beside its record. */
const ENTRY_BYTES = 256

export class MemoryPlace implements AnswerPlace {
  readonly #records = new BoundedMap<string, Buffer>(Infinity)
  readonly #most: number
  #bytes = 0

  /** `most`: bytes of all records. */
  constructor(most: number) {
    this.#most = most
  }

  get bytes(): number {
    return this.#bytes
  }

  get(name: string): Buffer | null {
    const record = this.#records.get(name)
    return record === undefined || record.length === 0 ? null : record
  }

  put(name: string, record: Buffer): void {
    const known = this.#records.has(name)
    this.delete(name)
    const kept = known ? AMBIGUOUS : record
    const size = sizeOf(kept)
    if (size > this.#most) return
    this.#records.set(name, alone(kept))
    this.#bytes += size
    while (this.#bytes > this.#most) this.#bytes -= sizeOf(this.#records.shift()![1])
  }

  delete(name: string): boolean {
    const record = this.#records.get(name)
    if (record === undefined) return false
    this.#records.delete(name)
    this.#bytes -= sizeOf(record)
    return record.length > 0
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}

const sizeOf = ({ length }: Buffer): number => ENTRY_BYTES + length

/** A small buffer is a part of a pool of Node's, all of which it would hold: several times what is counted. */
function alone(record: Buffer): Buffer {
  const own = Buffer.allocUnsafeSlow(record.length)
  record.copy(own)
  return own
}
