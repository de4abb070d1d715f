/** The way in of all that is no inference: what everybody is asked (admission/), in hooks of Fastify. */
import type { FastifyInstance, HookHandlerDoneFunction } from 'fastify'
import type { Endpoint } from '../../core/endpoints.ts'
import type { GatewayError } from '../../core/errors.ts'
import type { Admission } from '../admission/admission.ts'
import { Arrival } from '../arrival.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    endpoint?: Endpoint
    /** Takes nothing of the requests per minute. */
    free?: boolean
    /** Probes and scrapes come by the minute and tell nothing. */
    silent?: boolean
  }
  interface FastifyRequest {
    arrival: Arrival
  }
}

/** Must be the first: all others work with what it notes. */
export function noteArrivals(app: FastifyInstance, now: () => number): void {
  app.decorateRequest('arrival')
  app.addHook('onRequest', (request, reply, done) => {
    request.arrival = new Arrival(request.raw, reply.raw, request.originalUrl, request.id, now())
    done()
  })
}

/** Also those who come for paths that do not exist. */
export function enterAll(app: FastifyInstance, admission: Admission): void {
  app.addHook('onRequest', ({ arrival }, _reply, done) => go(admission.enter(arrival), done))
}

/** Refuses what can be answered by nobody. */
export function refuseLate(app: FastifyInstance, admission: Admission): void {
  app.addHook('onRequest', ({ arrival }, _reply, done) => go(admission.expect(arrival), done))
}

/** To every route of `scope`. Its bodies are JSON, and handlers get their bytes. */
export function admitAll(scope: FastifyInstance, admission: Admission): void {
  scope.addHook('onRequest', ({ arrival, routeOptions }, _reply, done) => {
    const refused = admission.admit(arrival, routeOptions.config.free !== true)
    if (refused instanceof Promise) void refused.then((told) => go(told, done))
    else go(refused, done)
  })
  scope.addHook('preParsing', ({ arrival }, _reply, payload, done) => done(admission.welcome(arrival), payload))
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser('*', ({ arrival }, _payload, done) =>
    admission.read(arrival, (body) => (Buffer.isBuffer(body) ? done(null, body) : done(body))),
  )
}

const go = (refused: GatewayError | null, done: HookHandlerDoneFunction): void => done(refused ?? undefined)
