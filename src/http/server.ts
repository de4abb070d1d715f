/** The public listener: what every request meets, in this order. The order is the documentation. */
import { createServer as createHttpServer } from 'node:http'
import Fastify, { type FastifyInstance } from 'fastify'
import type { Fleet } from '../backends/fleet/fleet.ts'
import type { TokenCounts } from '../backends/fleet/token-counts.ts'
import type { Endpoint } from '../core/endpoints.ts'
import type { ProcessSettings } from '../core/settings.ts'
import type { KeyStore } from '../keys/key-store.ts'
import type { LastHour } from '../observe/headline/last-hour.ts'
import type { Log } from '../observe/log/lines.ts'
import type { Stages } from '../pipeline.ts'
import { Admission } from './admission/admission.ts'
import { BodyRoom } from './admission/body-room.ts'
import { stoppingError } from './admission/late.ts'
import { OwnMinutes, type ScriptRunner, SharedMinutes } from './admission/minute-counts.ts'
import { allowedOrigins, ownHosts } from './admission/own-hosts.ts'
import { requestId } from './arrival.ts'
import { Connections } from './connections.ts'
import { type BeginTrace, InferenceLane } from './lane.ts'
import { onClientError } from './no-http.ts'
import { canonicalUrl } from './paths.ts'
import { admitAll, enterAll, noteArrivals, refuseLate } from './plugins/admit.ts'
import { answerPreflights } from './plugins/preflight.ts'
import { answerErrors, recordAnswers, refuseUnknownPaths } from './plugins/refusals.ts'
import { answerRoutes } from './routes/answers.ts'
import { deploymentsRoute } from './routes/deployments.ts'
import { frontRoute } from './routes/front.ts'
import { modelRoutes } from './routes/models.ts'
import { ollamaRoutes } from './routes/ollama.ts'
import { healthRoute, opsRoutes } from './routes/ops.ts'
import { isInference, otherPosts } from './routes/other-posts.ts'

export interface ServerTools {
  readonly stages: Stages
  /** The inference paths. */
  readonly endpoints: readonly Endpoint[]
  readonly keys: KeyStore
  readonly fleet: Fleet
  readonly counts: TokenCounts
  readonly lastHour: LastHour
  readonly log: Log
  /** The client of Redis that gateways share; null where there is none. */
  readonly redis: ScriptRunner | null
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
  { stages, endpoints, keys, fleet, counts, lastHour, log, redis, beginTrace }: ServerTools,
): Promise<GatewayServer> {
  const { metrics, now, policy } = stages
  const { host, port, hosts, cors } = server
  const connections = new Connections(now)
  const plain = { metrics, log, connections, now }
  const door = {
    hosts: ownHosts([host, ...hosts], host),
    origins: allowedOrigins(cors.origins, host),
    locked: () => keys.required,
    cors,
  }
  const admission = new Admission({
    door,
    connections,
    keys,
    minutes: redis === null ? new OwnMinutes() : new SharedMinutes(redis),
    bodies: { room: new BodyRoom(bodies.bodiesBytes), mostBytes: bodies.bodyBytes },
  })
  const lane = new InferenceLane(endpoints.filter(isInference), { stages, admission, plain, beginTrace })
  const app = Fastify({
    trustProxy: server.trustProxy,
    requestIdHeader: false,
    rewriteUrl: ({ url = '/' }) => canonicalUrl(url),
    genReqId: requestId,
    routerOptions: { maxParamLength: 512 },
    return503OnClosing: false,
    clientErrorHandler: (error, socket) => onClientError(error, socket, plain),
    serverFactory: (others) => {
      const http = createHttpServer(HTTP, (request, response) => {
        if (!lane.takes(request, response)) others(request, response)
      })
      // An expectation that nobody knows is no reason to refuse, as it is to Node.
      http.on('checkExpectation', (request, response) => http.emit('request', request, response))
      connections.listenTo(http)
      return http
    },
  })
  noteArrivals(app, now)
  enterAll(app, admission)
  answerPreflights(app, door)
  refuseLate(app, admission)
  recordAnswers(app, plain, stages.formats)
  answerErrors(app, () => connections.stopping, stages.formats)
  refuseUnknownPaths(app)
  frontRoute(app, { books: stages.books, keys, lastHour, fleet, table: () => policy().table })
  opsRoutes(app, stages, () => !connections.stopping)
  await app.register((scope: FastifyInstance, _options, done) => {
    admitAll(scope, admission)
    healthRoute(scope, fleet, now)
    modelRoutes(scope, () => policy().table, stages, Math.floor(Date.now() / 1000))
    deploymentsRoute(scope, () => policy().table, stages.now)
    ollamaRoutes(scope, stages, Math.floor(Date.now() / 1000))
    answerRoutes(scope, stages.formats, stages.answers)
    otherPosts(scope, endpoints, stages, counts)
    done()
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

const HTTP = {
  // Slow uploads end; slow answers have limits of their own.
  requestTimeout: 300_000,
  keepAliveTimeout: 72_000,
  // Node's own refusal has no body.
  requireHostHeader: false,
}
