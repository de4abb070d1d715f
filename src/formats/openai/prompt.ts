/** A request in OpenAI's form, as a `Prompt`: a reader over its parsed body. */
import type { Endpoint } from '../../core/endpoints.ts'
import type {
  AnswerForm,
  CallsPrint,
  Contents,
  LastCall,
  Prompt,
  PromptReader,
  Role,
  Sampling,
  SchemaSource,
  TemplateReader,
  WorstCase,
} from '../../core/prompt.ts'
import type { Json, JsonObject } from '../../core/json.ts'
import type { Effort } from '../../core/capabilities.ts'
import type { GatewayRequest, Member } from '../../core/types.ts'
import { isObject } from '../../core/is-object.ts'
import { fingerprintOf, textHash } from '../json/fingerprint.ts'
import { wholeBody } from '../json/whole-body.ts'
import { contentsOf, toolsIn } from './contents.ts'
import { effortOf } from './effort.ts'
import { outputLimit } from './output-limit.ts'
import { worstCaseOf } from './worst-case.ts'

/** It is to be more than a text. */
const isSpoken = (modalities: Json): boolean =>
  Array.isArray(modalities) && (modalities as readonly Json[]).some((one) => one !== 'text')

const NOTHING_NATIVE: readonly string[] = []

export class OpenAIPrompt implements Prompt {
  readonly endpoint: Endpoint
  /** Parsed once, never written back. Its texts are not decoded (one character for each byte), and long ones are cut: core/cut-text.ts. */
  readonly body: JsonObject
  /** The bytes as they came. */
  readonly raw: Buffer
  /** The members of `body` in `raw`. */
  readonly members: readonly Member[]
  readonly #messages: readonly Json[]
  #contents: Contents | null = null

  constructor(endpoint: Endpoint, body: JsonObject, raw: Buffer, members: readonly Member[]) {
    this.endpoint = endpoint
    this.body = body
    this.raw = raw
    this.members = members
    this.#messages = listOf(body['messages'])
  }

  get member(): string {
    return MEMBERS[this.endpoint.id] ?? 'messages'
  }

  get length(): number {
    return this.#messages.length
  }

  roleOf(at: number): Role | null {
    const message = this.#messages[at]
    return isObject(message) ? roleOf(message) : null
  }

  walk(reader: PromptReader): void {
    for (const message of this.#messages) {
      if (!isObject(message)) continue
      const role = roleOf(message)
      reader.message(role, role === 'tool' || isFilled(message['tool_calls']))
      readContent(message['content'], reader)
    }
  }

  fingerprintOf(at: number): number {
    return fingerprintOf(this.#messages[at], PASSING)
  }

  callsOf(at: number): CallsPrint | null {
    const message = this.#messages[at]
    const calls = isObject(message) ? (message['tool_calls'] ?? message['function_call']) : undefined
    if (calls === undefined || calls === null) return null
    const first = Array.isArray(calls) ? (calls as readonly Json[])[0] : undefined
    const id = isObject(first) ? first['id'] : undefined
    return { what: fingerprintOf(calls, PASSING) || 1, ids: typeof id === 'string' ? textHash(id) : 0 }
  }

  lastCall(): LastCall | null {
    for (let at = this.#messages.length - 1; at >= 0; at--) {
      const message = this.#messages[at]
      if (!isObject(message)) continue
      const made = callIn(listOf(message['tool_calls']).at(-1)) ?? message['function_call']
      if (!isObject(made)) continue
      const { name, arguments: given, input } = made
      if (typeof name === 'string') return { name, given: textOf(given) ?? textOf(input) ?? '', failed: false }
    }
    return null
  }

  textLengthOf(at: number): number | null {
    const message = this.#messages[at]
    const content = isObject(message) ? message['content'] : undefined
    return typeof content === 'string' ? content.length : null
  }

  textOf(at: number): string {
    const message = this.#messages[at]
    return isObject(message) ? firstText(message['content']) : ''
  }

  /** It has no word for that. */
  failedAt(): boolean {
    return false
  }

  get previousAnswer(): Json | undefined {
    return this.body['previous_response_id']
  }

  get inputs(): Json | undefined {
    const { body } = this
    switch (this.endpoint.id) {
      case 'embeddings':
        return body['input'] ?? body['inputs'] ?? body['content']
      case 'rerank':
        return body['documents'] ?? body['texts'] ?? body['passages']
      default:
        return body['prompt']
    }
  }

  get query(): Json | undefined {
    return this.body['query']
  }

  textWithin(object: JsonObject): Json | undefined {
    return object['text'] ?? object['content'] ?? object['prompt_string']
  }

  get hasTools(): boolean {
    return isFilled(this.body['tools']) || isFilled(this.body['functions'])
  }

  get toolBytes(): number {
    let bytes = 0
    for (const { key, valueStart, valueEnd } of this.members)
      if (key === 'tools' || key === 'functions') bytes += valueEnd - valueStart
    return bytes
  }

  get mustCall(): boolean {
    const choice = this.body['tool_choice']
    return this.hasTools && (choice === 'required' || choice === 'any' || typeOf(choice) === 'function')
  }

  get answerForm(): AnswerForm | null {
    const format = this.body['response_format']
    if (format === undefined || format === null) return null
    const type = typeOf(format)
    return type === 'text' || type === 'json_object' || type === 'json_schema' ? type : 'other'
  }

  template(reader: TemplateReader): void {
    const { body, raw } = this
    if (this.hasTools) reader.tools(bytesOf(this.toolSchemas()), () => toolsIn(body))
    readTemplate(this.#messages, raw, reader)
    const { inputs } = this
    if (typeof inputs === 'string') reader.text(inputs, raw)
  }

  answerSchema(): SchemaSource | null {
    const json = this.#bytesOf('response_format')
    // OpenAI's place for it, or that of llama.cpp and others.
    return json === null ? null : { json, holders: ['json_schema'], schema: 'schema' }
  }

  toolSchemas(): SchemaSource[] {
    return ['tools', 'functions'].flatMap((key) => {
      const json = this.#bytesOf(key)
      return json === null ? [] : [{ json, holders: ['function', 'custom'], schema: 'parameters' }]
    })
  }

  #bytesOf(key: string): Buffer | null {
    const member = this.members.find((one) => one.key === key)
    return member === undefined ? null : this.raw.subarray(member.valueStart, member.valueEnd)
  }

  get choices(): number {
    const { n } = this.body
    return typeof n === 'number' && Number.isInteger(n) && n > 0 ? n : 1
  }

  get prompts(): number {
    const { prompt } = this.body
    // A list of numbers is one prompt in tokens.
    const isList = this.endpoint.id === 'completions' && Array.isArray(prompt) && typeof prompt[0] !== 'number'
    return isList ? Math.max(1, prompt.length) : 1
  }

  get maxOutput(): number | null {
    return positive(this.body['max_completion_tokens']) ?? positive(this.body['max_tokens'])
  }

  get effort(): Effort | null {
    return effortOf(this.body)
  }

  get mustThink(): boolean {
    const { effort } = this
    return effort !== null && effort !== 'none'
  }

  /** An answer that is spoken, or was looked up in the web, is another one; all else that others cannot say is left out, and named. */
  get native(): readonly string[] {
    const { modalities, web_search_options: search } = this.body
    const spoken = modalities !== undefined && isSpoken(modalities)
    if (search === undefined && !spoken) return NOTHING_NATIVE
    return [...(spoken ? ['modalities'] : []), ...(isObject(search) ? ['web_search_options'] : [])]
  }

  get wantsLogprobs(): boolean {
    const { logprobs } = this.body
    return logprobs === true || typeof logprobs === 'number'
  }

  get hasLogitBias(): boolean {
    const bias = this.body['logit_bias']
    return isObject(bias) && Object.keys(bias).length > 0
  }

  get sampling(): Sampling {
    const { body } = this
    return {
      maxOutput: numberOf(body['max_completion_tokens']) ?? numberOf(body['max_tokens']),
      choices: numberOf(body['n']),
      temperature: numberOf(body['temperature']),
      topP: numberOf(body['top_p']),
      topK: numberOf(body['top_k']),
      frequencyPenalty: numberOf(body['frequency_penalty']),
      presencePenalty: numberOf(body['presence_penalty']),
      seed: numberOf(body['seed']),
    }
  }

  /** The caller wants usage in the stream, and the rest of its wishes for it. */
  get streamOptions(): JsonObject | null {
    const options = this.body['stream_options']
    return isObject(options) ? options : null
  }

  get wantsUsage(): boolean {
    return this.streamOptions?.['include_usage'] === true
  }

  worstCase(): WorstCase {
    return worstCaseOf(this)
  }

  outputLimit(dropped: readonly string[], lowered: number | null): number | null {
    return outputLimit(this.body, dropped, lowered)
  }

  /** Both names of the limit of an answer are one. */
  parameter(name: string): Json {
    const { body } = this
    if (name === 'max_tokens') return body['max_completion_tokens'] ?? body['max_tokens'] ?? null
    return body[name] ?? null
  }

  /** What is sealed passes as it came: the backend that reads this format has made it. */
  readonly sealedBy: readonly string[] = []
  readonly particular = null

  contents(): Contents {
    return (this.#contents ??= contentsOf(wholeBody(this), this.sampling, this.answerForm))
  }
}

/** Of a request that came in this format; throws where it came in another one. */
export function openAIPrompt({ prompt }: GatewayRequest): OpenAIPrompt {
  if (prompt instanceof OpenAIPrompt) return prompt
  throw new Error('the request did not come in this format')
}

const bytesOf = (sources: readonly SchemaSource[]): readonly Uint8Array[] => sources.map(({ json }) => json)

/** By endpoint. */
const MEMBERS: Readonly<Record<string, string>> = { completions: 'prompt', embeddings: 'input', rerank: 'documents' }

/** Ids are new each time, whatever is asked. */
const PASSING: ReadonlySet<string> = new Set(['id', 'tool_call_id'])

const ROLES: ReadonlyMap<Json | undefined, Role> = new Map<Json | undefined, Role>([
  ['system', 'system'],
  ['developer', 'developer'],
  ['user', 'user'],
  [undefined, 'user'],
  ['assistant', 'assistant'],
  ['tool', 'tool'],
  ['function', 'tool'],
])

const roleOf = ({ role }: JsonObject): Role | null => ROLES.get(role) ?? null

function readContent(content: Json | undefined, reader: PromptReader): void {
  if (typeof content === 'string') return reader.text(content)
  if (!Array.isArray(content)) return
  for (const part of content as readonly Json[]) {
    if (typeof part === 'string') reader.text(part)
    else if (isObject(part)) readPart(part, reader)
  }
}

function firstText(content: Json | undefined): string {
  if (typeof content === 'string') return content
  for (const part of listOf(content)) {
    const text = isObject(part) ? part['text'] : part
    if (typeof text === 'string') return text
  }
  return ''
}

function readTemplate(messages: readonly Json[], raw: Buffer, reader: TemplateReader): void {
  for (const message of messages) {
    if (!isObject(message)) continue
    reader.message(roleOf(message))
    const { content, tool_calls: calls } = message
    if (typeof content === 'string') reader.text(content, raw)
    else for (const part of listOf(content)) readTemplatePart(part, raw, reader)
    for (const call of listOf(calls)) readCall(call, raw, reader)
  }
}

function readTemplatePart(part: Json, raw: Buffer, reader: TemplateReader): void {
  if (typeof part === 'string') return reader.text(part, raw)
  if (!isObject(part)) return
  const { type, text } = part
  if (typeof text === 'string') reader.text(text, raw)
  else if (type !== 'thinking' && typeof type === 'string') reader.medium(fingerprintOf(part[type], PASSING))
}

const callIn = (call: Json | undefined): Json | undefined =>
  isObject(call) ? (call['function'] ?? call['custom']) : undefined

function readCall(call: Json, raw: Buffer, reader: TemplateReader): void {
  const made = callIn(call)
  if (!isObject(made)) return
  const { name, arguments: given, input } = made
  if (typeof name === 'string') reader.call(name, textOf(given) ?? textOf(input) ?? '', raw)
}

function readPart(part: JsonObject, reader: PromptReader): void {
  const { type, text } = part
  if (type === 'image_url' || type === 'image') reader.image()
  if (type === 'input_audio') reader.sound()
  if (typeof text === 'string') reader.text(text)
}

const listOf = (value: Json | undefined): readonly Json[] => (Array.isArray(value) ? (value as readonly Json[]) : NONE)
const NONE: readonly Json[] = []
const textOf = (value: Json | undefined): string | null => (typeof value === 'string' ? value : null)

const isFilled = (value: Json | undefined): boolean => Array.isArray(value) && value.length > 0
const positive = (value: Json | undefined): number | null => (typeof value === 'number' && value >= 1 ? value : null)
/** A number too large for one (1e999) is none. */
const numberOf = (value: Json | undefined): number | null =>
  typeof value === 'number' && Number.isFinite(value) ? value : null
const typeOf = (value: Json | undefined): Json | undefined => (isObject(value) ? value['type'] : undefined)
