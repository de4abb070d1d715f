/** The public listener: the plugins and routes that every request meets, in this order. The order is the documentation. */
import { randomUUID } from 'node:crypto'
import Fastify, { type FastifyInstance } from 'fastify'
import type { Fleet } from '../backends/fleet/fleet.ts'
import type { Endpoint } from '../core/endpoints.ts'
import type { ProcessSettings } from '../core/settings.ts'
import type { KeyStore } from '../keys/key-store.ts'
import type { Log } from '../observe/log/log.ts'
import type { Stages } from '../pipeline.ts'
import { Connections } from './connections.ts'
import { allowedOrigins, ownHosts } from './own-hosts.ts'
import { canonicalUrl } from './paths.ts'
import { receive, refuseLate, stoppingError } from './plugins/arrivals.ts'
import { authenticate } from './plugins/auth.ts'
import { BodyRoom, limitBodies } from './plugins/bodies.ts'
import { guardDoor } from './plugins/door.ts'
import { answerErrors, refuseUnknownPaths } from './plugins/errors.ts'
import { limitRequests } from './plugins/limits.ts'
import { onClientError } from './plugins/no-http.ts'
import { recordAnswers } from './plugins/plain-answers.ts'
import { type BeginTrace, inferenceRoutes } from './routes/inference.ts'
import { modelRoutes } from './routes/models.ts'
import { healthRoute, opsRoutes } from './routes/ops.ts'

export interface ServerTools {
  readonly stages: Stages
  /** The inference paths. */
  readonly endpoints: readonly Endpoint[]
  readonly keys: KeyStore
  readonly fleet: Fleet
  readonly log: Log
  /** The client of Redis that gateways share; null where there is none. */
  readonly redis: unknown
  /** Null: nothing is traced. */
  readonly beginTrace: BeginTrace | null
}

export interface GatewayServer {
  /** Resolves with its URL. Rejects where the address is taken. */
  listen(): Promise<string>
  /** Stops accepting, waits for live answers, ends what is left after `limitMs`. */
  drain(limitMs: number): Promise<void>
}

export async function createServer(
  { server, bodies }: Pick<ProcessSettings, 'server' | 'bodies'>,
  { stages, endpoints, keys, fleet, log, redis, beginTrace }: ServerTools,
): Promise<GatewayServer> {
  const { metrics, now, policy } = stages
  const app = Fastify({
    bodyLimit: bodies.bodyBytes,
    trustProxy: server.trustProxy,
    requestIdHeader: false,
    rewriteUrl: ({ url = '/' }) => canonicalUrl(url),
    genReqId: requestId,
    // Slow uploads end; slow answers have limits of their own.
    requestTimeout: 300_000,
    routerOptions: { maxParamLength: 512 },
    return503OnClosing: false,
    clientErrorHandler: (error, socket) => onClientError(error, socket, books),
    // Node's own refusals have no body: one for a missing Host is made by us, an unknown expectation is not refused.
    http: { requireHostHeader: false },
  })
  app.server.on('checkExpectation', (request, response) => app.server.emit('request', request, response))
  const connections = new Connections(app.server, now)
  const books = { metrics, log, connections, now }
  receive(app, connections, now)
  const { host, port, hosts, cors } = server
  guardDoor(app, {
    hosts: ownHosts([host, ...hosts], host),
    origins: allowedOrigins(cors.origins, host),
    locked: () => keys.required,
    cors,
  })
  refuseLate(app, connections)
  recordAnswers(app, books)
  answerErrors(app, connections, stages.formats)
  refuseUnknownPaths(app)
  opsRoutes(app, stages, () => !connections.stopping)
  await app.register(async (scope: FastifyInstance) => {
    authenticate(scope, keys)
    await limitRequests(scope, redis)
    limitBodies(scope, new BodyRoom(bodies.bodiesBytes), bodies.bodyBytes)
    healthRoute(scope, fleet, now)
    modelRoutes(scope, () => policy().table, Math.floor(Date.now() / 1000))
    inferenceRoutes(scope, endpoints, stages, connections, beginTrace)
  })
  return {
    listen: () => app.listen({ host, port }),
    drain: (limitMs) => drain(app, connections, limitMs),
  }
}

async function drain(app: FastifyInstance, connections: Connections, limitMs: number): Promise<void> {
  connections.stopping = true
  const closing = app.close()
  // A kept-alive connection is idle only once its answer has ended, and one may come before the door is shut.
  const sweep = setInterval(() => app.server.closeIdleConnections(), 50)
  const limit = setTimeout(() => {
    connections.stopAll(stoppingError('The gateway is stopping; the answer could not be finished.'))
    // Callers that do not read their last event either.
    setTimeout(() => app.server.closeAllConnections(), 1000).unref()
  }, limitMs)
  try {
    await closing
  } finally {
    clearInterval(sweep)
    clearTimeout(limit)
  }
}

/** The caller's own id where it is harmless, else a new one. */
function requestId(request: { headers: Readonly<Record<string, string | string[] | undefined>> }): string {
  const given = request.headers['x-request-id']
  return typeof given === 'string' && /^[\w.:-]{1,128}$/.test(given) ? given : randomUUID()
}
