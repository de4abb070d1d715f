const NOTHING = Buffer.alloc(0)

/** Bytes that wait for their reader, joined once. */
export class ByteBuffer {
  /** Nearly all answers are one piece, which needs no list. */
  #first: Buffer | null = null
  #more: Buffer[] | null = null
  bytes = 0

  add(piece: Buffer): void {
    if (this.#first === null) this.#first = piece
    else (this.#more ??= []).push(piece)
    this.bytes += piece.length
  }

  /** All of it; empties the store. */
  take(): Buffer {
    const first = this.#first ?? NOTHING
    const all = this.#more === null ? first : Buffer.concat([first, ...this.#more], this.bytes)
    this.#first = this.#more = null
    this.bytes = 0
    return all
  }
}
