/** The composition root: opens what the stages work with, and the listeners, in order. */
import type { Provider } from './core/provider.ts'
import type { DestinationStream } from 'pino'
import { type Applied, Applying } from './apply.ts'
import { openAnswers } from './answers/open.ts'
import { AnswerChecker } from './accounting/checker.ts'
import { type Endpoint, ENDPOINTS } from './core/endpoints.ts'
import { type Formats, FORMATS } from './formats/formats.ts'
import { Prefills } from './dispatch/prefills.ts'
import { SealMemory } from './dispatch/seal-memory.ts'
import { Fleet } from './backends/fleet/fleet.ts'
import { TokenCounts } from './backends/fleet/token-counts.ts'
import { Pools } from './backends/upstream/pools.ts'
import { shownBudget } from './budgets/shown.ts'
import { EventBus } from './core/event-bus.ts'
import type { RequestObserver } from './core/request-record.ts'
import type { Config, TelemetrySpec } from './core/settings.ts'
import type { GatewayRequest, RoutePlan } from './core/types.ts'
import { classifier } from './decision/classify/profile.ts'
import { loadWeights } from './classifier-file.ts'
import { ModelStats } from './decision/learn/model-stats.ts'
import { storedStats } from './decision/learn/state.ts'
import { Conversations } from './decision/route/conversations.ts'
import { beginTrace } from './formats/trace-context.ts'
import { type Admin, createAdmin } from './http/admin/server.ts'
import type { BeginTrace } from './http/lane.ts'
import { createServer } from './http/server.ts'
import { KeyStore } from './keys/key-store.ts'
import type { BackendReading } from './observe/gateway/fleet-metrics.ts'
import type { Log } from './observe/log/lines.ts'
import { createLog } from './observe/log/log.ts'
import { createPeopleLog } from './observe/log/people/log.ts'
import { PLAIN_SCREEN, type Screen } from './observe/log/people/screen.ts'
import { openObservers } from './observers.ts'
import { dryRun, type Stages } from './pipeline.ts'
import { buildPolicy, type Policy } from './policy.ts'
import { ownFile } from './store/own-file.ts'
import { StateFile } from './store/state-file.ts'
import { VERSION } from './version.ts'

export interface AppOptions {
  /** None with stand-ins for what is not known: `ConfigView`. */
  readonly config: Config & { readonly unset?: never }
  /** Where log lines go; standard output where absent. */
  readonly logTo?: DestinationStream
  /** The terminal where log lines are seen; absent where none is. */
  readonly screen?: Screen | undefined
  /** They see each finished request beside the gateway's own observers. */
  readonly observers?: readonly RequestObserver[]
  /** All kinds of backends: each is compared with what answers. Absent: it is taken for what the configuration says. */
  readonly kinds?: readonly Provider[]
  /** Of the process: what engines that the gateway starts have of it. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** The wire formats that it speaks, and the inference paths; the gateway's own where absent. */
  readonly formats?: Formats
  readonly endpoints?: readonly Endpoint[]
}

export interface App {
  readonly log: Log
  readonly events: EventBus
  readonly fleet: Fleet
  readonly pools: Pools
  readonly keys: KeyStore
  /**
   * Another configuration, while requests go on: new ones go by it, those under way end by the one that they began with. Rejects with
   * a ConfigError where it cannot be in force, and nothing has changed then.
   */
  apply(config: Config): Promise<Applied>
  /** What would be decided about a request at this moment; nothing is sent, counted or learnt. */
  dryRun(request: GatewayRequest): RoutePlan
  /** Finds the models of all backends, then listens. Rejects where the address is taken. */
  listen(): Promise<{ url: string; port: number; adminUrl: string | null }>
  /** Records what has ended and writes the log, as far as that can be done at once: for the way out after a fault. */
  flush(): Promise<void>
  /** Takes no new requests, lets live answers finish within `server.drain`, ends the rest with an error event. */
  close(): Promise<void>
}

const now = (): number => performance.now()
const FORGOTTEN_MS = 60_000
const USER_AGENT = `turnout/${VERSION}`

export async function createApp({
  config,
  logTo,
  screen,
  kinds = [],
  observers: others = [],
  env = {},
  formats = FORMATS,
  endpoints = ENDPOINTS,
}: AppOptions): Promise<App> {
  const { log: form, logLevel } = config.server
  const log =
    (form ?? (screen === undefined ? 'json' : 'pretty')) === 'json'
      ? createLog(logLevel, logTo)
      : createPeopleLog(logLevel, screen ?? PLAIN_SCREEN, logTo)
  if ('unset' in config) throw new Error('a view of a configuration has stand-ins for its secrets and cannot be run')
  const events = new EventBus()
  events.subscribe(log.emit)
  const { emit } = events
  const pools = new Pools(config.limits.connectMs, now, config.upstream.client)
  /** After a change of models or keys. */
  const rebuild = (): void => void (policy = buildPolicy(policy.settings, keys.specs, fleet.catalog))
  const keys = new KeyStore({
    fixed: config.keys,
    file: config.store.keys,
    routes: config.routes.map(({ name }) => name),
    emit,
    onChange: rebuild,
  })
  await keys.load()
  const weights = await loadWeights()
  const lessons = new ModelStats(weights)
  lessons.from = config.learning
  const own = config.store.state === null ? null : await ownFile(config.store.state)
  const state = own === null ? null : new StateFile(own.path, storedStats(lessons), emit)
  await state?.load()
  const fleet: Fleet = new Fleet(config, {
    now,
    lessons,
    onChange: rebuild,
    emit,
    kinds,
    engines: { emit, env, state: own?.path ?? null },
  })
  let policy: Policy = buildPolicy(config, keys.specs, fleet.catalog)
  const observers = await openObservers(config, {
    log,
    events,
    keys: () => keys.specs,
    backends: () => readingsOf(fleet),
    lessons,
    prefixes: () => lessons.prefixes.size,
    others,
  }).catch(async (thrown: unknown) => {
    await own?.hold?.release()
    throw thrown
  })
  const { books, metrics, limiter, sessions, lastHour, lastWeek, redis } = observers
  const answers = await openAnswers(config.store.answers, redis).catch(async (thrown: unknown) => {
    await observers.close()
    await own?.hold?.release()
    throw thrown
  })
  const checker = new AnswerChecker()
  const counts = new TokenCounts(formats, now)
  const prefills = new Prefills({ fleet, now, userAgent: USER_AGENT, connectMs: config.limits.connectMs })
  const stages: Stages = {
    fleet,
    counts,
    prefills,
    pools,
    formats,
    metrics,
    books,
    now,
    userAgent: USER_AGENT,
    seals: new SealMemory(),
    policy: () => policy,
    classify: classifier(weights),
    lessons,
    tails: lessons.tails,
    conversations: new Conversations(),
    limiter,
    random: Math.random,
    checker,
    answers,
  }
  /** Nothing of a conversation is kept for longer, also where no requests come. */
  const forgetting = setInterval(() => lessons.forget(now()), FORGOTTEN_MS).unref()
  const applying = new Applying({
    fleet,
    keys,
    pools,
    observers,
    emit,
    config: () => ({ ...config, ...policy.settings }),
    swap: (next) => {
      policy = next
      lessons.from = policy.settings.learning
    },
  })
  const server = await createServer(config, {
    stages,
    endpoints,
    keys,
    fleet,
    counts,
    lastHour,
    log,
    redis,
    beginTrace: tracing(config.telemetry),
  })
  const budgets = {
    states: async () => (await limiter.allStates()).map(shownBudget),
    has: (name: string) => limiter.has(name),
    reset: (name: string, id: string | null) => limiter.reset(name, id),
  }
  const { hosts } = config.server
  const admin: Admin | null =
    config.admin === null
      ? null
      : await createAdmin({
          spec: config.admin,
          hosts,
          keys,
          fleet,
          budgets,
          sessions,
          lastHour,
          lastWeek,
          books,
          log,
          emit,
          now,
        })

  return {
    log,
    events,
    fleet,
    pools,
    keys,
    apply: (next) => applying.apply(next),
    dryRun(request) {
      books.flush()
      return dryRun(request, stages)
    },
    flush() {
      books.flush()
      return log.flush()
    },
    async listen() {
      await fleet.start()
      state?.start()
      const url = await server.listen()
      keys.start()
      const adminUrl = admin === null ? null : await admin.listen()
      return { url, port: Number(new URL(url).port), adminUrl }
    },
    async close() {
      await applying.close()
      clearInterval(forgetting)
      await admin?.close()
      await server.drain(config.server.drainMs)
      await keys.stop()
      await fleet.stop()
      await counts.close()
      await prefills.close()
      await pools.destroy()
      books.flush()
      await state?.stop()
      await own?.hold?.release()
      await checker.close()
      await answers?.close()
      // Answers that are read to their end for their usage settle while the pools go.
      await observers.close()
      await log.flush()
    },
  }
}

function readingsOf(fleet: Fleet): BackendReading[] {
  const at = now()
  const day = Date.now() - at
  return fleet.states().map(({ since, until, ...one }) => ({
    ...one,
    resting: one.ejectedUntil > at,
    sinceMs: since + day,
    untilMs: until !== null && until > at ? until + day : null,
  }))
}

const tracing = (telemetry: TelemetrySpec | null): BeginTrace | null =>
  telemetry?.traces === true ? (headers) => beginTrace(headers, telemetry.sample) : null
