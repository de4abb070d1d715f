/** Bytes that wait for their reader, joined once. */
export class ByteBuffer {
  #pieces: Buffer[] = []
  bytes = 0

  add(piece: Buffer): void {
    this.#pieces.push(piece)
    this.bytes += piece.length
  }

  /** All of it; empties the store. */
  take(): Buffer {
    const all = this.#pieces.length === 1 ? this.#pieces[0]! : Buffer.concat(this.#pieces, this.bytes)
    this.#pieces = []
    this.bytes = 0
    return all
  }
}
