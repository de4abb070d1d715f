/** A request of another wire format in Ollama's form. Pure. */
import { GatewayError } from '../../core/errors.ts'
import type { Json, JsonObject } from '../../core/json.ts'
import { isObject } from '../../core/is-object.ts'
import type { CallPart, CallResult, Contents, Message, Part, Sampling, Tool } from '../../core/prompt.ts'
import type { Wishes } from '../../core/settings.ts'
import type { GatewayRequest } from '../../core/types.ts'
import type { Composing } from '../format.ts'
import { FREE_SCHEMA, freeArguments, freeDescription } from '../free-tools.ts'
import { thinkOf } from './think.ts'

/** What cannot be said is added to `lossy`. */
export function composed(request: GatewayRequest, model: string, wishes: Wishes, how: Composing): object {
  const contents = request.prompt.contents()
  const lose = (name: string): void => {
    if (!how.lossy.includes(name)) how.lossy.push(name)
  }
  contents.unsaid.forEach(lose)
  const { numCtx, keepAlive } = wishes
  const embeds = request.endpoint.asks === 'embeddings'
  const options = {
    ...(embeds ? {} : samplingOf(contents, request.prompt.outputLimit([], how.maxTokens))),
    ...(numCtx === null ? {} : { num_ctx: numCtx }),
  }
  return {
    model,
    ...(embeds ? embeddingOf(contents) : { stream: request.stream, ...said(request, contents, wishes, how, lose) }),
    ...(Object.keys(options).length === 0 ? {} : { options }),
    ...(keepAlive === null ? {} : { keep_alive: keepAlive }),
  }
}

function embeddingOf({ embedding }: Contents): object {
  if (embedding === undefined || embedding === null)
    throw new GatewayError(
      'invalid_request',
      '`input` must be a text or a list of texts for a backend that is asked by /api/embed; token ids are not taken there.',
      { param: 'input' },
    )
  const { inputs, dimensions } = embedding
  return { input: inputs, ...(dimensions === null ? {} : { dimensions }) }
}

type Lose = (name: string) => void

function said({ endpoint }: GatewayRequest, contents: Contents, wishes: Wishes, how: Composing, lose: Lose): object {
  const { tools, toolChoice, answer, thinking } = contents
  const think =
    thinkOf(thinking, lose) ??
    (how.effort === null ? wishes.think : thinkOf({ effort: how.effort, budget: null, shown: null }, lose))
  if (thinking !== null && thinking.budget !== null) lose('thinking.budget')
  if (tools.length > 0) loseChoice(contents, lose)
  loseRest(contents, lose)
  const given = toolChoice === 'none' ? [] : tools
  const format =
    answer === null
      ? null
      : answer.form === 'json_object'
        ? 'json'
        : answer.form === 'json_schema'
          ? answer.schema
          : null
  if (answer?.form === 'other') lose('answer form')
  return {
    ...(endpoint.asks === 'completions' ? promptOf(contents) : { messages: messagesOf(contents.messages, lose) }),
    ...(given.length === 0 ? {} : { tools: given.map((tool) => toolOf(tool, lose)) }),
    ...(format === null ? {} : { format }),
    ...(think === null ? {} : { think }),
  }
}

/** Of a legacy completion. */
function promptOf({ messages }: Contents): object {
  const [only] = messages
  const text = only === undefined ? null : textOf(only)
  if (text === null || messages.length > 1)
    throw new GatewayError(
      'invalid_request',
      '`prompt` must be one text for a backend that is asked by /api/generate.',
      { param: 'prompt' },
    )
  return { prompt: text }
}

/** No word of it makes the model call a tool, or none, or one alone: tools that must not be called are left out. */
function loseChoice({ toolChoice, parallelCalls }: Contents, lose: Lose): void {
  if (toolChoice === 'none') lose('tools')
  if (toolChoice === 'required' || (toolChoice !== null && typeof toolChoice === 'object')) lose('tool_choice')
  if (parallelCalls === false) lose('parallel calls')
}

function loseRest(contents: Contents, lose: Lose): void {
  const { sampling, verbosity, user, cacheKey, serviceTier, logprobs, metadata } = contents
  if ((sampling.choices ?? 1) > 1) lose('choices')
  if (verbosity !== null) lose('verbosity')
  if (user !== null) lose('user')
  if (cacheKey !== null) lose('prompt_cache_key')
  if (serviceTier !== null) lose('service_tier')
  if (logprobs !== null) lose('logprobs')
  if (metadata !== null) lose('metadata')
}

function samplingOf({ sampling, stop }: Contents, limit: number | null): object {
  const options: Readonly<Record<string, number | null>> = {
    num_predict: limit,
    temperature: sampling.temperature,
    top_p: sampling.topP,
    top_k: sampling.topK,
    frequency_penalty: sampling.frequencyPenalty,
    presence_penalty: sampling.presencePenalty,
    seed: sampling.seed,
  } satisfies Readonly<Record<string, Sampling[keyof Sampling]>>
  return {
    ...Object.fromEntries(Object.entries(options).filter(([, value]) => value !== null)),
    ...(stop.length === 0 ? {} : { stop }),
  }
}

function messagesOf(messages: readonly Message[], lose: Lose): object[] {
  /** Names of tools by the ids of their calls: a result may have the id alone. */
  const names = new Map<string, string>()
  return messages.map((message) => {
    for (const part of message.parts) if (part.kind === 'call') names.set(part.id, part.name)
    return messageOf(message, names, lose)
  })
}

function messageOf({ role, parts, name, result }: Message, names: ReadonlyMap<string, string>, lose: Lose): object {
  const { texts, images, calls, thought } = gathered(parts, lose)
  if (name !== null) lose('name')
  return {
    role: role === 'developer' ? 'system' : role,
    content: (result?.failed === true ? 'Error: ' : '') + texts.join('\n'),
    ...(thought === '' ? {} : { thinking: thought }),
    ...(images.length === 0 ? {} : { images }),
    ...(calls.length === 0 ? {} : { tool_calls: calls }),
    ...(result === null ? {} : resultOf(result, names)),
  }
}

function resultOf({ id, name }: CallResult, names: ReadonlyMap<string, string>): object {
  const tool = name ?? names.get(id)
  return { ...(tool === undefined ? {} : { tool_name: tool }), tool_call_id: id }
}

interface Gathered {
  readonly texts: string[]
  readonly images: string[]
  readonly calls: object[]
  thought: string
}

function gathered(parts: readonly Part[], lose: Lose): Gathered {
  const all: Gathered = { texts: [], images: [], calls: [], thought: '' }
  for (const part of parts) {
    if (part.kind === 'thought') {
      all.thought += part.text
      if (part.seal !== null) lose('seals')
      continue
    }
    if (part.cache !== null) lose('cache marks')
    if (part.kind === 'refusal') lose('refusals')
    if (part.kind === 'call') all.calls.push(callOf(part, lose))
    else if (!('source' in part)) all.texts.push(part.text)
    else if (part.source.kind === 'text') all.texts.push(part.source.text)
    else if (part.source.kind === 'data' && part.kind !== 'file') all.images.push(part.source.data)
    else lose(LOST[part.kind])
  }
  return all
}

const LOST = { image: 'images', audio: 'sounds', file: 'files' } as const

function textOf({ parts }: Message): string | null {
  const texts = parts.flatMap((part) => (part.kind === 'text' ? [part.text] : []))
  return texts.length === parts.length ? texts.join('\n') : null
}

function callOf({ id, name, arguments: text, free, seal }: CallPart, lose: Lose): object {
  if (seal !== null) lose('seals')
  return { id, function: { name, arguments: objectOf(free ? freeArguments(text) : text) } }
}

/** Ollama takes no other arguments. */
function objectOf(text: string): JsonObject {
  try {
    const value = JSON.parse(text === '' ? '{}' : text) as Json
    return isObject(value) ? value : { input: value }
  } catch {
    return { input: text }
  }
}

/** A tool that takes free text gets it as its one argument. */
function toolOf({ name, description, schema, strict, free, cache }: Tool, lose: Lose): object {
  if (cache !== null) lose('cache marks')
  if (strict === true) lose('tool strict')
  if (free !== null && free.form !== null) lose('free tools')
  const about = free === null ? description : freeDescription(description, free.form)
  const parameters = free === null ? (schema ?? NOTHING) : FREE_SCHEMA
  return { type: 'function', function: { name, ...(about === null ? {} : { description: about }), parameters } }
}

const NOTHING = { type: 'object', properties: {} }
