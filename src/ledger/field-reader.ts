/** Fields of a block, read in the order in which `FieldWriter` wrote them. Throws where the bytes end before. */
import { FIRST, FLOAT, NONE, PART_HEAD } from './field-writer.ts'

export class FieldReader {
  readonly #bytes: Buffer
  readonly #end: number
  readonly #names: readonly string[]
  #at: number

  /** `names`: those of the block. */
  constructor(bytes: Buffer, names: readonly string[]) {
    this.#bytes = bytes
    this.#names = names
    this.#at = 0
    this.#end = bytes.length
  }

  get ended(): boolean {
    return this.#at >= this.#end
  }

  count(): number {
    let byte = this.#byte()
    let value = byte & 0x7f
    for (let unit = 0x80; byte > 0x7f; unit *= 0x80) {
      byte = this.#byte()
      value += (byte & 0x7f) * unit
    }
    return value
  }

  number(): number | null {
    const first = this.count()
    if (first === NONE) return null
    if (first === FLOAT) return this.#bytes.readDoubleLE(this.#pass(8))
    const turn = first - FIRST
    return turn % 2 === 0 ? turn / 2 : -(turn + 1) / 2
  }

  name(): string | null {
    const id = this.count()
    if (id === NONE) return null
    const name = this.#names[id - 1]
    if (name === undefined) throw new RangeError('a name that the block does not have')
    return name
  }

  text(): string | null {
    const size = this.count()
    if (size === NONE) return null
    const isWide = size % 2 === 0
    const units = (size - (isWide ? 2 : 1)) / 2
    const from = this.#pass(isWide ? 2 * units : units)
    return this.#bytes.toString(isWide ? 'utf16le' : 'latin1', from, this.#at)
  }

  /** Goes into the fields of a part, or past them. */
  part(wanted: boolean): void {
    const bytes = this.#bytes.readUInt32LE(this.#pass(PART_HEAD))
    if (!wanted) this.#pass(bytes)
  }

  #byte(): number {
    if (this.#at >= this.#end) throw new RangeError('a field without an end')
    return this.#bytes[this.#at++]!
  }

  /** Where so many bytes begin. */
  #pass(bytes: number): number {
    const from = this.#at
    if (from + bytes > this.#end) throw new RangeError('a field without an end')
    this.#at += bytes
    return from
  }
}
