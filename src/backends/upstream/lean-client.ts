/**
 * A client for plain HTTP that does what a gateway needs and no more: one write for a request, one buffer for the reads of all
 * connections, one piece for what a read has brought of a body. What undici refuses as no HTTP is refused here as well.
 */
import { connect, type Socket } from 'node:net'
import type { Client, ClientRequest, ConnectionWatcher, OpenClient, ResponseHandler } from './client.ts'
import { bytesOf, requestHead } from './request-head.ts'
import type { ResponseHead } from './response-head.ts'
import { ResponseParser } from './response-parser.ts'
import { thisTurn } from './turn.ts'

/** An idle connection is closed after so long. */
const IDLE_MS = 4_000
/** `Keep-Alive: timeout=5` is used for four seconds. */
const MARGIN_MS = 1_000
/** A body up to this size goes out in one text with its head: cheaper than a list, and the system takes it at once. */
const SMALL_BYTES = 8 * 1024

/** What a read brings is copied out before the next one, whichever socket that is of. */
const READ = Buffer.allocUnsafeSlow(64 * 1024)

/** For roots that begin with `http:`. `now`: a clock in ms. */
export const leanClients =
  (now: () => number): OpenClient =>
  (origin, watcher) =>
    new LeanClient(new URL(origin), watcher, now)

/** What is not written yet. */
interface Unsent {
  readonly head: string
  readonly body: readonly Buffer[]
}

class LeanClient implements Client {
  readonly #origin: URL
  readonly #watcher: ConnectionWatcher
  readonly #now: () => number
  #socket: Socket | null = null
  #parser = new ResponseParser()
  #closed = false
  /** Of the request under way; null while there is none. */
  #handler: ResponseHandler | null = null
  #unsent: Unsent | null = null
  #head: ResponseHead | null = null
  #error: Error | null = null
  #idleSince = 0
  #idleTurn = 0
  #idleMs = IDLE_MS
  #idleTimer: NodeJS.Timeout | null = null

  constructor(origin: URL, watcher: ConnectionWatcher, now: () => number) {
    this.#origin = origin
    this.#watcher = watcher
    this.#now = now
  }

  get closed(): boolean {
    return this.#closed
  }

  send(request: ClientRequest, handler: ResponseHandler): void {
    if (this.#closed) throw new Error('the connection is closed')
    this.#unsent = { head: requestHead(request, this.#origin.host), body: request.body }
    this.#handler = handler
    if (this.#socket === null) return this.#connect()
    this.#socket.ref()
    // Some peers close a connection behind an answer, or write too much of it, and say neither. What has come by now is seen in this turn.
    if (this.#idleTurn === thisTurn()) setImmediate(() => this.#write())
    else this.#write()
  }

  pause(): void {
    if (this.#handler !== null) this.#socket?.pause()
  }

  resume(): void {
    if (this.#handler !== null) this.#socket?.resume()
  }

  abort(why: Error): void {
    if (this.#handler !== null) this.#fail(why)
  }

  close(): void {
    this.#closed = true
    if (this.#handler === null) this.#shut()
  }

  destroy(): Promise<void> {
    this.#shut()
    const socket = this.#socket
    if (socket === null || socket.closed) return Promise.resolve()
    return new Promise((resolve) => void socket.once('close', resolve))
  }

  #connect(): void {
    const { hostname, port } = this.#origin
    const socket = connect({
      host: hostname.replace(/^\[(.*)\]$/, '$1'),
      port: port === '' ? 80 : Number(port),
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: 60_000,
      onread: {
        buffer: READ,
        callback: (bytes) => {
          if (this.#socket === socket) this.#read(bytes)
          return true
        },
      },
    })
    this.#socket = socket
    socket.once('connect', () => {
      this.#watcher.connected(socket)
      socket.once('end', () => this.#socket === socket && this.#lost(closedByPeer()))
      this.#write()
    })
    socket.once('error', (error) => this.#socket === socket && this.#broken(error))
    socket.once('close', () => this.#socket === socket && this.#gone())
  }

  #write(): void {
    const socket = this.#socket
    const unsent = this.#unsent
    if (socket === null || unsent === null || socket.connecting || socket.destroyed) return
    const handler = this.#handler!
    this.#unsent = null
    handler.onRequestStart()
    if (this.#handler !== handler) return
    const { head, body } = unsent
    if (bytesOf(body) <= SMALL_BYTES) {
      let text = head
      for (const piece of body) text += piece.toString('latin1')
      socket.write(text, 'latin1')
      return
    }
    socket.cork()
    socket.write(head, 'latin1')
    for (const piece of body) socket.write(piece)
    socket.uncork()
  }

  #read(bytes: number): void {
    const handler = this.#handler
    const { head, body, failure, ended, excess } = this.#parser.push(READ, bytes)
    if (handler === null || this.#unsent !== null) {
      // It answers no request, and none may take it for its answer. An empty line is nothing.
      if (ended || failure !== null || !this.#parser.between) this.#useless()
      return
    }
    try {
      if (head !== null) {
        this.#head = head
        handler.onResponseStart(head.status, head.headers)
      }
      if (body !== null && this.#handler === handler) handler.onResponseData(body)
      if (this.#handler !== handler) return
      if (failure !== null) this.#fail(failure)
      else if (ended) this.#complete(excess === 0)
    } catch (thrown) {
      // One answer that cannot be handled must not end the process.
      if (this.#handler === handler) this.#fail(thrown as Error)
      else handler.onResponseError(thrown as Error)
    }
  }

  /** The response is whole; `clean`: nothing came behind it. */
  #complete(clean: boolean): void {
    const handler = this.#handler!
    const socket = this.#socket!
    this.#handler = null
    const { reusable, keepsMs } = this.#head!
    this.#head = null
    this.#idleMs = keepsMs === null ? IDLE_MS : Math.min(IDLE_MS, keepsMs - MARGIN_MS)
    // Where not all of the request is out, the rest of it would be taken for the next one.
    if (clean && reusable && this.#idleMs > 0 && socket.writableLength === 0 && !this.#closed) this.#rest(socket)
    else this.#shut()
    handler.onResponseEnd()
  }

  #rest(socket: Socket): void {
    this.#idleSince = this.#now()
    this.#idleTurn = thisTurn()
    // A caller that took nothing for a moment must not stall the next request on this connection.
    if (socket.isPaused()) socket.resume()
    socket.unref()
    if (this.#idleTimer === null) this.#watchIdle(this.#idleMs)
  }

  /** Set once and looked at when it fires: a request costs no timer. */
  #watchIdle(ms: number): void {
    this.#idleTimer = setTimeout(() => {
      this.#idleTimer = null
      if (this.#handler !== null || this.#closed) return
      const left = this.#idleSince + this.#idleMs - this.#now()
      if (left > 0) this.#watchIdle(left)
      else this.#drop(true)
    }, ms)
    this.#idleTimer.unref()
  }

  /** The peer sends no more. Runs behind the watcher's own listener, which looks at the socket while it is open. */
  #lost(error: Error): void {
    if (this.#handler === null || this.#unsent !== null) this.#useless()
    else if (this.#parser.finish()) this.#complete(false)
    else {
      // The handler hears it when the socket is closed: then it is known whether the peer still took bytes.
      this.#error = error
      this.#shut()
    }
  }

  #broken(error: NodeJS.ErrnoException): void {
    if (error.syscall !== 'read') this.#error = error
    // Some systems reset a connection whose last bytes were delivered.
    else this.#lost(error)
  }

  #gone(): void {
    const handler = this.#handler
    if (handler === null) return this.#drop(false)
    this.#fail(this.#error ?? closedByPeer())
  }

  /** A connection that carries no request has ended, or is not to be trusted. One that waits to be written goes out on a new one. */
  #useless(): void {
    if (this.#unsent === null) return this.#drop(false)
    this.#socket?.destroy()
    this.#parser = new ResponseParser()
    this.#connect()
  }

  /** At once, so that no further call gets it. */
  #drop(own: boolean): void {
    this.#shut()
    this.#watcher.disconnected(own)
  }

  #fail(why: Error): void {
    const handler = this.#handler!
    this.#handler = null
    this.#unsent = null
    this.#shut()
    handler.onResponseError(why)
  }

  #shut(): void {
    this.#closed = true
    if (this.#idleTimer !== null) clearTimeout(this.#idleTimer)
    this.#socket?.destroy()
  }
}

const closedByPeer = (): Error => Object.assign(new Error('the peer has closed the connection'), { code: 'ECONNRESET' })
