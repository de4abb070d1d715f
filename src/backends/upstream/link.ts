/**
 * One connection to a backend, for one call at a time. It watches its socket: who closes it, and when, tells how long
 * idle ones can be trusted, and whether a request that got no answer can have been read at all.
 */
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { type buildConnector, Client } from 'undici'

export interface LinkTools {
  readonly connect: buildConnector.connector
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

/** undici's word for a connection that it closed by its own choice. */
const OWN_END = 'UND_ERR_INFO'

/** `pipelining` stays 1: with 2 a request waits behind the whole stream of another one. */
const OPTIONS = {
  pipelining: 1,
  allowH2: false,
  // Limits are kept by the exchange, to the millisecond; undici's own timers are coarse.
  headersTimeout: 0,
  bodyTimeout: 0,
  keepAliveTimeout: 4_000,
  keepAliveMaxTimeout: 4_000,
  // `Keep-Alive: timeout=5` is used for four seconds.
  keepAliveTimeoutThreshold: 1_000,
} as const

export class Link {
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
  /** The peer sends no more: what has come is little, and is not held back. */
  ended = false
  /** What lets the call's bytes come again, while they are held back. */
  #held: { resume(): void } | null = null

  constructor(origin: string, tools: LinkTools) {
    this.#tools = tools
    const connect: buildConnector.connector = (options, callback) =>
      tools.connect(options, (...outcome) => {
        if (outcome[0] === null) this.#watch(outcome[1])
        callback(...outcome)
      })
    this.client = new Client(origin, { ...OPTIONS, connect })
    this.client.on('disconnect', (_origin, _targets, { code }) => {
      if (this.#working) return
      if (code === OWN_END) tools.outlived(tools.now() - this.idleSince)
      tools.gone(this)
    })
  }

  /** The bytes of the call are held back, until null is given. */
  hold(held: { resume(): void } | null): void {
    this.#held = held
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
    this.#held = null
    this.idleSince = this.#tools.now()
  }

  /**
   * The request that ended with `thrown` cannot have been read: it went out on a kept connection, no byte was answered,
   * and the peer's side was closed before the request was there. A peer that reads it and closes then looks different.
   */
  unread(thrown: unknown): boolean {
    if (this.#calls < 2 || this.#answered) return false
    // The system took no more of it, or said afterwards that the peer had refused what it took.
    return this.#refused || (thrown as { readonly syscall?: unknown } | null)?.syscall === 'write'
  }

  close(): void {
    this.client.close().catch(() => undefined)
  }

  get #answered(): boolean {
    return (this.#socket?.bytesRead ?? 0) !== this.#readBefore
  }

  #watch(socket: Socket): void {
    this.#socket = socket
    this.#calls = 0
    this.ended = false
    socket.once('end', () => {
      // undici fails an assertion, and the process with it, where a body without a length ends while it is held back.
      this.ended = true
      this.#held?.resume()
      this.#closed(socket, true)
    })
    socket.once('error', (error: NodeJS.ErrnoException) => {
      // A reset counts as such an end by this name alone.
      if (this.#held !== null && error.code === 'ECONNRESET') error.code = 'UND_ERR_SOCKET'
      // Without a call of the system it was this side that ended it.
      if ('syscall' in error) this.#closed(socket, false)
    })
  }

  /** Runs before undici's own listeners, which destroy the socket. */
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
