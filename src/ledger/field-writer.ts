/**
 * Fields of a block, written straight into its bytes: one after the other, without names; `FieldReader` reads them in the same
 * order. What a field is made of is said in docs/ledger.md.
 */

/** No field but a text is longer. */
const LONGEST_FIELD = 9
/** From there on a number is written as a float: it takes as many bytes, and these hold more than whole ones. */
const MOST_VARINT = 2 ** 47

/** What a number begins with that is none, or that is not whole. */
export const NONE = 0
export const FLOAT = 1
/** Whole numbers from there on, by turns not negative and negative: 0, -1, 1, -2, .. */
export const FIRST = 2

/** Bytes of the length of a part. */
export const PART_HEAD = 4

export class FieldWriter {
  #bytes: Buffer
  #at: number
  /** Names that occur again and again are written once, at the end of the block. */
  readonly #names = new Map<string, number>()
  /** Bytes of the names. */
  #nameBytes = 0

  /** Writes from `at` on, into other bytes where these are too few. */
  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes
    this.#at = at
  }

  /** Bytes so far, those before the first field and the names included. */
  get length(): number {
    return this.#at + this.#nameBytes
  }

  /** A whole number that is not negative. */
  count(value: number): void {
    this.#room(LONGEST_FIELD)
    this.#varint(value)
  }

  /** Any number; one that is not finite is none, as in JSON. */
  number(value: number | null): void {
    this.#room(LONGEST_FIELD)
    if (value === null || !Number.isFinite(value)) this.#bytes[this.#at++] = NONE
    else if (Number.isInteger(value) && Math.abs(value) < MOST_VARINT)
      this.#varint(FIRST + (value < 0 ? -2 * value - 1 : 2 * value))
    else {
      this.#bytes[this.#at++] = FLOAT
      this.#at = this.#bytes.writeDoubleLE(value, this.#at)
    }
  }

  /** One of the names of the block. */
  name(text: string | null): void {
    if (text === null) return this.count(NONE)
    let id = this.#names.get(text)
    if (id === undefined) {
      this.#names.set(text, (id = this.#names.size))
      this.#nameBytes += LONGEST_FIELD + text.length * 2
    }
    this.count(id + 1)
  }

  /** A text that no other request has, most likely. */
  text(text: string | null): void {
    if (text === null) return this.count(NONE)
    const { length } = text
    this.#room(LONGEST_FIELD + length * 2)
    const start = this.#at
    this.#varint(2 * length + 1)
    // A call of the runtime for such a short text takes longer than this loop.
    for (let i = 0; i < length; i++) {
      const unit = text.charCodeAt(i)
      if (unit > 0xff) return this.#wide(text, start)
      this.#bytes[this.#at++] = unit
    }
  }

  /** Begins fields that a reader can pass over. Where they begin. */
  begin(): number {
    this.#room(PART_HEAD)
    return (this.#at += PART_HEAD)
  }

  /** Ends the fields that began there. */
  close(start: number): void {
    this.#bytes.writeUInt32LE(this.#at - start, start - PART_HEAD)
  }

  /** Ends the fields with the names. Where the names begin, and all bytes. */
  end(): { readonly namesAt: number; readonly bytes: Buffer } {
    const namesAt = this.#at
    for (const name of this.#names.keys()) this.text(name)
    return { namesAt, bytes: this.#bytes.subarray(0, this.#at) }
  }

  /** In two bytes for each unit of it: it reads back as it was, also where it is half a character. */
  #wide(text: string, start: number): void {
    this.#at = start
    this.#varint(2 * text.length + 2)
    this.#at += this.#bytes.write(text, this.#at, 'utf16le')
  }

  #varint(value: number): void {
    let rest = value
    while (rest > 0x7f) {
      this.#bytes[this.#at++] = (rest & 0x7f) | 0x80
      rest = rest > 0x7fffffff ? Math.floor(rest / 0x80) : rest >>> 7
    }
    this.#bytes[this.#at++] = rest
  }

  #room(more: number): void {
    if (this.#at + more <= this.#bytes.length) return
    const wider = Buffer.allocUnsafeSlow(2 * this.#bytes.length + more)
    this.#bytes.copy(wider, 0, 0, this.#at)
    this.#bytes = wider
  }
}
