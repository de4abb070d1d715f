/**
 * Whether the caller is still there. The sign is that its connection closes before the end of the answer; the request's
 * own 'close' (and Fastify's signal, which is built on it) fires as soon as a POST body has been read and would cancel everything.
 *
 * A FIN alone does not say whether the caller hung up or only has nothing more to send (`nc -N`, some health checks).
 * One that comes with the request, before anything was answered, is put to the test: an interim `102 Processing` is
 * skipped by a client that still reads, and makes the kernel of one that is gone reset the connection. Any later FIN is
 * a hang-up, and so is each one of HTTP/1.0, which knows no interim answers: what else could tell the two apart
 * (a TCP keep-alive) is answered by the kernel of a caller that is gone as well, for as long as a minute.
 */
import type { ServerResponse } from 'node:http'
import type { ClientConnection } from './client-connection.ts'

/** A FIN later than this after the request did not come with it. */
const WITH_REQUEST_MS = 250
/** When to look again whether the line was reset; the last one repeats. A reset is noticed at the write after it. */
const PROBES_MS = [20, 50, 80, 350, 2_000]

/** The caller has nothing more to send. `now`: clock reading, ms. */
export function heardFin({ socket, open }: ClientConnection, now: number): void {
  const newest = open.at(-1)
  if (newest === undefined || open.every(({ response }) => response.writableEnded)) return
  // Those behind it have no connection until it is their turn.
  const first = open.find(({ response }) => response.socket !== null)
  const withRequest = now - newest.since < WITH_REQUEST_MS && newest.request.httpVersion === '1.1'
  if (first === undefined || first.response.headersSent || !withRequest) socket.destroy()
  else probe(first.response, 0)
}

function probe(response: ServerResponse, round: number): void {
  if (response.headersSent || response.destroyed) return
  response.writeProcessing()
  const timer = setTimeout(() => probe(response, round + 1), PROBES_MS[Math.min(round, PROBES_MS.length - 1)])
  timer.unref()
}
