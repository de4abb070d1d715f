/** A file of the right shape -> Config: what refers to something else is looked up, and every failure is an issue. */
import type { BackendSpec, Config, KeySpec, Limits, ModelFacts, Price, Provider, RouteSpec } from '../core/settings.ts'
import { toBackendSpec } from './backend.ts'
import { DEFAULT_DISCOVERY, DEFAULT_LIMITS, DEFAULT_SERVER } from './defaults.ts'
import type { Issue } from './issues.ts'
import { didYouMean } from './nearest.ts'
import { type ConfigFile, PENDING } from './schema.ts'

type Providers = ReadonlyMap<string, Provider>

export function buildConfig(file: ConfigFile, providers: Providers, issues: Issue[]): Config {
  const { server = {}, discovery = {} } = file
  const routes = (file.routes ?? []).map(toRoute)
  return {
    server: {
      host: server.host ?? DEFAULT_SERVER.host,
      port: server.port ?? DEFAULT_SERVER.port,
      drainMs: server.drain ?? DEFAULT_SERVER.drainMs,
      auth: server.auth ?? DEFAULT_SERVER.auth,
      logLevel: server.log_level ?? DEFAULT_SERVER.logLevel,
      trustProxy: server.trust_proxy ?? DEFAULT_SERVER.trustProxy,
    },
    backends: file.backends.flatMap((input, index) => toBackend(input, `backends[${index}]`, providers, issues)),
    models: Object.fromEntries(Object.entries(file.models ?? {}).map(([id, facts]) => [id, toFacts(facts)])),
    routes,
    keys: (file.keys ?? []).flatMap((key, index) => toKey(key, `keys[${index}]`, issues)),
    limits: { ...DEFAULT_LIMITS, ...toLimits(file.limits ?? {}) },
    discovery: {
      intervalMs: discovery.interval ?? DEFAULT_DISCOVERY.intervalMs,
      retryMs: discovery.retry ?? DEFAULT_DISCOVERY.retryMs,
      timeoutMs: discovery.timeout ?? DEFAULT_DISCOVERY.timeoutMs,
    },
  }
}

/** How consoles and documents show a key that they hide. */
const MASKED = /\*{3}|•{3}|…|\.{3}|^<.*>$/
/** What a header can carry. */
const SENDABLE = /^[\x21-\x7e]*$/

function keyIssue(key: string): string | null {
  if (MASKED.test(key)) return 'is a masked secret, not a key; write "${NAME}" and set the variable'
  if (!SENDABLE.test(key)) return 'holds a space, a line end or a letter beyond ASCII; write the bare key'
  return null
}

function toBackend(
  input: ConfigFile['backends'][number],
  path: string,
  providers: Providers,
  issues: Issue[],
): BackendSpec[] {
  const provider = providers.get(input.kind)
  if (provider === undefined) {
    issues.push({
      path: `${path}.kind`,
      message: `"${input.kind}" is no kind of backend${didYouMean(input.kind, [...providers.keys()], '"')}`,
    })
    return []
  }
  const wrongKey = keyIssue(input.key ?? '')
  if (wrongKey !== null) issues.push({ path: `${path}.key`, message: wrongKey })
  try {
    return [toBackendSpec({ ...input, price: toPrice(input.price) }, provider)]
  } catch (thrown) {
    issues.push({ path: `${path}.url`, message: (thrown as Error).message })
    return []
  }
}

function toPrice(price: ConfigFile['backends'][number]['price']): Price | null {
  if (price === undefined) return null
  return {
    inputPerMtok: price.input_per_mtok_usd ?? null,
    cachedInputPerMtok: price.cached_input_per_mtok_usd ?? null,
    outputPerMtok: price.output_per_mtok_usd ?? null,
    perGpuHour: price.per_gpu_hour_usd ?? null,
  }
}

function toFacts(facts: NonNullable<ConfigFile['models']>[string]): ModelFacts {
  return {
    aliases: facts.aliases ?? [],
    capabilities: facts.capabilities ?? {},
    context: facts.context ?? null,
    price: toPrice(facts.price),
    quality: facts.quality ?? {},
  }
}

type LimitInput = NonNullable<ConfigFile['limits']>

function toLimits(input: LimitInput): Partial<Limits> {
  const named: Readonly<Record<keyof Limits, number | undefined>> = {
    connectMs: input.connect,
    headersMs: input.headers,
    ttftMs: input.ttft,
    idleMs: input.idle,
    totalMs: input.total,
    attempts: input.attempts,
    bodyBytes: input.body,
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
    match: match === undefined ? null : { model: match.model ?? null, key: match.key ?? null },
    pending: PENDING.filter((condition) => match?.[condition] !== undefined),
    candidates: input.candidates,
    strategy: input.weights === undefined ? strategyOf(input.strategy) : numbers(input.weights),
    localOnly: limits.local_only ?? false,
    limits: toLimits(limits),
  }
}

function strategyOf(strategy: RouteInput['strategy']): RouteSpec['strategy'] {
  if (strategy === undefined) return 'balanced'
  return typeof strategy === 'string' ? strategy : numbers(strategy)
}

const numbers = (weights: Readonly<Record<string, number | undefined>>): Readonly<Record<string, number>> =>
  Object.fromEntries(Object.entries(weights).filter((entry): entry is [string, number] => entry[1] !== undefined))

function toKey(key: NonNullable<ConfigFile['keys']>[number], path: string, issues: Issue[]): KeySpec[] {
  const digest = /^sha256:([\da-f]{64})$/i.exec(key.hash)?.[1]
  if (digest === undefined) {
    issues.push({
      path: `${path}.hash`,
      message:
        'is not "sha256:" and 64 hex digits; only hashes of keys are stored: `turnout key new` makes a key and its hash, `turnout key hash` hashes yours',
    })
    return []
  }
  return [{ id: key.id, hash: digest.toLowerCase(), routes: key.routes ?? null, rpm: key.rpm ?? null }]
}
