/**
 * A request as everything but its wire format sees it. A prompt is a reader over the parsed body: nothing is copied or worked
 * out before it is asked for. `null` means that the caller does not say.
 */
import type { Json, JsonObject } from './json.ts'
import type { Effort } from './capabilities.ts'

export const ROLES = ['system', 'developer', 'user', 'assistant', 'tool'] as const
export type Role = (typeof ROLES)[number]

/** Form of the answer: `other` is a grammar, a pattern, or a form that is not known here. */
export type AnswerForm = 'text' | 'json_object' | 'json_schema' | 'other'

export interface Prompt {
  /** The member of the body that holds it, for messages about it. */
  readonly member: string

  // ---------------------------------------------------------------- a conversation

  /** Messages; 0 where the request is no conversation. Offsets run from the oldest message. */
  readonly length: number
  /** Null where the message has a role of its format's own, or is none. */
  roleOf(at: number): Role | null
  /** Reads all messages, the oldest first. */
  walk(reader: PromptReader): void
  /** What a message says, as 32 bits: the same for the same words, whatever ids its calls have. */
  fingerprintOf(at: number): number
  /** The calls of tools in a message; null where there are none. */
  callsOf(at: number): CallsPrint | null
  /** The last call of a tool in the conversation; null: there is none. */
  lastCall(): LastCall | null
  /** Characters of a message that is one plain text; null for any other. */
  textLengthOf(at: number): number | null
  /** The first text of a message, as `PromptReader` gets it; empty: it has none. */
  textOf(at: number): string
  /** The message holds what a tool gave, and says in the words of its format that the call failed: some formats have none. */
  failedAt(at: number): boolean
  /** The answer that this request goes on from, where the backend keeps answers. */
  readonly previousAnswer: Json | undefined

  // ---------------------------------------------------------------- texts beside a conversation

  /** A text, token numbers, or a list of those: what is completed, embedded or ranked. Objects in it hold theirs by `textWithin`. */
  readonly inputs: Json | undefined
  /** What documents are ranked by. */
  readonly query: Json | undefined
  textWithin(object: JsonObject): Json | undefined

  // ---------------------------------------------------------------- tools and form

  readonly hasTools: boolean
  /** Bytes of all definitions of tools, as JSON. */
  readonly toolBytes: number
  /** The answer must call a tool. */
  readonly mustCall: boolean
  /** Null: a form is not asked for. */
  readonly answerForm: AnswerForm | null
  /** The schema of the answer; null where it has none. */
  answerSchema(): SchemaSource | null
  /** The lists of tools, each with the schemas of its arguments. */
  toolSchemas(): SchemaSource[]

  /** Reads all that a model is given to read, in the order of chat templates: tools, then messages. */
  template(reader: TemplateReader): void

  // ---------------------------------------------------------------- wishes

  /** Choices of one prompt. */
  readonly choices: number
  /** Prompts that are answered, each by itself. */
  readonly prompts: number
  /** Tokens that an answer may have. */
  readonly maxOutput: number | null
  /** Tokens of context that the caller wants the model to be loaded with: only engines of its own format are told. Absent or null: it does not say. */
  readonly context?: number | null
  readonly effort: Effort | null
  /** The caller asks for thought itself, and not only for as much as there may be of it. */
  readonly mustThink: boolean
  /** What no other wire format has, and the answer cannot do without, by name: only backends of the same one can be asked. */
  readonly native: readonly string[]
  readonly wantsLogprobs: boolean
  readonly hasLogitBias: boolean
  readonly sampling: Sampling
  /** The most that the request can make a backend read and write. */
  worstCase(): WorstCase
  /**
   * Tokens that one answer may have on a backend whose kind drops these fields, by the caller's limits and by what a budget has
   * `lowered` them to (null: not at all). Null: there is no limit.
   */
  outputLimit(dropped: readonly string[], lowered: number | null): number | null
  /** A parameter by the name with which backends refuse it; null where the request does not have it. */
  parameter(name: string): Json

  /** Wire formats of the makers that alone can read something of it: signatures, encrypted thoughts. */
  readonly sealedBy: readonly string[]
  /** The first thing in it that only the maker of the caller's own format serves, by name; null: there is none. */
  readonly particular: string | null

  /** All of it in neutral words and decoded, for a backend of another wire format. Parses the whole body. */
  contents(): Contents
}

/** Hears a conversation as `walk` goes through it. */
export interface PromptReader {
  /** A message begins. `calls`: it calls tools, or is what one of them gave. */
  message(role: Role | null, calls: boolean): void
  /** A text of that message. It has one character for each byte, and is cut where it is long: core/cut-text.ts. */
  text(text: string): void
  image(): void
  sound(): void
}

/** A call of a tool. Its texts are as `PromptReader` gets them. */
export interface LastCall {
  readonly name: string
  /** Its arguments as JSON, or free text. */
  readonly given: string
  /** The format says that it failed. */
  readonly failed: boolean
}

/** Hears what a model reads, without what changes from turn to turn though nothing else is said: ids of calls, marks of caches. */
export interface TemplateReader {
  /** Definitions of tools: their JSON as it came, by which they are known again, and what they say. */
  tools(json: readonly Uint8Array[], all: () => readonly Tool[]): void
  /** A message begins. */
  message(role: Role | null): void
  /** A text of that message, as `PromptReader` gets it. `raw`: the body, for the rest of one that is cut. */
  text(text: string, raw: Uint8Array): void
  /** A call of a tool, likewise. */
  call(name: string, given: string, raw: Uint8Array): void
  /** A picture, a sound or a file, known by 32 bits. */
  medium(print: number): void
}

/** Calls of tools as 32 bits each: `what` without their ids, `ids` alone (0 = they have none). */
export interface CallsPrint {
  readonly what: number
  readonly ids: number
}

/** JSON of a request that holds schemas, and where they lie in it. Plain data: it is read in another thread. */
export interface SchemaSource {
  readonly json: Uint8Array
  /** Members that may hold name and schema, the first that is an object counts; else they lie beside each other. */
  readonly holders: readonly string[]
  /** Member with the schema. */
  readonly schema: string
}

export interface Sampling {
  readonly maxOutput: number | null
  readonly choices: number | null
  readonly temperature: number | null
  readonly topP: number | null
  readonly topK: number | null
  readonly frequencyPenalty: number | null
  readonly presencePenalty: number | null
  readonly seed: number | null
}

export interface WorstCase {
  /** The most tokens that an engine can make of it, however it counts. */
  readonly inputTokens: number
  readonly hasImages: boolean
  readonly hasSounds: boolean
  /** A mark keeps some of it in a cache for an hour. */
  readonly keepsHour: boolean
  /** Texts that are read, each with a context of its own. */
  readonly prompts: number
  /** Answers that are made of each. */
  readonly choices: number
  /** Bytes of text that was foreseen: where it does not come it is charged beside the answer. */
  readonly foreseen: number
  /** The answer may be spoken. */
  readonly speaks: boolean
  readonly serviceTier: string | null
}

/**
 * What a request says, in words that all wire formats share: what one format reads, another writes. `null`, and an empty list, mean
 * that the request does not say. Texts are decoded.
 */
export interface Contents {
  readonly messages: readonly Message[]
  readonly tools: readonly Tool[]
  readonly toolChoice: 'auto' | 'none' | 'required' | { readonly name: string } | null
  /** False: one call of a tool at a time. */
  readonly parallelCalls: boolean | null
  readonly answer: AnswerWish | null
  readonly sampling: Sampling
  readonly stop: readonly string[]
  readonly thinking: Thinking | null
  /** `low`, `medium`, `high`. */
  readonly verbosity: string | null
  /** Who asks, as the caller names it to the maker of the model. */
  readonly user: string | null
  /** Requests with the same one share the beginning of their prompts. */
  readonly cacheKey: string | null
  readonly serviceTier: string | null
  /** Alternatives that are told for each token of the answer; 0: its own probability alone. */
  readonly logprobs: number | null
  readonly metadata: JsonObject | null
  /** What no other format has, and the answer cannot do without, by name; absent: nothing. */
  readonly native?: readonly string[]
  /** What is embedded, where that is asked for; absent or null: it is not. */
  readonly embedding?: Embedding | null
  /** Members of the body that these words do not hold, by name: no other format gets them. */
  readonly unsaid: readonly string[]
}

export interface Embedding {
  /** Each becomes a vector. */
  readonly inputs: readonly string[]
  /** Length of each vector. */
  readonly dimensions: number | null
}

export interface AnswerWish {
  readonly form: AnswerForm
  readonly schema: Json | null
  readonly name: string | null
  readonly description: string | null
  readonly strict: boolean | null
}

/** How the model should think. */
export interface Thinking {
  /** The caller's own word: `none`, `minimal`, `low`, `medium`, `high`, `xhigh`, `max`; or `adaptive`: as the model sees fit. */
  readonly effort: string | null
  /** Tokens of thought at most. */
  readonly budget: number | null
  /** Whether the thoughts are told; null: as the format does when nobody says. */
  readonly shown: 'whole' | 'summary' | 'hidden' | null
}

export interface Message {
  readonly role: Role
  /** In their order. */
  readonly parts: readonly Part[]
  /** Of the speaker. */
  readonly name: string | null
  /** Of a message with the role `tool`: the call that it answers. One message for each call, behind the message that called. */
  readonly result: CallResult | null
}

export interface CallResult {
  /** Of the call. */
  readonly id: string
  /** Of the tool, where the format says it. */
  readonly name: string | null
  readonly failed: boolean
}

export type Part = TextPart | MediaPart | ThoughtPart | CallPart

export interface TextPart {
  /** `refusal`: of an assistant that would not answer. */
  readonly kind: 'text' | 'refusal'
  readonly text: string
  readonly cache: CacheMark | null
}

export interface MediaPart {
  readonly kind: 'image' | 'audio' | 'file'
  readonly source: Source
  /** Of the file. */
  readonly name: string | null
  /** How closely an image is looked at: `low`, `high`, `auto`. */
  readonly detail: string | null
  readonly cache: CacheMark | null
}

/** Where a medium is: in the request, as base64; at an address; in the keeping of its maker; or it is plain text. */
export type Source =
  | { readonly kind: 'data'; readonly mediaType: string; readonly data: string }
  | { readonly kind: 'url'; readonly url: string }
  | { readonly kind: 'id'; readonly id: string }
  | { readonly kind: 'text'; readonly text: string }

/** What the assistant thought before. */
export interface ThoughtPart {
  readonly kind: 'thought'
  /** Empty where only its seal is there. */
  readonly text: string
  readonly seal: Seal | null
}

/** A call of a tool by the assistant. */
export interface CallPart {
  readonly kind: 'call'
  readonly id: string
  readonly name: string
  /** JSON; of a tool that takes free text, that text. */
  readonly arguments: string
  readonly free: boolean
  readonly seal: Seal | null
  readonly cache: CacheMark | null
}

/** What only the maker of an answer can read: a signature, encrypted thoughts. Backends of other formats never see it. */
export interface Seal {
  /** Wire format of the backend that made it. */
  readonly maker: string
  readonly value: string
  /** The id that the maker has for what is sealed. */
  readonly id: string | null
}

/** The prompt up to here is worth keeping. */
export interface CacheMark {
  /** Such as `5m`, `1h`. */
  readonly ttl: string | null
}

export interface Tool {
  readonly name: string
  readonly description: string | null
  /** Of its arguments; null: it has none, or takes free text. */
  readonly schema: Json | null
  readonly strict: boolean | null
  /** It takes free text, of this form (null: any); absent for all others. */
  readonly free: { readonly form: Json | null } | null
  readonly cache: CacheMark | null
}
