/** One connection, and the answers that it carries: several where the caller sends requests ahead of their answers. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { clientClosed, type GatewayError } from '../core/errors.ts'
import type { Caller } from '../core/types.ts'

/** One request that is being answered, from its last byte to the last byte of the answer. */
export class Answering implements Caller {
  #gone = false
  stop: ((why: GatewayError) => void) | null = null
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** Clock reading, ms. */
  readonly since: number

  constructor(request: IncomingMessage, response: ServerResponse, since: number) {
    this.request = request
    this.response = response
    this.since = since
  }

  /** A connection that was reset says so at the end of the turn only, when the requests that came in it are on their way. */
  get gone(): boolean {
    return this.#gone || this.request.socket.destroyed
  }

  /** Nothing of it reaches the caller any more. */
  left(): void {
    if (this.response.writableEnded) return
    this.#gone = true
    this.stop?.(clientClosed())
  }
}

export class ClientConnection {
  readonly socket: Socket
  readonly open: Answering[] = []
  /** The request that is still read or refused; nobody answers it yet. */
  arriving: IncomingMessage | null = null
  /** What came was no HTTP, and that has been told: whatever else comes is of no interest. */
  refused = false

  constructor(socket: Socket) {
    this.socket = socket
  }

  begin(answering: Answering): void {
    this.arriving = null
    this.open.push(answering)
    answering.response.on('close', () => {
      const at = this.open.indexOf(answering)
      if (at < 0) return
      this.open.splice(at, 1)
      answering.left()
    })
  }

  /** The connection is closed. Answers that still waited for their turn on it never hear of that from Node. */
  closed(): void {
    for (const answering of this.open.splice(0)) answering.left()
  }
}
