/** All that a request in Ollama's form says, in neutral words. Pure. */
import { OLLAMA_CHAT, OLLAMA_EMBED, OLLAMA_EMBEDDINGS, type Endpoint } from '../../core/endpoints.ts'
import { isObject } from '../../core/is-object.ts'
import type { Json, JsonObject } from '../../core/json.ts'
import type { AnswerWish, Contents, Embedding, Message, Sampling, Thinking, Tool } from '../../core/prompt.ts'
import { invalidMember } from '../json/read-object.ts'
import { messagesOf, mediaOf, said } from './messages.ts'
import { listOf, numberOf, says, textOf } from './values.ts'

/** Members that `Contents` holds, and those that say how the answer is sent. */
const SAID: ReadonlySet<string> = new Set([
  ...['model', 'messages', 'prompt', 'input', 'images', 'system', 'stream', 'format', 'tools', 'think', 'options'],
  ...['raw', 'dimensions'],
])

const SAID_OPTIONS: ReadonlySet<string> = new Set([
  ...['num_predict', 'temperature', 'top_p', 'top_k', 'presence_penalty', 'frequency_penalty', 'seed', 'stop'],
])

/** Throws `invalid_request`, which names the member. */
export function contentsOf(body: JsonObject, { id }: Endpoint): Contents {
  const options = objectIn(body, 'options')
  const embedding = embeddingOf(body, id)
  const messages = embedding !== null ? [] : id === OLLAMA_CHAT.id ? messagesOf(body['messages'] ?? []) : promptOf(body)
  return {
    messages,
    tools: toolsOf(body['tools']),
    toolChoice: null,
    parallelCalls: null,
    answer: answerOf(body['format']),
    sampling: samplingOf(options),
    stop: stopsOf(options['stop']),
    thinking: thinkingOf(body['think']),
    verbosity: null,
    user: null,
    cacheKey: null,
    serviceTier: null,
    logprobs: null,
    metadata: null,
    ...(embedding === null ? {} : { embedding }),
    unsaid: [
      ...Object.keys(body).filter((name) => !SAID.has(name) && isWish(body[name])),
      ...Object.keys(options).flatMap((name) =>
        SAID_OPTIONS.has(name) || !says(options[name]) ? [] : [`options.${name}`],
      ),
    ],
  }
}

/** False, 0 and an empty text are what Ollama takes where nothing is said. */
const isWish = (value: Json | undefined): boolean => says(value) && value !== false && value !== 0 && value !== ''

function objectIn(body: JsonObject, name: string): JsonObject {
  const value = body[name] ?? {}
  if (isObject(value)) return value
  throw invalidMember(name, `\`${name}\` must be an object.`)
}

function promptOf(body: JsonObject): Message[] {
  const { prompt = null, system = null, images } = body
  if (prompt !== null && typeof prompt !== 'string') throw invalidMember('prompt', '`prompt` must be a string.')
  if (system !== null && typeof system !== 'string') throw invalidMember('system', '`system` must be a string.')
  const media = mediaOf(images, 'images')
  const asked = said('user', prompt ?? '')
  return [
    ...(system === null || system === '' ? [] : [said('system', system)]),
    ...(prompt === null && media.length === 0 ? [] : [{ ...asked, parts: [...asked.parts, ...media] }]),
  ]
}

function embeddingOf(body: JsonObject, id: string): Embedding | null {
  const dimensions = numberOf(body['dimensions'])
  if (id === OLLAMA_EMBED.id)
    return { inputs: inputsOf(body['input']), dimensions: dimensions === 0 ? null : dimensions }
  return id === OLLAMA_EMBEDDINGS.id ? { inputs: inputsOf(body['prompt']), dimensions: null } : null
}

function inputsOf(input: Json | undefined): string[] {
  const list = typeof input === 'string' ? [input] : listOf(input)
  if (list.length > 0 && list.every((one) => typeof one === 'string')) return [...list]
  throw invalidMember('input', '`input` must be a text or a list of texts, and must not be empty.')
}

/** Properties and descriptions are whatever the model's template makes of them. */
function toolsOf(tools: Json | undefined): Tool[] {
  if (says(tools) && !Array.isArray(tools)) throw invalidMember('tools', '`tools` must be an array.')
  return listOf(tools).flatMap((tool) => {
    const made = isObject(tool) ? tool['function'] : undefined
    if (!isObject(made) || typeof made['name'] !== 'string') return []
    const { name, description, parameters = null } = made
    return [{ name, description: textOf(description), schema: parameters, strict: null, free: null, cache: null }]
  })
}

function answerOf(format: Json | undefined): AnswerWish | null {
  if (!says(format) || format === '') return null
  const wish = { name: null, description: null, strict: null }
  if (format === 'json') return { form: 'json_object', schema: null, ...wish }
  if (isObject(format)) return { form: 'json_schema', schema: format, ...wish }
  throw invalidMember('format', '`format` must be "json" or a JSON schema.')
}

/** Negative: as many as the model wishes, or as fit. */
const positive = (value: number | null): number | null => (value === null || value < 0 ? null : value)

const samplingOf = (options: JsonObject): Sampling => ({
  maxOutput: positive(numberOf(options['num_predict'])),
  choices: null,
  temperature: numberOf(options['temperature']),
  topP: numberOf(options['top_p']),
  topK: numberOf(options['top_k']),
  frequencyPenalty: numberOf(options['frequency_penalty']),
  presencePenalty: numberOf(options['presence_penalty']),
  seed: positive(numberOf(options['seed'])),
})

const stopsOf = (stop: Json | undefined): string[] =>
  (typeof stop === 'string' ? [stop] : listOf(stop)).filter((one) => typeof one === 'string')

/** `true`: however much the model sees fit. */
function thinkingOf(think: Json | undefined): Thinking | null {
  if (!says(think) || think === '') return null
  if (typeof think === 'string') return { effort: think, budget: null, shown: null }
  if (typeof think === 'boolean') return { effort: think ? 'adaptive' : 'none', budget: null, shown: null }
  throw invalidMember('think', '`think` must be true, false, or a word for how hard.')
}
