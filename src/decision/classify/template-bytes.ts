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
  readonly #decoded: number
  #bytes = Buffer.alloc(0)
  #words = new Int32Array(0)
  #length = 0
  #left = 0

  /**
   * Bytes behind the first `most` are counted, and not written. `decoded`: behind so many, texts that were cut are written as they are in
   * the body, with their escapes. In smaller bodies no text is cut.
   */
  constructor(most: number, decoded: number) {
    this.#most = most
    this.#decoded = decoded
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
    const to = from + this.#room(end - start)
    this.#left = left
    let read = this.#decode(raw, start, end, Math.min(to, this.#decoded))
    if (read < end && this.#length < to) {
      const rest = raw.subarray(read, Math.min(end, read + to - this.#length))
      this.#bytes.set(rest, this.#length)
      this.#length += rest.length
      read += rest.length
    }
    if (read < end) this.#left += Math.max(0, bytes - (this.#length - from))
    const own = this.#bytes.subarray(from, Math.min(this.#length, from + MOST_OFF))
    const begins = own.indexOf(kept.slice(0, BEGINNING), 0, 'latin1')
    if (begins <= 0) return
    this.#bytes.copyWithin(from, from + begins, this.#length)
    this.#length -= begins
  }

  /** From `read` on, without its escapes, up to this length of all; where it has come to. */
  #decode(raw: Uint8Array, read: number, end: number, to: number): number {
    const bytes = this.#bytes
    let at = this.#length
    while (read < end && at < to) {
      const most = Math.min(end - read, to - at)
      const plain = copyPlain(raw, read, bytes, at, most)
      read += plain
      at += plain
      if (plain === most) break
      bytes[at++] = escaped(raw, read + 1)
      read += raw[read + 1] === SMALL_U ? 6 : 2
    }
    this.#length = at
    return read
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
/** Of a text that was cut, no more than so much is taken off. */
const MOST_OFF = 8 * 1024

/** Up to the next escape, `most` bytes at the most; how many they are. A loop without calls: with them each byte takes twice as long. */
function copyPlain(raw: Uint8Array, from: number, bytes: Uint8Array, to: number, most: number): number {
  for (let at = 0; at < most; at++) {
    const byte = raw[from + at]!
    if (byte === BACKSLASH) return at
    bytes[to + at] = byte
  }
  return most
}

/** What the escape stands for; `at`: behind its backslash. */
function escaped(raw: Uint8Array, at: number): number {
  const letter = raw[at]!
  if (letter === SMALL_U) return parseInt(String.fromCharCode(...raw.subarray(at + 1, at + 5)), 16)
  return ESCAPES.get(letter) ?? letter
}
