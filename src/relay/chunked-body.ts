/**
 * The body of an answer that comes in pieces. Of each piece Node's own `write` makes four (its length, its end, ..), which
 * cost 3 us more than one: once the head has gone out, a piece goes to the connection as one text, framed here.
 */
import type { ServerResponse } from 'node:http'

/** A larger piece costs more as a text than its four writes do. */
const MOST_TEXT_BYTES = 16 * 1024

export class ChunkedBody {
  readonly #response: ServerResponse
  #begun = false

  constructor(response: ServerResponse) {
    this.#response = response
  }

  /** False = wait for `drained`. */
  write(piece: Buffer): boolean {
    const { socket, chunkedEncoding } = this.#response
    // The first one leaves with the head. Behind other answers there is no connection yet, HTTP/1.0 has no frames, and an empty one ends the body.
    if (!this.#begun || socket === null || !chunkedEncoding || piece.length === 0 || piece.length > MOST_TEXT_BYTES) {
      this.#begun = true
      return this.#response.write(piece)
    }
    return socket.write(`${piece.length.toString(16)}\r\n${piece.toString('latin1')}\r\n`, 'latin1')
  }

  /** What was written last waits for the caller to read. */
  get full(): boolean {
    const { socket, writableNeedDrain } = this.#response
    return socket === null ? writableNeedDrain : socket.writableNeedDrain
  }

  /** Calls `then` when more can be written. */
  drained(then: () => void): void {
    ;(this.#response.socket ?? this.#response).once('drain', then)
  }
}
