/** Every open connection, and what is answered on it: who left, and what may be closed when the gateway stops. */
import type { IncomingMessage, Server } from 'node:http'
import type { Socket } from 'node:net'
import type { GatewayError } from '../core/errors.ts'
import type { Caller } from '../core/types.ts'
import type { Arrival } from './arrival.ts'
import { heardFin } from './client-gone.ts'
import { Answering, ClientConnection } from './client-connection.ts'

export class Connections {
  readonly #lines = new Map<Socket, ClientConnection>()
  /** The gateway ends: nobody new is served. */
  stopping = false

  readonly #now: () => number

  /** `now`: the clock, ms. */
  constructor(now: () => number) {
    this.#now = now
  }

  /** Those of `server`, which must not have accepted anything yet. */
  listenTo(server: Server): void {
    // Half-closed connections live long enough to be looked at; Node ends them at once otherwise, answer unsent.
    Object.assign(server, { httpAllowHalfOpen: true })
    // Node's own would cut answers whose last bytes are still on their way, and spare callers that never said anything.
    server.closeIdleConnections = () => this.#closeIdle()
    // Who has taken nothing of an answer for so long takes nothing of it from the kernel either.
    server.on('timeout', (socket: Socket) => {
      if (socket.writableLength > 0) socket.resetAndDestroy()
      else socket.destroy()
    })
    server.on('connection', (socket) => {
      const line = new ClientConnection(socket)
      this.#lines.set(socket, line)
      socket.on('end', () => heardFin(line, this.#now()))
      socket.on('close', () => {
        this.#lines.delete(socket)
        line.closed()
      })
    })
  }

  /** Ends every open answer. */
  stopAll(why: GatewayError): void {
    for (const { open } of this.#lines.values()) for (const caller of [...open]) caller.stop?.(why)
  }

  /** Null for a connection that is closed already. */
  lineOf(socket: Socket): ClientConnection | null {
    return this.#lines.get(socket) ?? null
  }

  /** A request has come, without its body. */
  arriving(request: IncomingMessage): void {
    const line = this.#lines.get(request.socket)
    if (line !== undefined) line.arriving = request
  }

  /** The caller of a request, watched from now on until it has its answer or leaves. `since`: clock reading, ms. */
  watch(arrival: Arrival, since: number): Caller {
    if (arrival.caller !== null) return arrival.caller
    const { request, response } = arrival
    const answering = new Answering(request, response, since)
    const line = this.#lines.get(request.socket)
    if (line === undefined) answering.left()
    else line.begin(answering)
    return (arrival.caller = answering)
  }

  /** Those without an answer under way; an upload is none, its request was not accepted yet. */
  #closeIdle(): void {
    for (const { socket, open } of this.#lines.values()) if (open.length === 0) socket.destroy()
  }
}
