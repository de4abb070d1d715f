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
  /** Characters of a message that is one plain text; null for any other. */
  textLengthOf(at: number): number | null
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

  // ---------------------------------------------------------------- wishes

  /** Choices of one prompt. */
  readonly choices: number
  /** Prompts that are answered, each by itself. */
  readonly prompts: number
  /** Tokens that an answer may have. */
  readonly maxOutput: number | null
  readonly effort: Effort | null
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

/** What a request says, as any wire format can write it. */
export interface Contents {
  readonly messages: readonly Message[]
  readonly tools: readonly Tool[]
  readonly toolChoice: 'auto' | 'none' | 'required' | { readonly name: string } | null
  readonly answer: { readonly form: AnswerForm; readonly schema: Json | null } | null
  readonly sampling: Sampling
  readonly stop: readonly string[]
}

export interface Message {
  readonly role: Role
  readonly parts: readonly Part[]
  readonly calls: readonly ToolUse[]
  /** Id of the call that this message is the result of. */
  readonly resultOf: string | null
}

export type Part = { readonly kind: 'text'; readonly text: string } | { readonly kind: 'image'; readonly url: string }

export interface ToolUse {
  readonly id: string
  readonly name: string
  /** JSON. */
  readonly arguments: string
}

export interface Tool {
  readonly name: string
  readonly description: string | null
  /** Of its arguments. */
  readonly schema: Json | null
}
