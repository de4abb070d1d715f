/** The composition root: makes the stages, registers the plugins, in order. The order is the documentation. */
import { randomUUID } from 'node:crypto'
import Fastify, { type FastifyInstance } from 'fastify'
import type { DestinationStream } from 'pino'
import { openAccounts } from './accounts.ts'
import { classifier } from './decision/classify/profile.ts'
import { loadWeights } from './decision/classify/weights.ts'
import { AnswerChecker } from './accounting/checker.ts'
import type { Config } from './core/settings.ts'
import type { GatewayRequest, RoutePlan } from './core/types.ts'
import { Fleet, type FleetEvent } from './backends/fleet/fleet.ts'
import { Connections } from './http/connections.ts'
import { receive, refuseLate, stoppingError } from './http/plugins/arrivals.ts'
import { type Admin, createAdmin } from './http/admin/server.ts'
import { allowedOrigins, ownHosts } from './http/own-hosts.ts'
import { canonicalUrl } from './http/paths.ts'
import { authenticate } from './http/plugins/auth.ts'
import { guardDoor } from './http/plugins/door.ts'
import { answerErrors, refuseUnknownPaths } from './http/plugins/errors.ts'
import { BodyRoom, limitBodies } from './http/plugins/bodies.ts'
import { limitRequests } from './http/plugins/limits.ts'
import { onClientError } from './http/plugins/no-http.ts'
import { recordAnswers } from './http/plugins/plain-answers.ts'
import { type BeginTrace, inferenceRoutes } from './http/routes/inference.ts'
import { modelRoutes } from './http/routes/models.ts'
import { healthRoute, opsRoutes } from './http/routes/ops.ts'
import { KeyStore } from './keys/key-store.ts'
import { ModelStats } from './decision/learn/model-stats.ts'
import { storedStats } from './decision/learn/state.ts'
import { shownBudget } from './budgets/shown.ts'
import type { BackendReading } from './observe/gateway/fleet-metrics.ts'
import { createLog, type Log } from './observe/log/log.ts'
import { buildPolicy, type Policy } from './policy.ts'
import { dryRun, type Stages } from './pipeline.ts'
import { Conversations } from './decision/route/conversations.ts'
import { beginTrace } from './formats/trace-context.ts'
import { StateFile } from './store/state-file.ts'
import { ownFile } from './store/own-file.ts'
import { Pools } from './backends/upstream/pools.ts'
import { VERSION } from './version.ts'

export interface AppOptions {
  readonly config: Config
  /** Where log lines go; standard output where absent. */
  readonly logTo?: DestinationStream
}

export interface App {
  readonly log: Log
  readonly fleet: Fleet
  readonly keys: KeyStore
  /** What would be decided about a request at this moment; nothing is sent, counted or learnt. */
  dryRun(request: GatewayRequest): RoutePlan
  /** Finds the models of all backends, then listens. Rejects where the address is taken. */
  listen(): Promise<{ url: string; port: number; adminUrl: string | null }>
  /** Takes no new requests, lets live answers finish within `server.drain`, ends the rest with an error event. */
  close(): Promise<void>
}

const now = (): number => performance.now()

export async function createApp({ config, logTo }: AppOptions): Promise<App> {
  const log = createLog(config.server.logLevel, logTo)
  const pools = new Pools(config.limits.connectMs, now)
  const build = (): Policy => buildPolicy(config, keys.specs, fleet.catalog)
  const keys = new KeyStore({
    fixed: config.keys,
    file: config.store.keys,
    routes: config.routes.map(({ name }) => name),
    tell: (event) => log.events[event.event === 'keys_read' ? 'info' : 'warn'](event, 'keys'),
    onChange: () => (policy = build()),
  })
  await keys.load()
  const weights = await loadWeights()
  const lessons = new ModelStats(weights)
  const own = config.store.state === null ? null : await ownFile(config.store.state)
  const state =
    own === null ? null : new StateFile(own.path, storedStats(lessons), (event) => log.events.info(event, 'state'))
  await state?.load()
  const fleet: Fleet = new Fleet(config, {
    now,
    lessons,
    onChange: () => (policy = build()),
    onEvent: (event) => report(log, event),
  })
  let policy = build()
  const checker = new AnswerChecker()
  const resting = ({ retryAfterUntil, ejectedUntil }: { retryAfterUntil: number; ejectedUntil: number }): boolean =>
    Math.max(retryAfterUntil, ejectedUntil) > now()
  const backends = (): BackendReading[] => fleet.states().map((one) => ({ ...one, resting: resting(one) }))
  const accounts = await openAccounts(config, { log, keys, backends }).catch(async (thrown: unknown) => {
    await own?.hold?.release()
    throw thrown
  })
  const { metrics, limiter, sessions } = accounts
  const stages: Stages = {
    fleet,
    pools,
    metrics,
    observers: accounts.books,
    now,
    userAgent: `turnout/${VERSION}`,
    policy: () => policy,
    classify: classifier(weights),
    lessons,
    conversations: new Conversations(),
    limiter,
    random: Math.random,
    checker,
  }

  const app = Fastify({
    bodyLimit: config.bodies.bodyBytes,
    trustProxy: config.server.trustProxy,
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
  const { host, hosts, cors } = config.server
  guardDoor(app, {
    hosts: ownHosts([host, ...hosts], host),
    origins: allowedOrigins(cors.origins, host),
    locked: () => keys.required,
    cors,
  })
  refuseLate(app, connections)
  recordAnswers(app, books)
  answerErrors(app, connections)
  refuseUnknownPaths(app)
  opsRoutes(app, metrics, () => !connections.stopping)
  await app.register(async (scope: FastifyInstance) => {
    authenticate(scope, keys)
    await limitRequests(scope, accounts.redis)
    limitBodies(scope, new BodyRoom(config.bodies.bodiesBytes), config.bodies.bodyBytes)
    healthRoute(scope, fleet, now)
    modelRoutes(scope, () => policy.table, Math.floor(Date.now() / 1000))
    inferenceRoutes(scope, stages, connections, tracing(config))
  })

  const budgets = {
    states: async () => (await limiter.allStates()).map(shownBudget),
    has: (name: string) => limiter.has(name),
    reset: (name: string, id: string | null) => limiter.reset(name, id),
  }
  const admin: Admin | null =
    config.admin === null
      ? null
      : await createAdmin({ spec: config.admin, hosts, keys, fleet, budgets, sessions, log, now })

  return {
    log,
    fleet,
    keys,
    dryRun: (request) => dryRun(request, stages),
    async listen() {
      await fleet.start()
      state?.start()
      const { host, port } = config.server
      const url = await app.listen({ host, port })
      keys.start()
      const adminUrl = admin === null ? null : await admin.listen()
      return { url, port: Number(new URL(url).port), adminUrl }
    },
    async close() {
      await admin?.close()
      await drain(app, connections, config.server.drainMs)
      await keys.stop()
      await fleet.stop()
      await pools.destroy()
      await state?.stop()
      await own?.hold?.release()
      await checker.close()
      // Answers that are read to their end for their usage settle while the pools go.
      await accounts.close()
      await log.flush()
    },
  }
}

/** Stops accepting, waits for live answers, ends what is left after `limitMs`. */
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

function report(log: Log, event: FleetEvent): void {
  log.events.info(event, 'fleet')
}

function tracing({ telemetry }: Config): BeginTrace | null {
  return telemetry?.traces === true ? (headers) => beginTrace(headers, telemetry.sample) : null
}
