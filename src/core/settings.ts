/** What an operator configures and a provider's file says: frozen after loading. Durations in ms, sizes in bytes, `null` = nobody said. */

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined }
export type JsonObject = { readonly [key: string]: Json | undefined }

export const CAPABILITIES = [
  'tools',
  'vision',
  'audio',
  'json_schema',
  'logprobs',
  'reasoning',
  'embeddings',
  'rerank',
  'chat',
  'prefill',
] as const
export type Capability = (typeof CAPABILITIES)[number]

/** How hard a model that can think is asked to; `none` switches thinking off. */
export const EFFORTS = ['none', 'low', 'medium', 'high'] as const
export type Effort = (typeof EFFORTS)[number]

/** What a request is about, as far as its text and its fields tell. */
export const TASK_CLASSES = [
  'chat',
  'creative',
  'factual',
  'knowledge',
  'commonsense',
  'reading',
  'math',
  'logic',
  'code',
  'agent',
  'extraction',
  'classification',
  'summary',
  'translation',
  'vision',
  'other',
] as const
export type TaskClass = (typeof TASK_CLASSES)[number]

/** USD for a million tokens; null where nobody said. */
export interface Price {
  readonly inputPerMtok: number | null
  readonly cachedInputPerMtok: number | null
  readonly outputPerMtok: number | null
  readonly perGpuHour: number | null
}

/** What is known of a model: the operator's word first, then the engine's. */
export interface ModelFacts {
  readonly aliases: readonly string[]
  readonly capabilities: Readonly<Partial<Record<Capability, boolean>>>
  /** Tokens that the engine accepts now (prompt + output), not what the model was trained for. */
  readonly context: number | null
  readonly price: Price | null
  /** 0..1 by task class, `default` for the others: the operator's word, else the catalogue's. */
  readonly quality: Readonly<Record<string, number>>
  /** Efforts that can be asked of it; empty: it does not think, or nobody knows how to steer it. */
  readonly efforts: readonly Effort[]
  /** Billions of parameters: a first guess at what it can do and what it takes, where nothing else is known. */
  readonly paramsB: number | null
}

export interface Limits {
  readonly connectMs: number
  /** Streams only: until the status line. A non-streamed answer has its headers when it is finished, so only `totalMs` binds it. */
  readonly headersMs: number
  /** Streams only: until the first event that is not a comment. */
  readonly ttftMs: number
  /** Streams only: the longest silence between two reads. */
  readonly idleMs: number
  readonly totalMs: number
  /** Calls to backends for one request of a caller, all in all. */
  readonly attempts: number
  readonly bodyBytes: number
  /** Silence after which a streaming caller gets a comment. */
  readonly keepAliveMs: number
  /** What is held of one upstream answer before it is passed on (a whole JSON answer, or one event). */
  readonly bufferBytes: number
}

/** A way to ask a backend for its models; several are merged by id, later ones add to earlier ones. Paths are relative to the backend's root. */
export interface DiscoverySource {
  readonly method: 'GET' | 'POST'
  readonly path: string
  /** Asked once for each model found so far, with `body` holding "{id}", when true. */
  readonly perModel: boolean
  readonly body: JsonObject | null
  /** Dotted path to the array of models; '' = the answer itself is the array (or, with perModel, the object). */
  readonly list: string
  /** Dotted path to the id inside an entry. */
  readonly id: string
  /** Dotted paths, tried in order; a number, or a text holding "name <number>". */
  readonly context: readonly string[]
  /** Dotted path to an array of capability words; `words` maps them to ours. */
  readonly capabilities: readonly string[]
  readonly words: Readonly<Record<string, Capability>>
  /** False: a failure of this source leaves the others standing (an older version of the engine lacks it). */
  readonly required: boolean
  /** How a list that comes in parts goes on; absent = only its first part is asked for. */
  readonly pages?: ListPages
}

/** The next part of a list is asked for at the same path, with what the last part says as a parameter of the query. */
export interface ListPages {
  /** Name of the parameter. */
  readonly param: string
  /** Dotted path to its value in an answer. */
  readonly from: string
  /** Dotted path to a flag that is true while there is more; null = there is more while there is a value. */
  readonly more: string | null
}

/** How models are told how hard to think. */
export interface EffortRule {
  /** Pattern over the name of the model, in any case; null = all models. */
  readonly models: string | null
  /** Top-level fields for each word, objects being merged with the caller's; a word that is absent cannot be told. */
  readonly fields: Readonly<Partial<Record<Effort, JsonObject>>>
  /** Top-level fields of a caller beside which thinking is refused: `none` is told then. */
  readonly unless: readonly string[]
  /** Not every backend of this kind reads it, so it is used only where the operator lists `efforts` for the model. */
  readonly declaredOnly: boolean
}

/** What a kind of backend refuses or does in its own way: one data file in config/providers/. */
export interface Provider {
  readonly kind: string
  readonly label: string
  /** Runs on hardware of the operator: never judged by price lists, always by its queue. */
  readonly local: boolean
  /** Pattern of models of a local engine that run elsewhere all the same; null = there are none. */
  readonly remoteModels: string | null
  /** Default root, without `api`; null = the operator must give `url`. */
  readonly url: string | null
  /** Version prefix of its OpenAI-compatible paths, '/v1' for most. */
  readonly api: string
  /** Loopback ports to look at when nothing is configured. */
  readonly ports: readonly number[]
  /** Environment variable that holds the key, for a start without a configuration. */
  readonly keyEnv: string | null
  readonly auth: { readonly header: string; readonly prefix: string }
  /** Constant request headers. */
  readonly headers: Readonly<Record<string, string>>
  /** Request headers of the caller that this backend may see, lower case. All others stay here. */
  readonly forward: readonly string[]
  /** Endpoint id -> path below the root (with `api`); absent = it has no such endpoint. */
  readonly endpoints: Readonly<Record<string, string>>
  /** Proof that the thing on a port is this engine: the body of GET `path` must match `pattern`. */
  readonly signature: { readonly path: string; readonly pattern: string } | null
  readonly discovery: readonly DiscoverySource[]
  readonly request: {
    /** Top-level field -> the name that this backend reads. */
    readonly rename: Readonly<Record<string, string>>
    /** Top-level fields that it refuses. */
    readonly drop: readonly string[]
    /** Message role -> the role that its chat templates know. */
    readonly roles: Readonly<Record<string, string>>
    /** Fields of messages that it refuses. */
    readonly dropFromMessages: readonly string[]
    /** Ids of tool calls must be nine letters and digits. */
    readonly shortToolIds: boolean
    /** Ask for usage in streams by `stream_options.include_usage`. False: it refuses the field, or sends usage anyway. */
    readonly includeUsage: boolean
    /** Rerank documents must be plain strings. */
    readonly rerankStrings: boolean
    /** How it is told how hard to think: the first rule for a model counts; none = nobody knows how. */
    readonly effort: readonly EffortRule[]
  }
  readonly response: {
    /** The status line comes with the first token: the limit for headers does not apply, the one for TTFT does. */
    readonly headersWithFirstToken: boolean
    /** Answers that blame the server for a caller's mistake: such a status with a message that matches is a 400. */
    /** A prompt that is longer than the context is cut, and nobody is told. */
    readonly cutsLongPrompts: boolean
    readonly callerErrors: readonly { readonly status: number; readonly pattern: string }[]
  }
}

export interface BackendSpec {
  readonly name: string
  readonly provider: Provider
  /** Scheme, host and path without the provider's `api`, no slash at the end. Never shown to callers. */
  readonly root: string
  /** Secret. */
  readonly key: string | null
  /** Declared by the operator: they count beside the discovered ones. */
  readonly models: readonly string[]
  readonly price: Price | null
  readonly includeUsage: boolean
}

export const STRATEGIES = ['balanced', 'best', 'cheap', 'fast', 'efficient', 'local', 'ordered'] as const
export type Strategy = (typeof STRATEGIES)[number]

/** How much ten points of success, a factor of two in cost, in latency and in tokens per useful answer weigh. */
export interface Weights {
  readonly quality: number
  readonly cost: number
  readonly latency: number
  readonly efficiency: number
}

/** "The cheapest whose expected success is within `cheapestWithin` of the best." */
export interface Within {
  readonly cheapestWithin: number
}

/** All conditions that are there must hold; null = no such condition. */
export interface RouteMatch {
  /** Globs over the requested name. */
  readonly model: readonly string[] | null
  /** Ids of keys. */
  readonly key: readonly string[] | null
  /** Request headers (lower case) and globs over their values. */
  readonly header: Readonly<Record<string, string>> | null
  readonly class: readonly TaskClass[] | null
  /** The request needs all of these. */
  readonly needs: readonly Capability[] | null
  /** Estimated input tokens, both ends included; null = open. */
  readonly tokens: { readonly min: number | null; readonly max: number | null } | null
  /** UTC, from <= hour < to; over midnight where from > to. */
  readonly hour: { readonly from: number; readonly to: number } | null
}

/** What counts as a useful answer. */
export interface SuccessSpec {
  /** Finish reasons that count; null = the usual ones. */
  readonly finish: readonly string[] | null
  /** The answer must be JSON. */
  readonly json: boolean
  /** The answer must fit the JSON schema of the request. */
  readonly schema: boolean
}

export interface RouteSpec {
  readonly name: string
  /** Null: reached by its name only. */
  readonly match: RouteMatch | null
  /** Globs over `backend/model`. */
  readonly candidates: readonly string[]
  /** Globs over `backend/model`, tried in this order after the candidates; they take no part in the scoring. */
  readonly fallback: readonly string[]
  readonly strategy: Strategy | Weights | Within
  readonly localOnly: boolean
  readonly limits: Partial<Limits>
  /** Most that one request may be expected to cost; null = no ceiling. */
  readonly maxCostUsd: number | null
  /** Longest expected wait for the first token. */
  readonly maxTtftMs: number | null
  readonly success: SuccessSpec
  /** `backend/model` to compare the cost with. */
  readonly baseline: string | null
  /** Now and then, others than the best are tried. */
  readonly explore: boolean
}

/** Who calls. `routes` null: may use everything. */
export interface Principal {
  readonly id: string
  readonly routes: readonly string[] | null
  readonly rpm: number | null
}

export interface KeySpec extends Principal {
  /** SHA-256 of the key, 64 hex digits. */
  readonly hash: string
}

export interface Config {
  readonly server: {
    readonly host: string
    readonly port: number
    readonly drainMs: number
    readonly auth: 'keys' | 'none'
    readonly logLevel: string
    readonly trustProxy: boolean
  }
  readonly backends: readonly BackendSpec[]
  readonly models: Readonly<Record<string, ModelFacts>>
  readonly routes: readonly RouteSpec[]
  readonly keys: readonly KeySpec[]
  readonly limits: Limits
  readonly discovery: { readonly intervalMs: number; readonly retryMs: number; readonly timeoutMs: number }
  /** File of what was learnt; null: it is forgotten at the end. */
  readonly stateFile: string | null
}
