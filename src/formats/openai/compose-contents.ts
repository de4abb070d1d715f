/** A request of another wire format in OpenAI's form. Pure. */
import type { AnswerWish, CallPart, Contents, MediaPart, Message, Part, Sampling, Tool } from '../../core/prompt.ts'
import { CHAT, COMPLETIONS, EMBEDDINGS, type Endpoint } from '../../core/endpoints.ts'
import type { Json, JsonObject } from '../../core/json.ts'
import { effortRule } from '../../core/effort-rule.ts'
import type { EffortRule, Provider } from '../../core/provider.ts'
import type { GatewayRequest } from '../../core/types.ts'
import { FREE_SCHEMA, freeArguments, freeDescription } from '../free-tools.ts'
import { writtenObject } from '../json/written-object.ts'
import { effortOfThinking, wordFor } from '../thinking.ts'
import { OpenAIPrompt } from './prompt.ts'

/** How the backend takes what another format says. */
export type Ways = Pick<Provider, 'local'> & {
  readonly request: Pick<Provider['request'], 'thoughts' | 'outputLimit' | 'freeTools' | 'effort'>
}

/** The same request where it came in this format. `model`: as the backend names it. What cannot be said is added to `lossy`. */
export function inOpenAIForm(request: GatewayRequest, ways: Ways, model: string, lossy: string[]): GatewayRequest {
  if (request.prompt instanceof OpenAIPrompt) return request
  const endpoint = OWN[request.endpoint.asks ?? ''] ?? CHAT
  const contents = request.prompt.contents()
  const body =
    endpoint === EMBEDDINGS
      ? embeddingsOf(contents, lossy)
      : bodyOf(contents, endpoint, ways, effortRule(ways, model), lossy)
  const { raw, members, ...object } = writtenObject({
    model: request.model,
    ...(request.stream ? { stream: true } : {}),
    ...body,
  })
  return { ...request, raw, prompt: new OpenAIPrompt(endpoint, object.body, raw, members) }
}

/** What others ask, as it is called here. */
const OWN: Readonly<Record<string, Endpoint>> = { completions: COMPLETIONS, embeddings: EMBEDDINGS }

function embeddingsOf({ embedding, unsaid }: Contents, lossy: string[]): JsonObject {
  lossy.push(...unsaid.filter((name) => !lossy.includes(name)))
  const { inputs = [], dimensions = null } = embedding ?? {}
  return { input: inputs, ...optional('dimensions', dimensions) }
}

function bodyOf(
  contents: Contents,
  { id }: Endpoint,
  ways: Ways,
  rule: EffortRule | null,
  lossy: string[],
): JsonObject {
  const { messages, tools, toolChoice, answer, sampling, stop, thinking, logprobs } = contents
  const lose = (name: string): void => {
    if (!lossy.includes(name)) lossy.push(name)
  }
  contents.unsaid.forEach(lose)
  if (thinking !== null && thinking.budget !== null && thinking.effort === null) lose('thinking.budget')
  if (answer?.form === 'other') lose('answer form')
  return {
    ...(id === COMPLETIONS.id
      ? { prompt: promptOf(messages) }
      : { messages: withMediaBehind(withOneSystem(messages, ways)).map((message) => messageOf(message, ways, lose)) }),
    ...(tools.length === 0 ? {} : { tools: tools.map((tool) => toolOf(tool, ways, lose)) }),
    ...optional(
      'tool_choice',
      toolChoice === null || tools.length === 0 ? null : toolChoiceOf(toolChoice, tools, ways),
    ),
    ...optional('parallel_tool_calls', tools.length === 0 ? null : contents.parallelCalls),
    ...optional('response_format', answer === null || answer.form === 'other' ? null : formatOf(answer)),
    ...(stop.length === 0 ? {} : { stop: stop.slice(0, MOST_STOPS) }),
    ...optional('reasoning_effort', effortOf(thinking, rule, lose)),
    ...optional('verbosity', contents.verbosity),
    ...optional('user', contents.user),
    ...optional('prompt_cache_key', contents.cacheKey),
    ...optional('service_tier', contents.serviceTier),
    ...(logprobs === null ? {} : { logprobs: true, top_logprobs: logprobs }),
    ...optional('metadata', contents.metadata),
    ...samplingOf(sampling, ways.request.outputLimit ?? 'max_tokens'),
  }
}

/** Of a text that is to be gone on from. */
const promptOf = (messages: readonly Message[]): string =>
  messages.flatMap(({ parts }) => parts.flatMap((part) => (part.kind === 'text' ? [part.text] : []))).join('\n')

const optional = (name: string, value: Json): JsonObject => (value === null ? {} : { [name]: value })

/** Templates of local models take one system message, at the start. */
function withOneSystem(messages: readonly Message[], { local }: Ways): Message[] {
  const isSystem = ({ role }: Message): boolean => role === 'system' || role === 'developer'
  const first = messages.findIndex((message) => !isSystem(message))
  const leading = first < 0 ? messages : messages.slice(0, first)
  const rest = first < 0 ? [] : messages.slice(first)
  const head = leading[0]
  const system = head === undefined ? [] : [{ ...head, parts: leading.flatMap(({ parts }) => parts) }]
  return [...system, ...(local ? rest.map((message) => (isSystem(message) ? asUser(message) : message)) : rest)]
}

const asUser = (message: Message): Message => ({ ...message, role: 'user' })

/**
 * Pictures in what a tool gave have no place in its message. They follow in one of the user behind all results of that turn: between
 * two results nothing may stand.
 */
function withMediaBehind(messages: readonly Message[]): Message[] {
  const out: Message[] = []
  let media: Part[] = []
  for (const message of messages) {
    if (message.result === null) {
      if (media.length > 0) out.push(pictured(media))
      media = []
      out.push(message)
      continue
    }
    media.push(...message.parts.filter((part) => textOf(part) === null))
    out.push({ ...message, parts: message.parts.filter((part) => textOf(part) !== null) })
  }
  return media.length === 0 ? out : [...out, pictured(media)]
}

const pictured = (parts: readonly Part[]): Message => ({ role: 'user', parts, name: null, result: null })

/** Null: it is none. */
function textOf(part: Part): string | null {
  if (part.kind === 'text') return part.text
  return 'source' in part && part.source.kind === 'text' ? part.source.text : null
}

function messageOf(message: Message, ways: Ways, lose: (name: string) => void): JsonObject {
  const { role, parts, name, result } = message
  const calls = parts.filter((part) => part.kind === 'call')
  const thoughts = parts.filter((part) => part.kind === 'thought')
  const said = parts.filter((part) => part.kind !== 'call' && part.kind !== 'thought' && part.kind !== 'refusal')
  const refused = parts.flatMap((part) => (part.kind === 'refusal' ? [part.text] : [])).join('')
  for (const part of parts) {
    if ('cache' in part && part.cache !== null) lose('cache marks')
    if ('seal' in part && part.seal !== null && (part.kind !== 'call' || part.seal.maker !== 'gemini')) lose('seals')
  }
  const { thoughts: field } = ways.request
  if (thoughts.length > 0 && field === null) lose('thoughts')
  const thought = thoughts.map(({ text }) => text).join('')
  const failed = result?.failed === true ? 'Error: ' : ''
  const content = contentOf(said, failed, lose)
  return {
    role,
    // Results have a text, if an empty one.
    content: result === null ? content : (content ?? ''),
    ...optional('name', name),
    ...(refused === '' ? {} : { refusal: refused }),
    ...(field !== null && thought !== '' ? { [field]: thought } : {}),
    ...(calls.length === 0 ? {} : { tool_calls: calls.map((call) => callOf(call, ways)) }),
    ...(result === null ? {} : { tool_call_id: result.id }),
  }
}

/** One text where it is nothing else; null: it says nothing. */
function contentOf(parts: readonly Part[], before: string, lose: (name: string) => void): Json {
  const written = parts.flatMap((part) => partOf(part, lose))
  const texts = written.flatMap((part) => ('text' in part ? [part.text] : []))
  if (texts.length < written.length) return written
  return texts.length === 0 && before === '' ? null : before + texts.join('\n')
}

type Written =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'image_url'; readonly image_url: JsonObject }
  | { readonly type: 'input_audio'; readonly input_audio: JsonObject }
  | { readonly type: 'file'; readonly file: JsonObject }

function partOf(part: Part, lose: (name: string) => void): Written[] {
  if (part.kind === 'text') return [{ type: 'text', text: part.text }]
  if (part.kind === 'image' || part.kind === 'audio' || part.kind === 'file') return mediumOf(part, lose)
  return []
}

function mediumOf({ kind, source, name, detail }: MediaPart, lose: (name: string) => void): Written[] {
  const url =
    source.kind === 'url'
      ? source.url
      : source.kind === 'data'
        ? `data:${source.mediaType};base64,${source.data}`
        : null
  if (source.kind === 'text') return [{ type: 'text', text: source.text }]
  if (kind === 'image' && url !== null)
    return [{ type: 'image_url', image_url: { url, ...optional('detail', detail) } }]
  if (kind === 'audio' && source.kind === 'data')
    return [
      { type: 'input_audio', input_audio: { data: source.data, format: source.mediaType.replace(/^audio\//, '') } },
    ]
  if (kind === 'file' && source.kind === 'id') return [{ type: 'file', file: { file_id: source.id } }]
  if (kind === 'file' && source.kind === 'data')
    return [{ type: 'file', file: { file_data: url, filename: name ?? 'file' } }]
  lose(LOST[kind])
  return []
}

const LOST: Readonly<Record<MediaPart['kind'], string>> = { image: 'images', audio: 'sounds', file: 'files' }

const callOf = ({ id, name, arguments: given, free, seal }: CallPart, ways: Ways): JsonObject => ({
  id,
  ...(free && ways.request.freeTools
    ? { type: 'custom', custom: { name, input: given } }
    : { type: 'function', function: { name, arguments: free ? freeArguments(given) : given } }),
  ...(seal?.maker === 'gemini' ? { extra_content: { google: { thought_signature: seal.value } } } : {}),
})

function toolOf(tool: Tool, ways: Ways, lose: (name: string) => void): JsonObject {
  const { name, schema, strict, free, cache } = tool
  if (cache !== null) lose('cache marks')
  const asFunction = free !== null && !ways.request.freeTools
  if (asFunction) lose('free tools')
  const description = asFunction ? freeDescription(tool.description, free.form) : tool.description
  if (free !== null && !asFunction)
    return {
      type: 'custom',
      custom: { name, ...optional('description', description), ...optional('format', free.form) },
    }
  return {
    type: 'function',
    function: {
      name,
      ...optional('description', description),
      ...optional('parameters', asFunction ? FREE_SCHEMA : schema),
      ...optional('strict', strict),
    },
  }
}

function toolChoiceOf(
  choice: NonNullable<Contents['toolChoice']>,
  tools: readonly Tool[],
  ways: Ways,
): JsonObject | string {
  if (typeof choice === 'string') return choice
  const { name } = choice
  const isFree = ways.request.freeTools && tools.some((tool) => tool.name === name && tool.free !== null)
  return isFree ? { type: 'custom', custom: { name } } : { type: 'function', function: { name } }
}

function formatOf({ form, schema, name, description, strict }: AnswerWish): JsonObject {
  if (form !== 'json_schema') return { type: form }
  const inner = {
    name: name ?? 'answer',
    schema,
    ...optional('description', description),
    ...optional('strict', strict),
  }
  return { type: form, json_schema: inner }
}

/** As many as OpenAI takes; an answer is cut at the others when it is translated. */
const MOST_STOPS = 4

function effortOf(
  thinking: Contents['thinking'],
  rule: EffortRule | null,
  lose: (name: string) => void,
): string | null {
  if (thinking === null || thinking.effort === 'adaptive') return null
  const own = thinking.effort ?? effortOfThinking(thinking)
  const word = own === null ? null : wordFor(own, rule)
  if (word !== own) lose('effort')
  return word
}

function samplingOf(sampling: Sampling, limit: string): JsonObject {
  const fields = {
    [limit]: sampling.maxOutput,
    n: sampling.choices,
    temperature: sampling.temperature,
    top_p: sampling.topP,
    top_k: sampling.topK,
    frequency_penalty: sampling.frequencyPenalty,
    presence_penalty: sampling.presencePenalty,
    seed: sampling.seed,
  }
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null))
}
