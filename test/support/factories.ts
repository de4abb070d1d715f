import { NO_PREFIX } from '../../src/core/prefix.ts'
import { ownPlaces } from '../../src/core/ask-place.ts'
import { newLive } from '../../src/backends/fleet/health.ts'
import { classifier } from '../../src/decision/classify/profile.ts'
import { loadWeights } from '../../src/classifier-file.ts'
import { newArm } from '../../src/decision/learn/arms.ts'
import { newCalibration } from '../../src/decision/learn/calibration.ts'
import { newLatency } from '../../src/decision/learn/latency.ts'
import { PrefixMap } from '../../src/decision/learn/prefix-map.ts'
import { newPromptCache } from '../../src/decision/learn/prompt-caches.ts'
import type { DecisionContext } from '../../src/decision/route/decision.ts'
import { namesIn } from '../../src/formats/openai/names.ts'
import { OpenAIPrompt } from '../../src/formats/openai/prompt.ts'
import { NO_TOKENS } from '../../src/core/no-tokens.ts'
import { attributionOf } from '../../src/http/attribution.ts'
import { members } from '../../src/formats/json/members.ts'
import { CHAT, COMPLETIONS, EMBEDDINGS, type Endpoint, RERANK } from '../../src/core/endpoints.ts'
import { valuesOf } from '../../src/core/options/option.ts'
import {
  BACKEND_OPTIONS,
  ROUTE_EFFICIENCY,
  ROUTE_LIMITS,
  ROUTE_OPTIONS,
  WISH_OPTIONS,
} from '../../src/core/options/options.ts'
import { ANONYMOUS, type KeySpec, type Principal } from '../../src/core/principal.ts'
import type { BackendSpec, DeploymentFacts, Limits, RouteMatch, RouteSpec } from '../../src/core/settings.ts'
import { ALWAYS_LOADED, type Residency } from '../../src/core/residency.ts'
import type { JsonObject } from '../../src/core/json.ts'
import type { Provider } from '../../src/core/provider.ts'
import type {
  BackendLive,
  Catalog,
  Deployment,
  GatewayRequest,
  RequestProfile,
  DeploymentHealth,
  Target,
} from '../../src/core/types.ts'
import type { Cost, Usage } from '../../src/core/settlement.ts'

/** Values of the gateway's data types for tests of its pure parts: harmless ones, each field to be overridden. */
export const LIMITS: Limits = {
  connectMs: 1000,
  headersMs: 2000,
  loadMs: 60_000,
  ttftMs: 3000,
  idleMs: 4000,
  totalMs: 60_000,
  attempts: 3,
  keepAliveMs: 15_000,
  bufferBytes: 1 << 20,
}

export type ProviderTraits = Partial<Omit<Provider, 'request' | 'response'>> & {
  readonly request?: Partial<Provider['request']>
  readonly response?: Partial<Provider['response']>
}

export function provider({ request, response, ...rest }: ProviderTraits = {}): Provider {
  return {
    kind: 'plain',
    label: 'Plain',
    otelName: null,
    generic: false,
    priceList: null,
    serviceTiers: {},
    local: false,
    remoteModels: null,
    url: null,
    api: '/v1',
    ports: [],
    keyEnv: null,
    auth: { header: 'authorization', prefix: 'Bearer ' },
    headers: {},
    forward: [],
    lacks: [],
    endpoints: ownPlaces([CHAT, COMPLETIONS, EMBEDDINGS, RERANK]),
    signature: null,
    discovery: [],
    ...rest,
    request: {
      rename: {},
      outputLimit: 'max_tokens',
      drop: [],
      roles: {},
      dropFromMessages: [],
      thoughts: null,
      freeTools: false,
      shortToolIds: false,
      includeUsage: true,
      rerankStrings: false,
      effort: [],
      ...request,
    },
    response: {
      headersWithFirstToken: false,
      cutsLongPrompts: false,
      onAbort: 'cancel',
      loadsOnDemand: false,
      wakes: true,
      callerErrors: [],
      ...response,
    },
  }
}

export function backend(traits: Partial<BackendSpec> = {}): BackendSpec {
  return {
    name: 'up',
    provider: provider(),
    root: 'http://10.0.0.5:8000',
    key: null,
    keys: [],
    limits: null,
    keyFrom: null,
    ...valuesOf(BACKEND_OPTIONS),
    price: null,
    includeUsage: true,
    onAbort: 'cancel',
    loadsOnDemand: false,
    engine: null,
    ...traits,
  }
}

export function facts(traits: Partial<DeploymentFacts> = {}): DeploymentFacts {
  return {
    aliases: [],
    capabilities: {},
    context: null,
    maxOutput: null,
    price: null,
    quality: {},
    efforts: [],
    paramsB: null,
    contextFrom: null,
    capabilitiesFrom: {},
    trainedContext: null,
    slots: null,
    bytes: null,
    wishes: valuesOf(WISH_OPTIONS),
    ...traits,
  }
}

/** `live` may be changed by the test. */
export function live(traits: Partial<BackendLive> = {}): BackendLive & { refusesUsage: boolean } {
  return { ...newLive(), state: 'ready', ...traits }
}

export function health(traits: Partial<DeploymentHealth> = {}): DeploymentHealth {
  const beyond = { nanoUsd: 0, tokens: 0 }
  return {
    calls: 0,
    ejectedUntil: 0,
    retryAfterUntil: 0,
    pausedFor: null,
    unsupportedUntil: new Map(),
    adapted: new Map(),
    answers: new Set(),
    beyond,
    ...traits,
  }
}

/** `id` is `backend/model`. */
export function deployment(
  id: string,
  traits: {
    readonly backend?: Partial<BackendSpec>
    readonly facts?: Partial<DeploymentFacts>
    readonly live?: BackendLive
    readonly health?: Partial<DeploymentHealth>
    readonly residency?: Partial<Residency>
    readonly learnt?: Partial<Pick<Deployment, 'calibration' | 'latency' | 'cache'>>
  } = {},
): Deployment {
  const slash = id.indexOf('/')
  const made = {
    id,
    backend: backend({ name: id.slice(0, slash), ...traits.backend }),
    model: id.slice(slash + 1),
    facts: facts(traits.facts),
    live: traits.live ?? live(),
    health: health(traits.health),
    residency: { ...ALWAYS_LOADED, ...traits.residency },
    targets: [] as Target[],
    calibration: newCalibration(),
    latency: newLatency(false),
    cache: newPromptCache({ local: false, response: {} }),
    ...traits.learnt,
  }
  for (const effort of [null, ...made.facts.efforts])
    made.targets.push({ deployment: made, effort, arm: newArm(made.model, effort, made.facts, WEIGHTS) })
  return made
}

export function catalogOf(...all: readonly Deployment[]): Catalog {
  const byModel = new Map<string, Deployment[]>()
  for (const one of all)
    for (const name of [one.model, ...one.facts.aliases]) byModel.set(name, [...(byModel.get(name) ?? []), one])
  return { all, byId: new Map(all.map((one) => [one.id, one])), byModel, backends: [] }
}

export function routeSpec(name: string, traits: Partial<RouteSpec> = {}): RouteSpec {
  return {
    name,
    match: null,
    candidates: ['*'],
    ...valuesOf(ROUTE_OPTIONS),
    ...valuesOf(ROUTE_LIMITS),
    ...valuesOf(ROUTE_EFFICIENCY),
    strategy: 'balanced',
    limits: {},
    maxTtftMs: null,
    success: { finish: null, json: false, schema: false },
    ...traits,
  }
}

/** Conditions of a route; those that are not given do not exist. */
export function routeMatch(traits: Partial<RouteMatch> = {}): RouteMatch {
  return { model: null, key: null, header: null, class: null, needs: null, tokens: null, hour: null, ...traits }
}

/** The shipped classifier. */
export const WEIGHTS = await loadWeights()
export const classify = classifier(WEIGHTS)

/** A moment without a past and without chance. */
export function moment(traits: Partial<DecisionContext> = {}): DecisionContext {
  return {
    now: 0,
    utcHour: 12,
    recall: () => null,
    pressure: 0,
    random: () => 0.5,
    prefixes: new PrefixMap(),
    ...traits,
  }
}

/** What a short chat asks for. */
export function profile(traits: Partial<RequestProfile> = {}): RequestProfile {
  return {
    endpoint: 'chat',
    generates: (traits.features ?? null) !== null,
    class: 'chat',
    step: null,
    difficulty: null,
    language: null,
    inputTokens: 10,
    longestTokens: 10,
    maxOutput: null,
    effort: null,
    needs: ['chat'],
    native: [],
    affinity: null,
    continues: false,
    features: null,
    prefix: NO_PREFIX,
    ...traits,
  }
}

export const ANYBODY: Principal = ANONYMOUS

/** A key without limits that never ends. */
export const KEY: KeySpec = { ...ANONYMOUS, hash: '', expiresAt: null }

/** What an attempt has beside where it went and how it ended. */
export const ATTEMPT = {
  effort: null,
  answered: false,
  startedMs: 0,
  totalMs: 0,
  format: 'openai-chat',
  lossy: [],
  answeredAs: null,
  chunks: 0,
  usage: null,
  cost: null,
  waste: null,
  expected: null,
}

/** By prices. */
export const cost = (nanoUsd: number): Cost => ({ nanoUsd, source: 'price', estimated: false })

/** Tokens of an answer that a backend told all of. */
export function usage(traits: Partial<Usage> = {}): Usage {
  return { ...NO_TOKENS, ...traits }
}

/** A request whose bytes are `json`, as text or as an object. */
export function gatewayRequest(
  json: string | JsonObject,
  traits: Partial<GatewayRequest> & { readonly endpoint?: Endpoint } = {},
): GatewayRequest {
  const raw = Buffer.from(typeof json === 'string' ? json : JSON.stringify(json))
  const body = JSON.parse(raw.toString()) as JsonObject
  return {
    id: 'req-1',
    endpoint: CHAT,
    principal: ANYBODY,
    model: typeof body['model'] === 'string' ? body['model'] : 'tiny',
    stream: body['stream'] === true,
    prompt: new OpenAIPrompt(traits.endpoint ?? CHAT, body, raw, members(raw) ?? []),
    raw,
    headers: {},
    noFallback: false,
    ...attributionOf(traits.headers ?? {}, namesIn(body)),
    strategy: null,
    priority: 'normal',
    deadlineMs: null,
    maxCostUsd: null,
    explain: false,
    trace: null,
    startedAt: 0,
    ...traits,
  }
}
