/** Whether a JSON text has come to its end, seen piece by piece. Counts brackets; linear in the bytes, strings are skipped natively. */
import { BACKSLASH, CLOSE_BRACE, CLOSE_BRACKET, OPEN_BRACE, OPEN_BRACKET, QUOTE } from './scan.ts'

export class Closure {
  #depth = 0
  #inString = false
  /** The last byte of the piece before escapes the first of the next. */
  #escaped = false
  #opened = false

  /** The outermost object or list has been closed. */
  get closed(): boolean {
    return this.#opened && this.#depth === 0
  }

  push(piece: Uint8Array): void {
    let at = 0
    while (at < piece.length) {
      if (this.#inString) {
        at = this.#behindString(piece, at)
        continue
      }
      const byte = piece[at++]
      if (byte === QUOTE) this.#inString = true
      else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
        this.#depth++
        this.#opened = true
      } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) this.#depth--
    }
  }

  /** Offset behind the closing quote; the length where it is not in this piece. */
  #behindString(piece: Uint8Array, from: number): number {
    let start = from
    if (this.#escaped) {
      this.#escaped = false
      start++
    }
    for (;;) {
      const quote = piece.indexOf(QUOTE, start)
      const end = quote < 0 ? piece.length : quote
      let slashes = 0
      while (end - 1 - slashes >= start && piece[end - 1 - slashes] === BACKSLASH) slashes++
      const escapes = slashes % 2 === 1
      if (quote < 0) {
        this.#escaped = escapes
        return piece.length
      }
      if (!escapes) {
        this.#inString = false
        return quote + 1
      }
      start = quote + 1
    }
  }
}
