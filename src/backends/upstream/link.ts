/**
 * One connection to a backend, for one call at a time. It watches its socket: who closes it, and when, tells how long
 * idle ones can be trusted, and whether a request that got no answer can have been read at all.
 */
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { Client, ConnectionWatcher, OpenClient } from './client.ts'

export interface LinkTools {
  readonly open: OpenClient
  readonly now: () => number
  /** The peer closed the connection, or was found to have closed it, when it had been idle for `ms`. */
  readonly closedIdle: (ms: number) => void
  /** It was idle for `ms`, and this side closed it. */
  readonly outlived: (ms: number) => void
  /** The connection is gone while nobody uses the link. */
  readonly gone: (link: Link) => void
}

/** An empty line, which HTTP lets a server skip: what becomes of it shows whether the peer still takes bytes. */
const PROBE = '\r\n'

export class Link implements ConnectionWatcher {
  readonly client: Client
  /** Clock reading of the end of the last call. */
  idleSince = 0
  readonly #tools: LinkTools
  #socket: Socket | null = null
  /** Calls that the present socket has carried. */
  #calls = 0
  #working = false
  #idleMs = 0
  #readBefore = 0
  #refused = false

  constructor(origin: string, tools: LinkTools) {
    this.#tools = tools
    this.client = tools.open(origin, this)
  }

  /** A request is being written. */
  started(): void {
    this.#working = true
    this.#refused = false
    this.#idleMs = this.#tools.now() - this.idleSince
    this.#readBefore = this.#socket?.bytesRead ?? 0
    this.#calls++
  }

  /** The call is over, and the connection may serve the next one. */
  rest(): void {
    this.#working = false
    this.idleSince = this.#tools.now()
  }

  /**
   * The request that ended with `thrown` cannot have been read: it was for a kept connection, and was not written yet; or it was, no byte was
   * answered, and the peer's side was closed before the request was there. A peer that reads it and closes then looks different.
   */
  unread(thrown: unknown): boolean {
    // undici lets a turn pass first, and the connection broke in it.
    if (!this.#working) return this.#calls > 0
    if (this.#calls < 2 || this.#answered) return false
    // The system took no more of it, or said afterwards that the peer had refused what it took.
    return this.#refused || (thrown as { readonly syscall?: unknown } | null)?.syscall === 'write'
  }

  get #answered(): boolean {
    return (this.#socket?.bytesRead ?? 0) !== this.#readBefore
  }

  connected(socket: Socket): void {
    this.#socket = socket
    this.#calls = 0
    socket.once('end', () => this.#closed(socket, true))
    socket.once('error', (error: NodeJS.ErrnoException) => {
      // Without a call of the system it was this side that ended it.
      if ('syscall' in error) this.#closed(socket, false)
    })
  }

  disconnected(own: boolean): void {
    if (this.#working) return
    if (own) this.#tools.outlived(this.#tools.now() - this.idleSince)
    this.#tools.gone(this)
  }

  /** Runs before the client's own listeners, which destroy the socket. */
  #closed(socket: Socket, gently: boolean): void {
    if (this.#calls === 0) return
    if (!this.#working) return this.#tools.closedIdle(this.#tools.now() - this.idleSince)
    if (this.#calls < 2 || this.#answered) return
    this.#tools.closedIdle(this.#idleMs)
    if (!gently || socket instanceof TLSSocket) return
    // The peer has said goodbye. Had it been gone before the request came, its system refused the request by now, and any
    // further byte fails; where it read the request first, nothing was refused yet.
    socket.write(PROBE, (error?: Error | null) => {
      this.#refused = (error as { readonly syscall?: unknown } | null | undefined)?.syscall === 'write'
    })
  }
}
