/** What an operator configures: frozen after loading. Durations in ms, sizes in bytes, `null` = nobody said. */
import { keyed } from './keyed.ts'
import { RATE_NAMES, type RateName } from './tokens.ts'
import type { Values } from './options/option.ts'
import type {
  BACKEND_OPTIONS,
  LANE_LIMITS,
  ROUTE_EFFICIENCY,
  ROUTE_LIMITS,
  ROUTE_OPTIONS,
  WISH_OPTIONS,
} from './options/options.ts'
import type { BudgetSpec } from './budget.ts'
import type { LearntFrom } from './hints.ts'
import type { KeySpec } from './principal.ts'
import type { Capability, Effort, TaskClass } from './capabilities.ts'
import type { OnAbort, Provider } from './provider.ts'
import type { Scoring } from './strategies.ts'

/** USD for a million tokens of a kind; null where nobody said: it costs what the kind that it is part of costs. */
export type Rates = Readonly<Record<RateName, number | null>>

export interface Price extends Rates {
  /** Rates of a whole request whose input is above so many tokens; the highest that is passed counts, its nulls being the base's. */
  readonly tiers: readonly { readonly aboveInput: number; readonly rates: Rates }[]
  /** Factors on all of it by the `service_tier` that an answer names: batch, flex, priority. */
  readonly serviceTiers: Readonly<Record<string, number>>
  /** USD for each answer, in addition to its tokens. */
  readonly perRequest: number | null
  /** USD for an hour of this engine. */
  readonly perGpuHour: number | null
}

const RATES_UNKNOWN: Rates = keyed(RATE_NAMES, () => null)

/** Nobody said anything. */
export const NO_PRICE: Price = {
  ...RATES_UNKNOWN,
  tiers: [],
  serviceTiers: {},
  perRequest: null,
  perGpuHour: null,
}

/** What is known of a model: the operator's word first, then the engine's. */
export interface ModelFacts {
  readonly aliases: readonly string[]
  readonly capabilities: Readonly<Partial<Record<Capability, boolean>>>
  /** Tokens that the engine accepts now (prompt + output), not what the model was trained for. */
  readonly context: number | null
  /** Tokens of the longest answer that the model gives. */
  readonly maxOutput: number | null
  readonly price: Price | null
  /** 0..1 by task class, `default` for the others: the operator's word, else the catalogue's. */
  readonly quality: Readonly<Record<string, number>>
  /** Efforts that can be asked of it; empty: it does not think, or nobody knows how to steer it. */
  readonly efforts: readonly Effort[]
  /** Billions of parameters: a first guess at what it can do and what it takes, where nothing else is known. */
  readonly paramsB: number | null
  /** What the operator wishes of its engine: of this model, else of its backend. */
  readonly wishes: Wishes
}

/** Who says something of a model, the highest first. `usual`: how engines of its kind load a model where nobody says. */
export const FACT_SOURCES = ['operator', 'engine', 'observed', 'provider', 'usual', 'catalogue', 'name'] as const
export type FactSource = (typeof FACT_SOURCES)[number]

/** What is known of a model where it is deployed. */
export interface DeploymentFacts extends ModelFacts {
  /** Null: nobody tells the context. */
  readonly contextFrom: FactSource | null
  readonly capabilitiesFrom: Readonly<Partial<Record<Capability, FactSource>>>
  /** Tokens that it was trained for. */
  readonly trainedContext: number | null
  /** Requests that its engine works on at a time, where that is known; null: it is learnt. */
  readonly slots: number | null
  /** Bytes of its file, as its engine tells. */
  readonly bytes: number | null
}

export type Wishes = Values<typeof WISH_OPTIONS>

export interface Limits {
  readonly connectMs: number
  /** Streams only: until the status line. A non-streamed answer has its headers when it is finished, so only `totalMs` binds it. */
  readonly headersMs: number
  /** Streams only: until the first event that is not a comment. */
  readonly ttftMs: number
  /** In place of `headersMs` and `ttftMs` while an engine that loads models on demand may be loading. */
  readonly loadMs: number
  /** Streams only: the longest time without any of the answer; also that in which a caller takes nothing. */
  readonly idleMs: number
  readonly totalMs: number
  /** Calls to backends for one request of a caller, all in all. */
  readonly attempts: number
  /** Silence after which a streaming caller gets a comment. */
  readonly keepAliveMs: number
  /** What is held of one upstream answer before it is passed on (a whole JSON answer, or one event). */
  readonly bufferBytes: number
}

/** Null = no such limit. */
export type LaneLimits = Values<typeof LANE_LIMITS>

/** What a backend is sent at the most, by any of its keys, and who waits for a place there. */
export interface BackendLimits extends LaneLimits {
  /** Requests that may wait. */
  readonly queue: number
  /** Whether somebody wrote `queue`: then what the engine says of its slots is a limit as well. */
  readonly queues: boolean
  readonly queueWaitMs: number
}

/** One of several keys of a backend. */
export interface BackendKey extends LaneLimits {
  /** Its position from 1, where the operator gave it none: what logs and metrics show. */
  readonly name: string
  /** Never shown. */
  readonly secret: string
}

/** An engine that the gateway starts when it is needed. From the file only: no API may say what is run. */
export interface EngineSpec {
  /** Program and arguments; no shell reads them. May hold a secret: never shown. */
  readonly command: readonly string[]
  /** Variables beside those of the gateway's own environment that are no secrets. Secret. */
  readonly env: Readonly<Record<string, string>>
  /** Absolute. */
  readonly cwd: string
  /** It is stopped when nothing was asked of it for so long; null = only where its place is needed. */
  readonly ttlMs: number | null
  /** Null: nothing is stopped for it. */
  readonly group: string | null
  /** From its start to its first healthy answer. */
  readonly startMs: number
  /** What it takes, by the operator's word. */
  readonly memoryBytes: number | null
}

/** Engines that share what not all of them can have at a time. */
export interface EngineGroupSpec {
  /** That may run at a time; null = as many as `memoryBytes` has room for. */
  readonly members: number | null
  /** What they may take together; null = it is not counted. */
  readonly memoryBytes: number | null
  /** How long the requests of an engine that runs go before those that need another one. */
  readonly turnMs: number
}

export interface BackendSpec extends Values<typeof BACKEND_OPTIONS> {
  readonly name: string
  readonly provider: Provider
  /** Scheme, host and path without the provider's `api`, no slash at the end. Never shown to callers. */
  readonly root: string
  /** Secret. Of several the first: lists of models are asked for with it. */
  readonly key: string | null
  /** Several, which are called in turn, `key` among them; empty: `key` alone. */
  readonly keys: readonly BackendKey[]
  /** Null: it takes whatever it is sent. */
  readonly limits: BackendLimits | null
  /** Name of the variable that holds the key; null = it stands in the file, or there is none. */
  readonly keyFrom: string | null
  readonly price: Price | null
  readonly includeUsage: boolean
  readonly onAbort: OnAbort
  /** It loads a model when it is asked for. */
  readonly loadsOnDemand: boolean
  /** Null: it runs, or somebody else starts it. */
  readonly engine: EngineSpec | null
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

export interface RouteSpec
  extends Values<typeof ROUTE_OPTIONS>, Values<typeof ROUTE_LIMITS>, Values<typeof ROUTE_EFFICIENCY> {
  readonly name: string
  /** Null: reached by its name only. */
  readonly match: RouteMatch | null
  /** Globs over `backend/model`. */
  readonly candidates: readonly string[]
  readonly strategy: Scoring
  readonly limits: Partial<Limits>
  /** Longest expected wait for the first token. */
  readonly maxTtftMs: number | null
  readonly success: SuccessSpec
}

/** Pages in browsers that may call the gateway. */
export interface CorsSpec {
  /** Origins, with `*` for any text; `loopback`: those of this machine, where the gateway listens on loopback only. */
  readonly origins: readonly string[]
  /** Request headers that they may send; `*`: whatever they wish. */
  readonly headers: readonly string[]
  /** How long a browser may keep the permission. */
  readonly maxAgeMs: number
}

export interface AdminSpec {
  readonly host: string
  readonly port: number
  /** SHA-256 of the token, 64 hex digits. */
  readonly hash: string
}

export interface LedgerSpec {
  /** A folder; absolute. */
  readonly folder: string
  /** Older segments are deleted; null = never. */
  readonly keepMs: number | null
  /** The oldest segments are deleted above so much; null = never. */
  readonly maxBytes: number | null
}

/** OpenTelemetry, by OTLP over HTTP. */
export interface TelemetrySpec {
  /** Without the `/v1/traces` and `/v1/metrics` that follow it. */
  readonly endpoint: string
  /** Secret. */
  readonly headers: Readonly<Record<string, string>>
  readonly traces: boolean
  readonly metrics: boolean
  /** Share of traces that begin here and are kept. */
  readonly sample: number
  readonly serviceName: string
  readonly intervalMs: number
}

/** How much of request bodies is held. */
export interface BodyLimits {
  readonly bodyBytes: number
  /** All request bodies that are held at a time. */
  readonly bodiesBytes: number
}

/** What another configuration changes while the process runs: see policy.ts. */
export interface PolicySettings {
  readonly backends: readonly BackendSpec[]
  /** By name; one that is not here has the defaults. */
  readonly engineGroups: Readonly<Record<string, EngineGroupSpec>>
  readonly models: Readonly<Record<string, ModelFacts>>
  readonly routes: readonly RouteSpec[]
  readonly keys: readonly KeySpec[]
  readonly budgets: readonly BudgetSpec[]
  readonly limits: Limits
  readonly discovery: {
    readonly intervalMs: number
    readonly retryMs: number
    readonly timeoutMs: number
    readonly pollMs: number
  }
  /** What says how good answers are, and is learnt from. */
  readonly learning: LearntFrom
}

/**
 * Which lines of the log hold the whole decision; `sampled`: of one request in a hundred, and of each that failed by the fault of the gateway or a
 * backend. Whoever asks to explain a request has it in the log as well.
 */
export type LogDecisions = 'always' | 'sampled' | 'never'

/** The form of log lines: `pretty` for people, `json` for programs. */
export const LOG_FORMS = ['pretty', 'json'] as const
export type LogForm = (typeof LOG_FORMS)[number]

/** What speaks HTTP to backends whose address begins with `http:`. */
export const CLIENT_NAMES = ['lean', 'undici'] as const
export type ClientName = (typeof CLIENT_NAMES)[number]

/** A host on whose ports engines are looked for; `port` null: on those of all kinds. An IPv6 address stands in brackets. */
export interface LanHost {
  readonly host: string
  readonly port: number | null
}

/** What a process keeps from its start to its end: another configuration changes it with a restart only. */
export interface ProcessSettings {
  readonly server: {
    readonly host: string
    readonly port: number
    /** Further names by which requests may call it; `*` for any text. */
    readonly hosts: readonly string[]
    readonly cors: CorsSpec
    readonly drainMs: number
    readonly auth: 'keys' | 'none'
    /** Null: by where they go. */
    readonly log: LogForm | null
    readonly logLevel: string
    readonly logDecisions: LogDecisions
    readonly trustProxy: boolean
  }
  readonly upstream: {
    readonly client: ClientName
  }
  readonly bodies: BodyLimits
  readonly store: {
    /** File of what was learnt; null: it is forgotten at the end. */
    readonly state: string | null
    readonly ledger: LedgerSpec | null
    /** File of keys that are made while the gateway runs; null: there are none. */
    readonly keys: string | null
    /** URL of a Redis that several gateways share; secret. */
    readonly redis: string | null
    readonly answers: AnswersSpec
  }
  /** Where engines are looked for while the process runs. */
  readonly lan: readonly LanHost[]
  readonly admin: AdminSpec | null
  readonly telemetry: TelemetrySpec | null
}

/** Where answers are kept that callers go on from, and how much of them: in all, in Redis of each. */
export interface AnswersSpec {
  readonly place: 'memory' | 'redis' | 'none' | { readonly folder: string }
  readonly maxBytes: number
}

export interface Config extends ProcessSettings, PolicySettings {}
