/** What every request meets first. */
import type { FastifyInstance } from 'fastify'
import { GatewayError } from '../../core/errors.ts'
import type { Connections } from '../connections.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Clock reading, ms, when its headers were there. */
    arrivedAt: number
  }
}

export function receive(app: FastifyInstance, connections: Connections, now: () => number): void {
  app.decorateRequest('arrivedAt', 0)
  app.addHook('onRequest', (request, _reply, done) => {
    request.arrivedAt = now()
    connections.arriving(request.raw)
    done()
  })
}

/** Refuses what can be answered by nobody. */
export function refuseLate(app: FastifyInstance, connections: Connections): void {
  app.addHook('onRequest', (request, reply, done) => {
    if (connections.stopping) {
      reply.header('connection', 'close')
      done(stoppingError())
    } else if (request.headers.host === undefined && request.raw.httpVersion === '1.1') {
      reply.header('connection', 'close')
      done(new GatewayError('invalid_request', 'An HTTP/1.1 request needs a Host header.'))
    } else done()
  })
}

/** For whoever comes, or has not got an answer, while the gateway stops. */
export const stoppingError = (message = 'The gateway is stopping.'): GatewayError =>
  new GatewayError('shutting_down', message, { retryAfterMs: 1000 })
