/** What the benchmarks of the decision give it to decide about: requests that nobody sent, models that nobody serves. */
import { loadOf } from '../src/core/load.ts'
import { ALWAYS_LOADED } from '../src/core/residency.ts'
import { ownPlaces } from '../src/core/ask-place.ts'
import { CHAT } from '../src/core/endpoints.ts'
import { ANONYMOUS } from '../src/core/principal.ts'
import { OpenAIPrompt } from '../src/formats/openai/prompt.ts'
import type { BackendSpec, ModelFacts } from '../src/core/settings.ts'
import type { JsonObject } from '../src/core/json.ts'
import type { Catalog, Deployment, GatewayRequest, Target } from '../src/core/types.ts'
import { newLatency } from '../src/decision/learn/latency.ts'
import { PrefixMap } from '../src/decision/learn/prefix-map.ts'
import { newPromptCache } from '../src/decision/learn/prompt-caches.ts'
import type { ModelStats } from '../src/decision/learn/model-stats.ts'
import type { DecisionContext } from '../src/decision/route/decision.ts'
import { compileRoutes, type RouteTable } from '../src/decision/route/table.ts'

/** A moment without a past, in which nothing is explored. */
export const MOMENT: DecisionContext = {
  now: 1_000,
  utcHour: 12,
  pressure: 0,
  recall: () => null,
  random: () => 1,
  prefixes: new PrefixMap(),
}

/** `auto`, asked as the gateway reads a body: one character for each byte. */
export const requestFor = (text: string, stream: boolean): GatewayRequest =>
  promptedWith({ model: 'auto', messages: [{ role: 'user', content: Buffer.from(text).toString('latin1') }] }, stream)

const promptedWith = (body: JsonObject, stream: boolean): GatewayRequest => ({
  id: 'bench',
  endpoint: CHAT,
  principal: ANONYMOUS,
  model: 'auto',
  stream,
  prompt: new OpenAIPrompt(CHAT, body, NOTHING, []),
  raw: NOTHING,
  headers: {},
  noFallback: false,
  session: null,
  agent: null,
  user: null,
  strategy: null,
  priority: 'normal',
  deadlineMs: null,
  maxCostUsd: null,
  explain: false,
  trace: null,
  startedAt: MOMENT.now,
})

const NOTHING = Buffer.alloc(0)
const CLOUD = { local: false, remoteModels: null, endpoints: ownPlaces([CHAT]), response: {} }
const ENGINE = { ...CLOUD, local: true }

/** A model of a cloud that is well, or of an engine (`local`), with `inflight` calls open; of its efforts only the one that nobody chose. */
export function deploymentFor(
  backend: string,
  model: string,
  known: ModelFacts,
  lessons: ModelStats,
  inflight = 0,
  local = false,
): Deployment {
  const provider = local ? ENGINE : CLOUD
  const facts = { ...known, contextFrom: null, capabilitiesFrom: {}, trainedContext: null, slots: null, bytes: null }
  const deployment = {
    id: `${backend}/${model}`,
    backend: { name: backend, provider, weight: 1 } as unknown as BackendSpec,
    model,
    facts,
    live: {
      state: 'ready' as const,
      reason: null,
      since: 0,
      until: null,
      recovery: null,
      load: loadOf(inflight),
      reading: null,
      queue: { waiting: 0, seconds: 0, full: false },
      retryAfterUntil: 0,
      refusesUsage: false,
      follower: null,
    },
    health: {
      calls: 0,
      ejectedUntil: 0,
      retryAfterUntil: 0,
      pausedFor: null,
      unsupportedUntil: new Map<string, number>(),
      adapted: new Map<string, number>(),
      answers: new Set<string>(),
      beyond: { nanoUsd: 0, tokens: 0 },
    },
    residency: ALWAYS_LOADED,
    targets: [] as Target[],
    calibration: lessons.calibrationOf(model),
    latency: local ? lessons.latencyOf({ kind: 'bench', local }, model) : newLatency(false),
    cache: newPromptCache({ local, response: {} }),
  }
  deployment.targets.push({ deployment, effort: null, arm: lessons.armsOf(model, facts)[0]! })
  return deployment
}

/** All of them are candidates of `auto`. */
export function tableFor(all: readonly Deployment[]): RouteTable {
  const catalog: Catalog = {
    all,
    byId: new Map(all.map((one) => [one.id, one])),
    byModel: new Map(all.map((one) => [one.model, [one]])),
    backends: [],
  }
  return compileRoutes([], [], catalog)
}
