/** What a model reads, as bytes in one place: texts of a body decoded, those that were cut with the rest of them. Pure but for its own state. */
import { cutOf, keptLength } from '../../core/cut-text.ts'

const FIRST_BYTES = 64 * 1024
/** Shorter texts are written character by character: the call into Node takes longer. */
const SHORT = 24
const BACKSLASH = 0x5c
const SMALL_U = 0x75
/** What stands behind a backslash, and what it means; any other stands for itself. */
const ESCAPES = new Map([
  [0x62, 0x08],
  [0x66, 0x0c],
  [0x6e, 0x0a],
  [0x72, 0x0d],
  [0x74, 0x09],
])

export class TemplateBytes {
  readonly #most: number
  #bytes = Buffer.alloc(0)
  #words = new Int32Array(0)
  #length = 0
  #left = 0

  /** Bytes behind the first so many are counted, and not written. */
  constructor(most: number) {
    this.#most = most
    this.#grow(FIRST_BYTES)
  }

  /** As words in the order of the machine; good until something is written. */
  get words(): Int32Array {
    return this.#words
  }

  /** Bytes that were written. */
  get length(): number {
    return this.#length
  }

  /** With those that were only counted. */
  get size(): number {
    return this.#length + this.#left
  }

  clear(): void {
    this.#length = 0
    this.#left = 0
  }

  byte(value: number): void {
    if (this.#room(1) === 1) this.#bytes[this.#length++] = value
  }

  /** A text of a parsed body, with one character for each byte. `raw`: the body. */
  text(text: string, raw: Uint8Array): void {
    const cut = text.length > SHORT ? cutOf(text) : null
    if (cut !== null) return this.#cut(text.slice(0, keptLength(text)), cut, raw)
    const length = this.#room(text.length)
    if (length > SHORT) this.#bytes.write(text, this.#length, length, 'latin1')
    else for (let at = 0; at < length; at++) this.#bytes[this.#length + at] = text.charCodeAt(at)
    this.#length += length
  }

  copy(part: Uint8Array): void {
    const length = this.#room(part.length)
    this.#bytes.set(length === part.length ? part : part.subarray(0, length), this.#length)
    this.#length += length
  }

  /** Up to the next four words. */
  pad(): void {
    const length = this.#room(-this.#length & 15)
    this.#bytes.fill(0, this.#length, this.#length + length)
    this.#length += length
  }

  /** Its beginning may have been taken off since it was cut. */
  #cut(kept: string, { start, end, bytes }: { start: number; end: number; bytes: number }, raw: Uint8Array): void {
    const from = this.#length
    const left = this.#left
    const room = this.#room(end - start)
    this.#left = left
    const to = from + room
    let at = from
    let read = start
    while (read < end && at < to) {
      const byte = raw[read]!
      if (byte !== BACKSLASH) {
        this.#bytes[at++] = byte
        read++
        continue
      }
      const next = raw[read + 1]!
      if (next === SMALL_U) {
        this.#bytes[at++] = parseInt(String.fromCharCode(...raw.subarray(read + 2, read + 6)), 16)
        read += 6
      } else {
        this.#bytes[at++] = ESCAPES.get(next) ?? next
        read += 2
      }
    }
    const begins = this.#bytes.subarray(from, at).indexOf(kept.slice(0, BEGINNING), 0, 'latin1')
    if (begins > 0) this.#bytes.copyWithin(from, from + begins, at)
    this.#length = at - Math.max(0, begins)
    if (read < end) this.#left += Math.max(0, bytes - (at - from))
  }

  /** How many of so many bytes are written; makes place for them. */
  #room(bytes: number): number {
    const most = Math.min(bytes, this.#most - this.#length)
    this.#left += bytes - most
    if (this.#length + most > this.#bytes.length) this.#grow(this.#length + most)
    return most
  }

  #grow(least: number): void {
    const memory = new ArrayBuffer(Math.min(Math.max(FIRST_BYTES, 2 ** Math.ceil(Math.log2(least))), this.#most + 16))
    const bytes = Buffer.from(memory)
    bytes.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = bytes
    this.#words = new Int32Array(memory, 0, memory.byteLength >> 2)
  }
}

/** Characters by which a text is found in what it was cut from. */
const BEGINNING = 64
