/** What a kind of backend is, as its data file in config/providers/ says: frozen after loading. Durations in ms, sizes in bytes, `null` = nobody said. */
import type { JsonObject } from './json.ts'
import type { Capability, Effort } from './capabilities.ts'
import type { Ask } from './endpoints.ts'
import type { TelemetrySource } from './telemetry-source.ts'

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
  /** Of the context that a model is loaded with, whatever is in force at the moment. */
  readonly configured?: readonly string[]
  /** Of the longest context that it was trained for: no engine gives it more. A last `*` stands for what a name begins with. */
  readonly trained?: readonly string[]
  /** Of the bytes of its file. */
  readonly bytes?: readonly string[]
  /** Of the architecture that it is of. */
  readonly family?: readonly string[]
  /** Dotted path to the name of the model that it is an adapter of: what nobody says of it holds as for that one. */
  readonly parent?: string
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

/** What an operator may wish of a backend with each request, and only some places have a word for: options of backends. */
export const WISHES = ['num_ctx', 'keep_alive', 'think'] as const
export type Wish = (typeof WISHES)[number]

/** Where a backend takes what is asked of it. */
export interface EndpointPlace {
  /** Below the root, with `api`. `{model}` stands for the model, as the engine names it. */
  readonly path: string
  /** For answers that come live; null = the same. */
  readonly streamPath: string | null
  /** Other paths, by the id of the endpoint, for what callers of this format ask there. */
  readonly paths?: Readonly<Record<string, string>>
  /** Wire format in which it takes them. */
  readonly format: string
  /** Pattern over the names of the models that can be asked here, in any case; null = all. */
  readonly models: string | null
  /** Where it takes the key; null = as everywhere else. */
  readonly auth: { readonly header: string; readonly prefix: string } | null
  /** What gets lost here, beside what the provider lacks everywhere. */
  readonly lacks: readonly Capability[]
  /** It is asked here only where the backend's `formats` name the format. */
  readonly spare?: boolean
  /** The maker of the wire format answers here: it reads its own seals and cache marks, and serves all of it. All others are sent none, and take what all of them take. */
  readonly maker?: boolean
  /** Top-level fields of this format that are refused here. */
  readonly drop?: readonly string[]
  /** How it is told here how hard to think, in fields of this format; absent: as in OpenAI's, where that is the format. */
  readonly effort?: readonly EffortRule[]
  /** Wishes of the operator that can be told here. */
  readonly tells?: readonly Wish[]
}

/** How models are told how hard to think. */
export interface EffortRule {
  /** Pattern over the name of the model, in any case; null = all models. */
  readonly models: string | null
  /** Top-level fields for each effort that the model has, objects being merged with the caller's; another becomes the nearest of these. */
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
  /** What the OpenTelemetry conventions call it; null = by its kind. */
  readonly otelName: string | null
  /** An engine with the OpenAI API that no signature knows is taken for this one. */
  readonly generic: boolean
  /** Its list in @pydantic/genai-prices. Null: there is none. An engine of your own costs no tokens then; the prices of a cloud are unknown, and its costs partial. */
  readonly priceList: string | null
  /**
   * Factors on list prices by the `service_tier` of an answer. A tier without one is charged as the list says, and counts as estimated:
   * OpenAI's `priority` costs another factor for each model.
   */
  readonly serviceTiers: Readonly<Record<string, number>>
  /** Runs on hardware of the operator: never judged by price lists, always by its queue. */
  readonly local: boolean
  /** Pattern of models of a local engine that run elsewhere all the same; null = there are none. */
  readonly remoteModels: string | null
  /** Tokens of context with which it loads a model where nobody says; absent = that is not known. */
  readonly usualContext?: number | null
  /** A POST that loads a model and generates nothing; texts of `body` hold "{id}" for its name. Absent: there is none. */
  readonly loads?: { readonly path: string; readonly body: JsonObject } | null
  /** Requests that it works on at a time; absent = all that come, or nobody knows. */
  readonly slots?: {
    /** Unless its operator has set another number. */
    readonly usual: number
    /** Pattern over the architectures of which it takes one at a time, whatever is set; null = there are none. */
    readonly single: string | null
    /** Those of a model of embeddings, whatever is set; null = as for others. */
    readonly embeddings: number | null
  } | null
  /** Default root, without `api`; null = the operator must give `url`. */
  readonly url: string | null
  /** Pattern over addresses whose paths have no version, and to which none is added. */
  readonly asIs?: string | null
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
  /** What it leaves out without a word, or what its file drops because it is refused: no request that needs it is sent there. */
  readonly lacks: readonly Capability[]
  /** What every chat model of it has, as the engine itself sees to it, unless somebody says otherwise. */
  readonly has?: readonly Capability[]
  /** By what is asked, the preferred place first; absent = it cannot be asked for it. */
  readonly endpoints: Readonly<Partial<Record<Ask, readonly EndpointPlace[]>>>
  /** Proof that the thing on a port is this engine: the body of GET `path` must match `pattern`. */
  readonly signature: { readonly path: string; readonly pattern: string } | null
  readonly discovery: readonly DiscoverySource[]
  /** What it tells of itself beside its models; a cloud is never asked. Absent = nothing. */
  readonly telemetry?: readonly TelemetrySource[]
  readonly request: {
    /** Top-level field -> the name that this backend reads. */
    readonly rename: Readonly<Record<string, string>>
    /** The field that limits an answer of chat, where the caller has named none; null = the usual one. */
    readonly outputLimit: string | null
    /** Top-level fields that it refuses. One that an answer depends on is left out only where its value says the same as no field. */
    readonly drop: readonly string[]
    /** Message role -> the role that its chat templates know. */
    readonly roles: Readonly<Record<string, string>>
    /** Fields of messages that it refuses. */
    readonly dropFromMessages: readonly string[]
    /** Field of a message of the assistant in which it takes back what the model thought; null = thoughts are left out. */
    readonly thoughts: string | null
    /** It takes tools with free text; else they are functions with one argument. */
    readonly freeTools: boolean
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
    /** A prompt that is longer than the context is cut, and nobody is told. */
    readonly cutsLongPrompts: boolean
    /** Whether it charges for what nobody reads any more. */
    readonly onAbort: OnAbort
    /** For how long it keeps a prompt that was not asked for again; absent = as most clouds do. Of a cloud. */
    readonly promptsKeptMs?: number | null
    /** A model is loaded when it is asked for, and left when it was not for a while. */
    readonly loadsOnDemand: boolean
    /** Where it has put its model out of memory, a request brings it back; false: somebody has to wake it. */
    readonly wakes: boolean
    /** Answers that blame the server for a caller's mistake: such a status with a message that matches is a 400. */
    readonly callerErrors: readonly { readonly status: number; readonly pattern: string }[]
  }
}

/**
 * What becomes of a stream whose caller has left. `cancel`: it is stopped, and what came is counted. `drain`: it is read to
 * its end for its usage. `estimate`: it is stopped, and counted as the whole answer that the backend charges all the same.
 */
export const ON_ABORT = ['cancel', 'drain', 'estimate'] as const

export type OnAbort = (typeof ON_ABORT)[number]
