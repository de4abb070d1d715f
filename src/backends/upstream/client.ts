/** What a call needs of an HTTP client, and what the client reports of its connection. The clients themselves are behind it. */
import type { Socket } from 'node:net'

/** One connection, made for its first request; one request at a time. */
export interface Client {
  /** No further request is taken. */
  readonly closed: boolean
  send(request: ClientRequest, handler: ResponseHandler): void
  /** Holds back what else comes of the response, until `resume`. */
  pause(): void
  resume(): void
  /** Ends the request under way and its connection; the handler hears it by `onResponseError`, at the latest when a connection would be there. */
  abort(why: Error): void
  /** Closes the connection, a request under way first comes to its end. */
  close(): void
  /** Cuts the connection. */
  destroy(): Promise<void>
}

export interface ClientRequest {
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  /** Pieces of it, one at least. */
  readonly body: readonly Buffer[]
}

/** Names in lower case; a list where one came several times. */
export type ResponseHeaders = Readonly<Record<string, string | string[] | undefined>>

/** In this order. The last one is the end or the error. */
export interface ResponseHandler {
  /** There is a connection, and the request goes out. */
  onRequestStart(): void
  /** Of the answer itself; interim ones are skipped. */
  onResponseStart(status: number, headers: ResponseHeaders): void
  onResponseData(bytes: Buffer): void
  onResponseEnd(): void
  onResponseError(thrown: Error): void
}

/** Hears what becomes of the client's connection. */
export interface ConnectionWatcher {
  /** A socket is there; nothing was written or read. Listeners that are added now run before those of the client. */
  connected(socket: Socket): void
  /** The connection is gone, or must not be used again. `own`: this side ended it, by its own choice. */
  disconnected(own: boolean): void
}

export type OpenClient = (origin: string, watcher: ConnectionWatcher) => Client
