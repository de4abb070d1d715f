/**
 * A request as a `Prompt`, for formats that read it into `Contents`. All that is asked about it is answered from the contents of the
 * body with cut, undecoded texts; the decoded ones are read where another format has to write them.
 */
import type { Effort } from '../core/capabilities.ts'
import type { Endpoint } from '../core/endpoints.ts'
import type { Json, JsonObject } from '../core/json.ts'
import { textBytes } from '../core/cut-text.ts'
import type {
  AnswerForm,
  CallsPrint,
  Contents,
  LastCall,
  Message,
  Part,
  Prompt,
  PromptReader,
  Role,
  Sampling,
  SchemaSource,
  TemplateReader,
  WorstCase,
} from '../core/prompt.ts'
import type { Member } from '../core/types.ts'
import { mix, textHash } from './json/fingerprint.ts'
import { refuseWrongTypes, type Shape } from './json/member-types.ts'
import type { ReadObject } from './json/read-object.ts'
import { wholeBody } from './json/whole-body.ts'
import { ANYTHING, PICTURE, SOUND_CHARS, TEMPLATE, TOOLS } from './media-sizes.ts'
import { effortOfThinking } from './thinking.ts'

/** What a format knows of its bodies. */
export interface Spelling {
  /** Its name. */
  readonly format: string
  /** The member with the conversation. */
  readonly member: string
  /** Reads a parsed body, whether its texts are decoded and whole or not. Throws `invalid_request`. */
  contentsOf(body: JsonObject, endpoint: Endpoint): Contents
  /** Members with definitions of tools. */
  readonly tools: readonly string[]
  toolSchemas(prompt: ContentsPrompt): SchemaSource[]
  answerSchema(prompt: ContentsPrompt): SchemaSource | null
  /** The answer that a request goes on from. */
  previousAnswer(body: JsonObject): Json | undefined
  /** As `Prompt` has it. */
  context?(body: JsonObject): number | null
  /** As `Prompt` has it; absent: there never is such a thing. */
  particular?(body: JsonObject): string | null
  /** What is embedded, where that is asked for. */
  inputs?(body: JsonObject): Json | undefined
}

export class ContentsPrompt implements Prompt {
  readonly endpoint: Endpoint
  readonly spelling: Spelling
  readonly raw: Buffer
  readonly body: JsonObject
  readonly members: readonly Member[]
  /** With texts that are cut, and have one character for each byte. */
  readonly view: Contents
  #whole: Contents | null = null
  #sealedBy: readonly string[] | null = null
  #particular: string | null | undefined

  constructor(endpoint: Endpoint, spelling: Spelling, { raw, body, members }: ReadObject) {
    this.endpoint = endpoint
    this.spelling = spelling
    this.raw = raw
    this.body = body
    this.members = members
    this.view = spelling.contentsOf(body, endpoint)
  }

  get member(): string {
    return this.spelling.member
  }

  get length(): number {
    return this.view.messages.length
  }

  roleOf(at: number): Role | null {
    return this.view.messages[at]?.role ?? null
  }

  walk(reader: PromptReader): void {
    for (const { role, parts, result } of this.view.messages) {
      reader.message(role, result !== null || parts.some(isCall))
      for (const part of parts) readPart(part, reader)
    }
  }

  fingerprintOf(at: number): number {
    const message = this.view.messages[at]
    return message === undefined ? 0 : printOf(message)
  }

  callsOf(at: number): CallsPrint | null {
    const calls = this.view.messages[at]?.parts.filter(isCall) ?? []
    const first = calls[0]
    if (first === undefined) return null
    return { what: calls.reduce((sum, call) => mix(sum, partPrint(call)), 7) || 1, ids: textHash(first.id) }
  }

  lastCall(): LastCall | null {
    const at = this.view.messages.findLastIndex(({ parts }) => parts.some(isCall))
    const call = this.view.messages[at]?.parts.findLast(isCall)
    const failed = this.view.messages.slice(at + 1).some(({ result }) => result?.failed === true)
    return call === undefined ? null : { name: call.name, given: call.arguments, failed }
  }

  textLengthOf(at: number): number | null {
    const parts = this.view.messages[at]?.parts ?? []
    const [only] = parts
    return parts.length === 1 && only?.kind === 'text' ? only.text.length : null
  }

  textOf(at: number): string {
    return this.view.messages[at]?.parts.find(isText)?.text ?? ''
  }

  failedAt(at: number): boolean {
    return this.view.messages[at]?.result?.failed === true
  }

  get context(): number | null {
    return this.spelling.context?.(this.body) ?? null
  }

  get previousAnswer(): Json | undefined {
    return this.spelling.previousAnswer(this.body)
  }

  get inputs(): Json | undefined {
    return this.spelling.inputs?.(this.body)
  }

  readonly query = undefined

  textWithin({ text }: JsonObject): Json | undefined {
    return text
  }

  get hasTools(): boolean {
    return this.view.tools.length > 0
  }

  get toolBytes(): number {
    return this.spelling.tools.reduce((sum, name) => sum + (this.bytesOf(name)?.length ?? 0), 0)
  }

  get mustCall(): boolean {
    const { toolChoice } = this.view
    return this.hasTools && toolChoice !== null && toolChoice !== 'auto' && toolChoice !== 'none'
  }

  get answerForm(): AnswerForm | null {
    return this.view.answer?.form ?? null
  }

  answerSchema(): SchemaSource | null {
    return this.spelling.answerSchema(this)
  }

  toolSchemas(): SchemaSource[] {
    return this.spelling.toolSchemas(this)
  }

  template(reader: TemplateReader): void {
    const { view, raw } = this
    if (view.tools.length > 0) {
      const json = this.spelling.tools.map((name) => this.bytesOf(name))
      reader.tools(
        json.filter((bytes) => bytes !== null),
        () => view.tools,
      )
    }
    for (const { role, parts } of view.messages) {
      reader.message(role)
      for (const part of parts) readTemplatePart(part, raw, reader)
    }
  }

  /** The value of a member, as it came; null where there is none. */
  bytesOf(name: string): Buffer | null {
    const member = this.members.find(({ key }) => key === name)
    return member === undefined ? null : this.raw.subarray(member.valueStart, member.valueEnd)
  }

  get choices(): number {
    return Math.max(1, Math.ceil(this.view.sampling.choices ?? 1))
  }

  readonly prompts = 1

  get maxOutput(): number | null {
    return this.view.sampling.maxOutput
  }

  get effort(): Effort | null {
    return effortOfThinking(this.view.thinking)
  }

  /** Agents that speak these formats send it with every request, whatever the model. */
  readonly mustThink = false

  get native(): readonly string[] {
    return this.view.native ?? NONE
  }

  get wantsLogprobs(): boolean {
    return this.view.logprobs !== null
  }

  readonly hasLogitBias = false

  get sampling(): Sampling {
    return this.view.sampling
  }

  worstCase(): WorstCase {
    const media = { tokens: 0, bytes: 0, images: false, sounds: false }
    for (const { parts } of this.view.messages) for (const part of parts) addMedium(part, media)
    const { inputs } = this
    return {
      inputTokens: TEMPLATE + this.raw.length - media.bytes + media.tokens + (this.hasTools ? TOOLS : 0),
      hasImages: media.images,
      hasSounds: media.sounds,
      keepsHour: this.raw.includes(HOUR),
      prompts: Array.isArray(inputs) ? Math.max(1, inputs.length) : 1,
      choices: this.choices,
      foreseen: 0,
      speaks: false,
      serviceTier: this.view.serviceTier,
    }
  }

  outputLimit(dropped: readonly string[], lowered: number | null): number | null {
    const own = dropped.includes('max_tokens') ? null : this.maxOutput
    const most = dropped.includes('max_tokens') ? null : lowered
    if (own === null || most === null) return own ?? most
    return Math.min(own, most)
  }

  /** By its name in this format, or in OpenAI's. */
  parameter(name: string): Json {
    return this.body[name] ?? PARAMETERS[name]?.(this.view) ?? null
  }

  get sealedBy(): readonly string[] {
    return (this.#sealedBy ??= makersOf(this.view.messages))
  }

  get particular(): string | null {
    if (this.#particular === undefined) this.#particular = this.spelling.particular?.(this.body) ?? null
    return this.#particular
  }

  contents(): Contents {
    if (this.#whole === null) {
      const whole = wholeBody(this)
      this.#whole = whole === this.body ? this.view : this.spelling.contentsOf(whole, this.endpoint)
    }
    return this.#whole
  }
}

/** Checks the members of a body before it is translated. */
export const typesChecked =
  (shape: Shape) =>
  (prompt: Prompt): void => {
    if (prompt instanceof ContentsPrompt) refuseWrongTypes(prompt.body, shape)
  }

const NONE: readonly string[] = []

/** Backends that are asked in OpenAI's format refuse fields by these names. */
const PARAMETERS: Readonly<Record<string, (contents: Contents) => Json>> = {
  tools: ({ tools }) => (tools.length === 0 ? null : tools.map(({ name }) => name)),
  tool_choice: ({ toolChoice }) => (typeof toolChoice === 'string' ? toolChoice : (toolChoice?.name ?? null)),
  parallel_tool_calls: ({ parallelCalls }) => parallelCalls,
  response_format: ({ answer }) => answer?.form ?? null,
  stop: ({ stop }) => (stop.length === 0 ? null : stop),
  reasoning_effort: ({ thinking }) => thinking?.effort ?? null,
  verbosity: ({ verbosity }) => verbosity,
  user: ({ user }) => user,
  service_tier: ({ serviceTier }) => serviceTier,
  logprobs: ({ logprobs }) => (logprobs === null ? null : true),
  top_logprobs: ({ logprobs }) => logprobs,
  metadata: ({ metadata }) => metadata,
  n: ({ sampling }) => sampling.choices,
  temperature: ({ sampling }) => sampling.temperature,
  top_p: ({ sampling }) => sampling.topP,
  top_k: ({ sampling }) => sampling.topK,
  max_tokens: ({ sampling }) => sampling.maxOutput,
  max_completion_tokens: ({ sampling }) => sampling.maxOutput,
  frequency_penalty: ({ sampling }) => sampling.frequencyPenalty,
  presence_penalty: ({ sampling }) => sampling.presencePenalty,
  seed: ({ sampling }) => sampling.seed,
}

/** How long a mark keeps a prompt; where a text has it as well the worst is a little worse. */
const HOUR = Buffer.from('"1h"')

const makersOf = (messages: readonly Message[]): string[] => [
  ...new Set(
    messages.flatMap(({ parts }) =>
      parts.flatMap((part) => ('seal' in part && part.seal !== null ? [part.seal.maker] : [])),
    ),
  ),
]

const isText = (part: Part): part is Extract<Part, { kind: 'text' | 'refusal' }> => part.kind === 'text'
const isCall = (part: Part): part is Extract<Part, { kind: 'call' }> => part.kind === 'call'

function readPart(part: Part, reader: PromptReader): void {
  switch (part.kind) {
    case 'text':
    case 'refusal':
      return reader.text(part.text)
    case 'image':
      return reader.image()
    case 'audio':
      return reader.sound()
    case 'file':
      return part.source.kind === 'text' ? reader.text(part.source.text) : undefined
    default:
  }
}

/** What was thought before is left out by most templates. */
function readTemplatePart(part: Part, raw: Buffer, reader: TemplateReader): void {
  switch (part.kind) {
    case 'text':
    case 'refusal':
      return reader.text(part.text, raw)
    case 'call':
      return reader.call(part.name, part.arguments, raw)
    case 'thought':
      return
    default:
      return part.source.kind === 'text' ? reader.text(part.source.text, raw) : reader.medium(partPrint(part))
  }
}

/** Ids and marks of the cache are new each time, whatever is said. */
const printOf = ({ role, parts }: Message): number =>
  parts.reduce((sum, part) => mix(sum, partPrint(part)), textHash(role))

function partPrint(part: Part): number {
  switch (part.kind) {
    case 'text':
    case 'refusal':
    case 'thought':
      return mix(textHash(part.kind), textHash(part.text))
    case 'call':
      return mix(textHash(part.name), textHash(part.arguments))
    default:
      return mix(textHash(part.kind), textHash(dataOf(part)))
  }
}

function dataOf({ source }: Extract<Part, { source: unknown }>): string {
  switch (source.kind) {
    case 'data':
      return source.data
    case 'url':
      return source.url
    case 'id':
      return source.id
    case 'text':
      return source.text
  }
}

interface Media {
  tokens: number
  /** Of the body, that are counted as `tokens`. */
  bytes: number
  images: boolean
  sounds: boolean
}

function addMedium(part: Part, media: Media): void {
  if (!('source' in part) || part.source.kind === 'text') return
  const bytes = textBytes(dataOf(part))
  media.bytes += bytes
  if (part.kind === 'image') {
    media.images = true
    media.tokens += PICTURE
  } else if (part.kind === 'audio') {
    media.sounds = true
    // What is elsewhere may be of any length.
    media.tokens += part.source.kind === 'data' ? Math.ceil(bytes / SOUND_CHARS) : ANYTHING
  } else media.tokens += ANYTHING
}
