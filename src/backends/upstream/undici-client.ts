/** undici behind the interface of a client: TLS, and whatever else is not plain HTTP. */
import type { Socket } from 'node:net'
import { buildConnector, Client, type Dispatcher } from 'undici'
import type {
  Client as HttpClient,
  ClientRequest,
  ConnectionWatcher,
  OpenClient,
  ResponseHandler,
  ResponseHeaders,
} from './client.ts'

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

/** A connection is there within `connectMs`. All of them share the sessions of TLS. */
export function undiciClients(connectMs: number): OpenClient {
  const connect = buildConnector({ timeout: connectMs, allowH2: false })
  return (origin, watcher) => new UndiciClient(origin, connect, watcher)
}

class UndiciClient implements HttpClient, Dispatcher.DispatchHandler {
  readonly #client: Client
  #handler: ResponseHandler | null = null
  #controller: Dispatcher.DispatchController | null = null
  #held = false
  /** The peer sends no more: what has come is little, and is not held back. */
  #ended = false

  constructor(origin: string, connect: buildConnector.connector, watcher: ConnectionWatcher) {
    this.#client = new Client(origin, {
      ...OPTIONS,
      connect: (options, callback) =>
        connect(options, (...outcome) => {
          if (outcome[0] === null) this.#connected(outcome[1], watcher)
          callback(...outcome)
        }),
    })
    this.#client.on('disconnect', (_origin, _targets, { code }) => watcher.disconnected(code === OWN_END))
  }

  get closed(): boolean {
    return this.#client.closed
  }

  send({ path, headers, body }: ClientRequest, handler: ResponseHandler): void {
    this.#handler = handler
    this.#client.dispatch({ path, method: 'POST', headers, body: oneBuffer(body) }, this)
  }

  pause(): void {
    if (this.#ended || this.#controller === null) return
    this.#held = true
    this.#controller.pause()
  }

  resume(): void {
    this.#held = false
    this.#controller?.resume()
  }

  abort(why: Error): void {
    this.#controller?.abort(why)
  }

  close(): void {
    this.#client.close().catch(() => undefined)
  }

  destroy(): Promise<void> {
    return this.#client.destroy()
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    this.#handler?.onRequestStart()
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: ResponseHeaders): void {
    if (status >= 200) this.#handler?.onResponseStart(status, headers)
  }

  onResponseData(_controller: Dispatcher.DispatchController, bytes: Buffer): void {
    this.#handler?.onResponseData(bytes)
  }

  onResponseEnd(): void {
    this.#over()?.onResponseEnd()
  }

  onResponseError(_controller: Dispatcher.DispatchController, thrown: Error): void {
    this.#over()?.onResponseError(thrown)
  }

  /** The request is over; its handler is given back. The controller leads to all that undici holds of it, and must not keep that in memory. */
  #over(): ResponseHandler | null {
    const handler = this.#handler
    this.#handler = null
    this.#controller = null
    this.#held = false
    return handler
  }

  /** These listeners run before undici's own, which destroy the socket. */
  #connected(socket: Socket, watcher: ConnectionWatcher): void {
    this.#ended = false
    socket.once('end', () => {
      // undici fails an assertion, and the process with it, where a body without a length ends while it is held back.
      this.#ended = true
      if (this.#held) this.resume()
    })
    socket.once('error', (error: NodeJS.ErrnoException) => {
      // A reset counts as such an end by this name alone.
      if (this.#held && error.code === 'ECONNRESET') error.code = 'UND_ERR_SOCKET'
    })
    watcher.connected(socket)
  }
}

/** undici writes several pieces one by one, each after a turn of the event loop. */
const oneBuffer = (pieces: readonly Buffer[]): Buffer => (pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces))
