/** A file of the right shape that passed all checks -> Config. */
import { resolve } from 'node:path'
import { FROM_ALL, SOURCE_NAMES } from '../core/hints.ts'
import { keyed } from '../core/keyed.ts'
import type { AdminSpec, BackendSpec, Config, Limits, ModelFacts, RouteSpec, TelemetrySpec } from '../core/settings.ts'
import { DEFAULT_STRATEGY } from '../core/strategies.ts'
import { weightsFrom } from '../core/terms.ts'
import { valuesOf } from '../core/options/option.ts'
import { ROUTE_EFFICIENCY, ROUTE_LIMITS, ROUTE_OPTIONS, WISH_OPTIONS } from '../core/options/options.ts'
import type { Provider } from '../core/provider.ts'
import { toBackendSpec } from './backend.ts'
import { toEngine, toEngineGroups } from './build-engine.ts'
import { hexOf, toBudget, toKey } from './build-keys.ts'
import { toBackendKeys, toBackendLimits } from './build-limits.ts'
import { toPrice } from './build-price.ts'
import { lanHost } from './lan.ts'
import {
  DEFAULT_ADMIN,
  DEFAULT_BODIES,
  DEFAULT_DISCOVERY,
  DEFAULT_ANSWERS,
  DEFAULT_LEDGER,
  DEFAULT_LIMITS,
  DEFAULT_SERVER,
  DEFAULT_TELEMETRY,
  DEFAULT_UPSTREAM,
} from './defaults.ts'
import { type ConfigFile } from './schema.ts'
import { keyVariable } from './variable-habits.ts'

type Providers = ReadonlyMap<string, Provider>

/** `written`: the file before variables are put in. `folder`: what relative paths of the file start from. */
export function buildConfig(file: ConfigFile, written: unknown, providers: Providers, folder: string): Config {
  const { server = {}, store = {} } = file
  const routes = (file.routes ?? []).map(toRoute)
  const limits = { ...DEFAULT_LIMITS, ...toLimits(file.limits ?? {}) }
  const engines = { folder, loadMs: limits.loadMs }
  return {
    server: toServer(server),
    backends: file.backends.map((input, at) => toBackend(input, keyVariable(written, at), providers, engines)),
    engineGroups: toEngineGroups(file.engine_groups),
    models: Object.fromEntries(Object.entries(file.models ?? {}).map(([id, facts]) => [id, toFacts(facts)])),
    routes,
    keys: (file.keys ?? []).map(toKey),
    budgets: (file.budgets ?? []).map(toBudget),
    limits,
    upstream: { client: file.upstream?.client ?? DEFAULT_UPSTREAM.client },
    bodies: {
      bodyBytes: file.limits?.body ?? DEFAULT_BODIES.bodyBytes,
      bodiesBytes: file.limits?.bodies ?? DEFAULT_BODIES.bodiesBytes,
    },
    discovery: toDiscovery(file.discovery ?? {}),
    learning: keyed(SOURCE_NAMES, (source) => file.learning?.[source] ?? FROM_ALL[source]),
    lan: (file.discovery?.lan ?? []).map(lanHost),
    store: toStore(store, folder),
    admin: file.admin === undefined ? null : toAdmin(file.admin),
    telemetry: file.telemetry === undefined ? null : toTelemetry(file.telemetry),
  }
}

const toDiscovery = ({
  interval,
  retry,
  timeout,
  poll,
}: NonNullable<ConfigFile['discovery']>): Config['discovery'] => ({
  intervalMs: interval ?? DEFAULT_DISCOVERY.intervalMs,
  retryMs: retry ?? DEFAULT_DISCOVERY.retryMs,
  timeoutMs: timeout ?? DEFAULT_DISCOVERY.timeoutMs,
  pollMs: poll ?? DEFAULT_DISCOVERY.pollMs,
})

const toServer = (server: NonNullable<ConfigFile['server']>): Config['server'] => ({
  host: server.host ?? DEFAULT_SERVER.host,
  port: server.port ?? DEFAULT_SERVER.port,
  hosts: server.hosts ?? DEFAULT_SERVER.hosts,
  cors: {
    origins: server.cors?.origins ?? DEFAULT_SERVER.cors.origins,
    headers: server.cors?.headers ?? DEFAULT_SERVER.cors.headers,
    maxAgeMs: server.cors?.max_age ?? DEFAULT_SERVER.cors.maxAgeMs,
  },
  drainMs: server.drain ?? DEFAULT_SERVER.drainMs,
  auth: server.auth ?? DEFAULT_SERVER.auth,
  log: server.log ?? DEFAULT_SERVER.log,
  logLevel: server.log_level ?? DEFAULT_SERVER.logLevel,
  logDecisions: server.log_decisions ?? DEFAULT_SERVER.logDecisions,
  trustProxy: server.trust_proxy ?? DEFAULT_SERVER.trustProxy,
})

export function toStore(store: NonNullable<ConfigFile['store']>, folder: string): Config['store'] {
  const place = (path: string | undefined): string | null =>
    path === undefined || path === '' ? null : resolve(folder, path)
  const ledger = place(store.ledger)
  return {
    state: place(store.state),
    keys: place(store.keys),
    redis: store.redis === undefined || store.redis === '' ? null : store.redis,
    answers: {
      place: answersPlace(store.answers ?? 'memory', folder),
      maxBytes: store.answers_max ?? DEFAULT_ANSWERS.maxBytes,
    },
    ledger:
      ledger === null
        ? null
        : {
            folder: ledger,
            keepMs: store.ledger_keep ?? DEFAULT_LEDGER.keepMs,
            maxBytes: store.ledger_max ?? DEFAULT_LEDGER.maxBytes,
          },
  }
}

function answersPlace(text: string, folder: string): Config['store']['answers']['place'] {
  return text === 'memory' || text === 'redis' || text === 'none' ? text : { folder: resolve(folder, text) }
}

const toAdmin = ({ host, port, token }: NonNullable<ConfigFile['admin']>): AdminSpec => ({
  host: host ?? DEFAULT_ADMIN.host,
  port: port ?? DEFAULT_ADMIN.port,
  hash: hexOf(token),
})

const toTelemetry = (input: NonNullable<ConfigFile['telemetry']>): TelemetrySpec => ({
  endpoint: input.endpoint.replace(/\/+$/, ''),
  headers: input.headers ?? {},
  traces: input.traces ?? true,
  metrics: input.metrics ?? true,
  sample: input.sample ?? 1,
  serviceName: input.service_name ?? DEFAULT_TELEMETRY.serviceName,
  intervalMs: input.interval ?? DEFAULT_TELEMETRY.intervalMs,
})

interface EngineDefaults {
  readonly folder: string
  readonly loadMs: number
}

function toBackend(
  { engine, ...input }: ConfigFile['backends'][number],
  keyFrom: string | null,
  providers: Providers,
  { folder, loadMs }: EngineDefaults,
): BackendSpec {
  const provider = providers.get(input.kind)
  if (provider === undefined) throw new Error(`"${input.kind}" was not checked`)
  const { price, keys, limits, ...given } = input
  const parts = { price: toPrice(price), keys: toBackendKeys(keys ?? []), limits: toBackendLimits(limits) }
  const engineAt = (root: string) => (engine === undefined ? null : toEngine(engine, root, folder, loadMs))
  return toBackendSpec({ ...given, ...parts, keyFrom }, provider, engineAt)
}

function toFacts(facts: NonNullable<ConfigFile['models']>[string]): ModelFacts {
  return {
    aliases: facts.aliases ?? [],
    capabilities: facts.capabilities ?? {},
    context: facts.context ?? null,
    maxOutput: facts.max_output ?? null,
    price: toPrice(facts.price),
    quality: facts.quality ?? {},
    efforts: facts.efforts ?? [],
    paramsB: facts.params_b ?? null,
    wishes: valuesOf(WISH_OPTIONS, facts),
  }
}

type LimitInput = NonNullable<ConfigFile['limits']>

function toLimits(input: LimitInput): Partial<Limits> {
  const named: Readonly<Record<keyof Limits, number | undefined>> = {
    connectMs: input.connect,
    headersMs: input.headers,
    ttftMs: input.ttft,
    loadMs: input.load,
    idleMs: input.idle,
    totalMs: input.total,
    attempts: input.attempts,
    keepAliveMs: input.keep_alive,
    bufferBytes: input.buffer,
  }
  return Object.fromEntries(Object.entries(named).filter(([, value]) => value !== undefined))
}

type RouteInput = NonNullable<ConfigFile['routes']>[number]

function toRoute(input: RouteInput): RouteSpec {
  const { match, limits = {} } = input
  return {
    name: input.name,
    match: match === undefined ? null : toMatch(match),
    candidates: input.candidates,
    strategy: input.weights === undefined ? strategyOf(input.strategy) : weightsFrom(input.weights),
    limits: toLimits(limits),
    maxTtftMs: limits.max_ttft ?? null,
    success: {
      finish: input.success?.finish ?? null,
      json: input.success?.json ?? false,
      schema: input.success?.schema ?? false,
    },
    ...valuesOf(ROUTE_OPTIONS, input),
    ...valuesOf(ROUTE_LIMITS, limits),
    ...valuesOf(ROUTE_EFFICIENCY, input.efficiency),
  }
}

type MatchInput = NonNullable<RouteInput['match']>

function toMatch({ model, key, header, class: classes, needs, tokens, hour }: MatchInput): RouteSpec['match'] {
  return {
    model: model ?? null,
    key: key ?? null,
    // Names of headers come in lower case with every request.
    header:
      header === undefined
        ? null
        : Object.fromEntries(Object.entries(header).map(([name, value]) => [name.toLowerCase(), value])),
    class: classes ?? null,
    needs: needs ?? null,
    tokens: tokens === undefined ? null : { min: tokens.min ?? null, max: tokens.max ?? null },
    hour: hour ?? null,
  }
}

function strategyOf(strategy: RouteInput['strategy']): RouteSpec['strategy'] {
  if (strategy === undefined) return DEFAULT_STRATEGY
  if (typeof strategy === 'string') return strategy
  const { cheapest_within: cheapestWithin, ...weights } = strategy
  return cheapestWithin === undefined ? weightsFrom(weights) : { cheapestWithin }
}
