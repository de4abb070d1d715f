/** All that a request in OpenAI's form says, in neutral words. Pure. */
import type {
  AnswerForm,
  AnswerWish,
  CacheMark,
  CallPart,
  Contents,
  Message,
  Part,
  Role,
  Sampling,
  Seal,
  Source,
  Thinking,
  Tool,
} from '../../core/prompt.ts'
import type { Json, JsonObject } from '../../core/json.ts'
import { isObject } from '../../core/is-object.ts'

/** Members that `Contents` holds, and those that say how the answer is sent. */
const SAID: ReadonlySet<string> = new Set([
  ...['model', 'messages', 'prompt', 'stream', 'stream_options', 'tools', 'functions', 'tool_choice', 'function_call'],
  ...['parallel_tool_calls', 'response_format', 'stop', 'reasoning_effort', 'verbosity', 'user', 'safety_identifier'],
  ...['prompt_cache_key', 'service_tier', 'logprobs', 'top_logprobs', 'metadata', 'n', 'temperature', 'top_p', 'top_k'],
  ...['max_tokens', 'max_completion_tokens', 'frequency_penalty', 'presence_penalty', 'seed', 'store'],
  ...['input', 'dimensions', 'encoding_format'],
  // Without other forms than text there is nothing in it that is lost; with them nobody else is asked.
  ...['modalities', 'web_search_options'],
])

/** `body`: with its texts decoded and whole. `sampling`: its numbers. */
export function contentsOf(body: JsonObject, sampling: Sampling, form: AnswerForm | null): Contents {
  const { prompt } = body
  const asked = listOf(body['messages']).flatMap((one) => (isObject(one) ? [messageOf(one)] : []))
  const text = typeof prompt === 'string' ? [said('user', prompt)] : []
  const choice = body['tool_choice'] ?? body['function_call']
  const toolChoice = toolChoiceOf(choice)
  return {
    messages: [...asked, ...text],
    tools: toolsIn(body),
    toolChoice,
    parallelCalls: booleanOf(body['parallel_tool_calls']),
    answer: form === null ? null : answerOf(form, body['response_format']),
    sampling,
    stop: textsIn(body['stop']),
    thinking: thinkingOf(body),
    verbosity: textOf(body['verbosity']),
    user: textOf(body['user']) ?? textOf(body['safety_identifier']),
    cacheKey: textOf(body['prompt_cache_key']),
    serviceTier: textOf(body['service_tier']),
    logprobs: body['logprobs'] === true ? (numberOf(body['top_logprobs']) ?? 0) : null,
    metadata: isObject(body['metadata']) ? body['metadata'] : null,
    ...embeddingOf(body),
    unsaid: [
      ...Object.keys(body).filter((name) => !SAID.has(name) && says(body[name])),
      ...(says(choice) && toolChoice === null ? ['tool_choice'] : []),
    ],
  }
}

/** Token ids are those of one model, and no other format takes them. */
function embeddingOf({ input, dimensions }: JsonObject): Pick<Contents, 'embedding'> {
  const inputs = textsIn(input)
  const whole = inputs.length > 0 && (typeof input === 'string' || inputs.length === listOf(input).length)
  return whole ? { embedding: { inputs, dimensions: numberOf(dimensions) } } : {}
}

const says = (value: Json | undefined): boolean => value !== undefined && value !== null

const said = (role: Role, text: string): Message => ({
  role,
  parts: [{ kind: 'text', text, cache: null }],
  name: null,
  result: null,
})

function messageOf(message: JsonObject): Message {
  const role = ROLES.get(message['role']) ?? 'user'
  const name = textOf(message['name'])
  const calls = [...listOf(message['tool_calls']), ...legacyCall(message['function_call'])].flatMap(callOf)
  const answers = textOf(message['tool_call_id']) ?? (message['role'] === 'function' ? name : null)
  return {
    role,
    parts: [...thoughtsOf(message), ...partsOf(message['content']), ...refusalOf(message['refusal']), ...calls],
    name: answers === null ? name : null,
    result: answers === null ? null : { id: answers, name, failed: false },
  }
}

const ROLES: ReadonlyMap<Json | undefined, Role> = new Map<Json | undefined, Role>([
  ['system', 'system'],
  ['developer', 'developer'],
  ['assistant', 'assistant'],
  ['tool', 'tool'],
  ['function', 'tool'],
])

function thoughtsOf(message: JsonObject): Part[] {
  const text = textOf(message['reasoning_content']) ?? textOf(message['reasoning']) ?? ''
  return text === '' ? [] : [{ kind: 'thought', text, seal: null }]
}

const refusalOf = (refusal: Json | undefined): Part[] =>
  typeof refusal === 'string' && refusal !== '' ? [{ kind: 'refusal', text: refusal, cache: null }] : []

function partsOf(content: Json | undefined): Part[] {
  if (typeof content === 'string') return content === '' ? [] : [{ kind: 'text', text: content, cache: null }]
  return listOf(content).flatMap((part): Part[] => {
    if (typeof part === 'string') return [{ kind: 'text', text: part, cache: null }]
    return isObject(part) ? partOf(part) : []
  })
}

function partOf(part: JsonObject): Part[] {
  const cache = cacheOf(part['prompt_cache_breakpoint'])
  if (typeof part['text'] === 'string') return [{ kind: 'text', text: part['text'], cache }]
  if (typeof part['refusal'] === 'string') return [{ kind: 'refusal', text: part['refusal'], cache }]
  const image = part['image_url']
  const url = isObject(image) ? image['url'] : image
  if (typeof url === 'string') {
    const detail = isObject(image) ? textOf(image['detail']) : null
    return [{ kind: 'image', source: sourceOf(url), name: null, detail, cache }]
  }
  const { input_audio: sound, file } = part
  if (isObject(sound) && typeof sound['data'] === 'string') {
    const source: Source = {
      kind: 'data',
      mediaType: `audio/${textOf(sound['format']) ?? 'wav'}`,
      data: sound['data'],
    }
    return [{ kind: 'audio', source, name: null, detail: null, cache }]
  }
  if (!isObject(file)) return []
  const { file_data: data, file_id: id } = file
  const source = typeof data === 'string' ? sourceOf(data) : typeof id === 'string' ? { kind: 'id' as const, id } : null
  return source === null ? [] : [{ kind: 'file', source, name: textOf(file['filename']), detail: null, cache }]
}

const DATA_URL = /^data:([^;,]*)(?:;[^,]*)?;base64,/

/** An address, or what is written into one. */
export function sourceOf(url: string): Source {
  const head = DATA_URL.exec(url)
  if (head === null) return { kind: 'url', url }
  return { kind: 'data', mediaType: head[1]!, data: url.slice(head[0].length) }
}

const cacheOf = (mark: Json | undefined): CacheMark | null => (isObject(mark) ? { ttl: textOf(mark['ttl']) } : null)

const legacyCall = (call: Json | undefined): Json[] => (isObject(call) ? [{ id: call['name'], function: call }] : [])

function callOf(call: Json): CallPart[] {
  if (!isObject(call)) return []
  const { id } = call
  const free = isObject(call['custom'])
  const made = free ? call['custom'] : call['function']
  if (typeof id !== 'string' || !isObject(made) || typeof made['name'] !== 'string') return []
  const given = textOf(made['arguments']) ?? textOf(made['input']) ?? (free ? '' : '{}')
  return [{ kind: 'call', id, name: made['name'], arguments: given, free, seal: sealOf(call), cache: null }]
}

/** Gemini's signature, where its OpenAI-compatible endpoint puts it. */
export function sealOf({ extra_content: extra }: JsonObject): Seal | null {
  const google = isObject(extra) ? extra['google'] : undefined
  const value = isObject(google) ? google['thought_signature'] : undefined
  return typeof value === 'string' ? { maker: 'gemini', value, id: null } : null
}

/** Texts as they are in the body. */
export const toolsIn = (body: JsonObject): readonly Tool[] =>
  [...listOf(body['tools']), ...listOf(body['functions'])].flatMap(toolOf)

/** Functions of old stand in the list itself. */
function toolOf(tool: Json): Tool[] {
  const made = isObject(tool) ? (tool['function'] ?? tool['custom'] ?? tool) : undefined
  if (!isObject(tool) || !isObject(made) || typeof made['name'] !== 'string') return []
  return [
    {
      name: made['name'],
      description: textOf(made['description']),
      schema: made['parameters'] ?? null,
      strict: booleanOf(made['strict']),
      free: isObject(tool['custom']) ? { form: made['format'] ?? null } : null,
      cache: null,
    },
  ]
}

function toolChoiceOf(choice: Json | undefined): Contents['toolChoice'] {
  if (choice === 'auto' || choice === 'none' || choice === 'required') return choice
  if (choice === 'any') return 'required'
  const named = isObject(choice) ? (choice['function'] ?? choice['custom'] ?? choice) : undefined
  return isObject(named) && typeof named['name'] === 'string' ? { name: named['name'] } : null
}

function answerOf(form: AnswerForm, format: Json | undefined): AnswerWish {
  const outer = isObject(format) ? format : {}
  const named = isObject(outer['json_schema']) ? outer['json_schema'] : outer
  return {
    form,
    schema: named['schema'] ?? null,
    name: textOf(named['name']),
    description: textOf(named['description']),
    strict: booleanOf(named['strict']),
  }
}

function thinkingOf(body: JsonObject): Thinking | null {
  const effort = textOf(body['reasoning_effort'])
  return effort === null ? null : { effort, budget: null, shown: null }
}

function textsIn(value: Json | undefined): string[] {
  return typeof value === 'string' ? [value] : listOf(value).filter((one) => typeof one === 'string')
}

const textOf = (value: Json | undefined): string | null => (typeof value === 'string' ? value : null)
const numberOf = (value: Json | undefined): number | null => (typeof value === 'number' ? value : null)
const booleanOf = (value: Json | undefined): boolean | null => (typeof value === 'boolean' ? value : null)
const listOf = (value: Json | undefined): readonly Json[] => (Array.isArray(value) ? (value as readonly Json[]) : [])
