/**
 * The data that passes between the stages, in the order of one request:
 * GatewayRequest -> RequestProfile -> Deployment[] -> RoutePlan -> Attempts -> RequestRecord.
 * Times are milliseconds (durations, or readings of a monotonic clock), money is integer nano-dollars, sizes are bytes.
 * `null` means unknown, never zero.
 */
import type { SpendEstimate } from './settlement.ts'
import type { BackendState } from './backend-state.ts'
import type { Arm, Calibration, Latency, TextFeatures } from './arm.ts'
import type { Endpoint } from './endpoints.ts'
import type { EngineReading } from './engine-reading.ts'
import type { GatewayError } from './errors.ts'
import type { LoadView } from './load.ts'
import type { DecisionRows } from './decision-rows.ts'
import type { Expected, ExpectedBaseline } from './record.ts'
import type { BackendSpec, DeploymentFacts, Limits, SuccessSpec } from './settings.ts'
import type { Strategy } from './strategies.ts'
import type { Trial } from './trial.ts'
import type { AgentStep, Capability, Effort, TaskClass } from './capabilities.ts'
import type { CacheFollower } from './cache-follower.ts'
import type { Residency } from './residency.ts'
import type { Prefix } from './prefix.ts'
import type { Priority } from './priority.ts'
import type { PromptCache } from './prompt-cache.ts'
import type { Principal } from './principal.ts'
import type { Prompt } from './prompt.ts'

// ---------------------------------------------------------------- the fleet

/** Requests that wait in the gateway for a place at a backend with limits of its own. */
export interface QueueView {
  readonly waiting: number
  /** How long the next one would wait; 0: it would be sent at once. */
  readonly seconds: number
  /** The next one would be refused: as many wait as may, or longer than one may wait. */
  readonly full: boolean
}

/** What is known of a backend at this moment; owned by the fleet, read by everybody. */
export interface BackendLive {
  readonly state: BackendState
  /** Why it is in this state, for /health; never a URL. */
  readonly reason: string | null
  /** When the state, or its reason, became this one (clock reading). */
  readonly since: number
  /** When it is over, or is tried again (clock reading); null: nobody knows. */
  readonly until: number | null
  /** Set when it comes back after it had been down; `answered`: a request of it has been, since. */
  readonly recovery: { readonly since: number; readonly answered: boolean } | null
  readonly load: LoadView
  /** What the engine last told of itself; null: nothing yet, or it is gone. */
  readonly reading: EngineReading | null
  readonly queue: QueueView
  /** Do not call before, by the backend's own retry-after (clock reading); 0 = no such wish. */
  readonly retryAfterUntil: number
  /** It refused `stream_options` once: usage is no longer asked for. */
  readonly refusesUsage: boolean
  /** Wishes to know of its answers; null: nobody does. */
  readonly follower: CacheFollower | null
}

/** One model on one backend: what a request can be sent to. */
export interface Deployment {
  /** `backend/model` */
  readonly id: string
  readonly backend: BackendSpec
  /** As the engine names it. */
  readonly model: string
  readonly facts: DeploymentFacts
  readonly live: BackendLive
  readonly health: DeploymentHealth
  readonly residency: Residency
  /** As the model does when nobody says; then one for each effort that it knows. */
  readonly targets: readonly Target[]
  readonly calibration: Calibration
  readonly latency: Latency
  readonly cache: PromptCache
}

/** How one deployment has done so far; owned by the fleet, read by routing. */
export interface DeploymentHealth {
  /** Calls so far. */
  readonly calls: number
  /** It failed: others come first until then (clock reading). */
  readonly ejectedUntil: number
  /** Its own wish to be left alone, as for a limit of this model (clock reading). */
  readonly retryAfterUntil: number
  /** What it wished so for last; null: it never did. */
  readonly pausedFor: 'full' | 'rate_limited' | null
  /** What it said to lack (endpoints, and what decision/classify/lacking.ts names), and until when (clock reading) that is believed. */
  readonly unsupportedUntil: ReadonlyMap<string, number>
  /** Changes with which it took what it had refused (backends/upstream/adapt.ts), and until when (clock reading) they are made. */
  readonly adapted: ReadonlyMap<string, number>
  /** Endpoints and needs that it has answered. */
  readonly answers: ReadonlySet<string>
  /** The most that a request came to above its worst case: a cost of the backend's own, a limit that it does not keep. */
  readonly beyond: SpendEstimate
}

/** Everything that can be asked at this moment. Replaced as a whole when models or facts change, not when load does. */
export interface Catalog {
  readonly all: readonly Deployment[]
  /** By `backend/model`, also with an alias for the model. */
  readonly byId: ReadonlyMap<string, Deployment>
  /** By model id and by alias; for ids that end with ':latest' also without it. */
  readonly byModel: ReadonlyMap<string, readonly Deployment[]>
  readonly backends: readonly { readonly spec: BackendSpec; readonly live: BackendLive }[]
}

// ---------------------------------------------------------------- one request

/** The person or program at the other end of the socket. */
export interface Caller {
  readonly gone: boolean
  /** Set while there is something to stop; called when the caller leaves before the end, or the gateway ends before it. */
  stop: ((why: GatewayError) => void) | null
}

/** One member of a JSON object, as a span of its bytes. */
export interface Member {
  readonly key: string
  /** Offset of the quote that opens the key. */
  readonly start: number
  readonly valueStart: number
  /** Offset behind the value. */
  readonly valueEnd: number
}

/** Where a request stands in a distributed trace. Ids are lower-case hex. */
export interface Trace {
  readonly traceId: string
  /** Of the request's own span; those of its calls follow from it. */
  readonly spanId: string
  /** Of the caller's span; null: the trace begins here. */
  readonly parentId: string | null
  readonly sampled: boolean
  /** `tracestate` of the caller. */
  readonly state: string | null
}

export interface GatewayRequest {
  readonly id: string
  readonly endpoint: Endpoint
  readonly principal: Principal
  readonly model: string
  readonly stream: boolean
  /** What the request says, read from its body when it is asked for. */
  readonly prompt: Prompt
  /** The bytes as they came: what goes upstream, but for what a backend refuses. */
  readonly raw: Buffer
  /** Request headers, lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly noFallback: boolean
  /** What the caller says that this request belongs to: by header, or by the field that its SDK has for it. */
  readonly session: string | null
  readonly agent: string | null
  readonly user: string | null
  readonly strategy: Strategy | null
  /** As its key allows it. */
  readonly priority: Priority
  readonly deadlineMs: number | null
  /** What the caller would pay for this request at most, in USD. */
  readonly maxCostUsd: number | null
  /** The caller wants the decision record in the answer. */
  readonly explain: boolean
  /** Null where nothing is traced. */
  readonly trace: Trace | null
  readonly startedAt: number
}

/** Its parts are worked out when they are first read: what is read of many requests, and when, is what they cost. */
export interface RequestProfile {
  readonly endpoint: string
  /** Its answer is text that a model makes up: not that of embeddings and rerank. */
  readonly generates: boolean
  readonly class: TaskClass
  /** Of an agent's turn; null: it is none. */
  readonly step: AgentStep | null
  /** 0 = easy .. 1 = hard, among requests of all classes; null where there is no text to judge by. */
  readonly difficulty: number | null
  /** ISO 639-1 where the script or the words tell; null = not known. */
  readonly language: string | null
  /** Estimate from characters, before what was learnt of a model's tokenizer; exact counts come with usage. */
  readonly inputTokens: number
  /** The longest text that the model must take at once: one input of an embedding, one document with its query, else all of it. */
  readonly longestTokens: number
  /** Output tokens that the caller allows; null where it does not say. */
  readonly maxOutput: number | null
  /** See Prompt.context. */
  readonly context?: number | null
  /** The caller's own word on how hard to think; it is kept. */
  readonly effort: Effort | null
  readonly needs: readonly Capability[]
  /** See Prompt.native. */
  readonly native: readonly string[]
  /** Names the conversation; null = it stands alone. */
  readonly affinity: string | null
  /** Part of something that was answered before, as far as can be told. */
  readonly continues: boolean
  /** Null where nothing is generated. */
  readonly features: TextFeatures | null
  /** Its beginning in blocks; empty where nothing is generated. */
  readonly prefix: Prefix
}

/** What a request is sent to. */
export interface Target {
  readonly deployment: Deployment
  /** Null: the model has none, or it is left to the backend. */
  readonly effort: Effort | null
  /** What its answer teaches of. */
  readonly arm: Arm
}

export interface RoutePlan {
  readonly route: string
  /** Each deployment once; empty where the request is refused. */
  readonly order: readonly Target[]
  /** Why nothing can be called; null where `order` has a target. */
  readonly refusal: GatewayError | null
  /**
   * Where the prompt is too long for every candidate: those whose context is not told before they are loaded, and may be larger. The one
   * that loads soonest is first.
   */
  readonly unsure: readonly Deployment[]
  readonly limits: Limits
  /** Longest expected wait for the first token; null: the route sets none. */
  readonly maxTtftMs: number | null
  readonly profile: RequestProfile
  /** What counts as a useful answer here. */
  readonly success: SuccessSpec
  readonly strategy: string
  /** Another than the best goes first, to learn of it. */
  readonly explored: boolean
  /** What is measured of it, and what it goes without for that. */
  readonly trials: readonly Trial[]
  /** What is kept of the decision, made when it is read. */
  readonly decision: DecisionRows
  /** A budget lets answers have no more than so many tokens; null = as the caller said. */
  readonly maxTokens: number | null
  /** What was expected of a call of this target; null: it was not estimated. */
  expected(target: Target): Expected | null
  /**
   * Milliseconds by which the first token of `peer` would come later than that of `target`, if both had a place now; null: which of the two
   * serves is not a matter of time alone.
   */
  laterBy(target: Target, peer: Target, now: number): number | null
  /** By what is known now; null where the route has none, or it is not there. */
  baseline(): ExpectedBaseline | null
  /** The same with the limit of output tokens that a budget sets. */
  lowered(maxTokens: number): RoutePlan
  /** Called once, when it is about to be carried out: of candidates that are as good as each other the next one is next. */
  taken(): void
}
