/**
 * Whether the caller is still there. The sign is the response's 'close' before its end; the request's own 'close' (and
 * Fastify's signal, which is built on it) fires as soon as a POST body has been read and would cancel everything.
 *
 * A FIN alone does not say whether the caller hung up or only has nothing more to send (`nc -N`, some health checks).
 * One that comes with the request, before anything was answered, is put to the test: an interim `102 Processing` is
 * skipped by a client that still reads, and makes the kernel of one that is gone reset the connection. Any later FIN is a hang-up.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { clientClosed, type GatewayError } from '../core/errors.ts'
import type { Caller } from '../core/types.ts'

interface Watched {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly since: number
}

/** A FIN later than this after the request did not come with it. */
const WITH_REQUEST_MS = 250
/** When to look again whether the line was reset; the last one repeats. A reset is noticed at the write after it. */
const PROBES_MS = [20, 50, 80, 350, 2_000]

const watched = new WeakMap<Socket, Watched>()

/** The callers that wait for an answer at this moment. */
export class LiveCallers {
  readonly #callers = new Set<Caller>()
  /** The gateway ends: nobody new is served. */
  stopping = false

  get size(): number {
    return this.#callers.size
  }

  /** The caller at the other end of `response`, watched until it has its answer or leaves. `now`: clock reading, ms. */
  watch(request: IncomingMessage, response: ServerResponse, now: number): Caller {
    const caller = { gone: false, stop: null as ((why: GatewayError) => void) | null }
    this.#callers.add(caller)
    watched.set(request.socket, { request, response, since: now })
    response.once('close', () => {
      this.#callers.delete(caller)
      if (response.writableEnded) return
      caller.gone = true
      caller.stop?.(clientClosed())
    })
    return caller
  }

  /** Ends every open answer. */
  stopAll(why: GatewayError): void {
    for (const caller of this.#callers) caller.stop?.(why)
  }
}

/** Lets half-closed connections live long enough to be looked at; Node ends them at once otherwise, answer unsent. */
export function keepHalfOpen(server: Server, now: () => number): void {
  Object.assign(server, { httpAllowHalfOpen: true })
  server.on('connection', (socket) => {
    socket.on('end', () => {
      const open = watched.get(socket)
      if (open === undefined || open.response.writableEnded) return
      const withRequest = now() - open.since < WITH_REQUEST_MS && open.request.httpVersion === '1.1'
      if (open.response.headersSent || !withRequest) socket.destroy()
      else probe(open.response, 0)
    })
  })
}

function probe(response: ServerResponse, round: number): void {
  if (response.headersSent || response.destroyed) return
  response.writeProcessing()
  const timer = setTimeout(() => probe(response, round + 1), PROBES_MS[Math.min(round, PROBES_MS.length - 1)])
  timer.unref()
}
