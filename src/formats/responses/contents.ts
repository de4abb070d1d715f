/** All that a request of the Responses API says, in neutral words. Pure. */
import { isObject } from '../../core/is-object.ts'
import type { Json, JsonObject } from '../../core/json.ts'
import type { AnswerWish, Contents, Sampling, Thinking } from '../../core/prompt.ts'
import { booleanOf, listOf, LOGPROBS, numberOf, says, textOf } from './fields.ts'
import { conversationOf } from './items.ts'
import { hostedNeed, toolsOf, toolWishOf } from './tools.ts'

/** Members that `Contents` holds, and those that say how the answer is sent and kept. */
const SAID: ReadonlySet<string> = new Set([
  ...['model', 'input', 'instructions', 'stream', 'stream_options', 'store', 'previous_response_id', 'background'],
  ...['tools', 'tool_choice', 'parallel_tool_calls', 'text', 'reasoning', 'user', 'safety_identifier', 'metadata'],
  ...['prompt_cache_key', 'service_tier', 'temperature', 'top_p', 'top_k', 'frequency_penalty', 'presence_penalty'],
  ...['seed', 'stop', 'max_output_tokens', 'include', 'conversation', 'prompt', 'client_metadata', 'top_logprobs'],
  // It counts calls of tools that nobody runs for callers of other formats.
  'max_tool_calls',
])

/** Throws `invalid_request`. */
export function contentsOf(body: JsonObject): Contents {
  const { messages, unsaid } = conversationOf(body)
  const { tools, hosted } = toolsOf(body)
  const wish = toolWishOf(body['tool_choice'])
  const { allowed } = wish
  const need = hostedNeed(body['tool_choice'], { tools, hosted })
  const text = isObject(body['text']) ? body['text'] : NOTHING
  const reasoning = isObject(body['reasoning']) ? body['reasoning'] : NOTHING
  return {
    messages,
    tools: allowed === null ? tools : tools.filter(({ name }) => allowed.has(name)),
    toolChoice: wish.choice,
    parallelCalls: booleanOf(body['parallel_tool_calls']),
    answer: answerOf(text['format']),
    sampling: samplingOf(body),
    stop: textsIn(body['stop']),
    thinking: thinkingOf(reasoning),
    verbosity: textOf(text['verbosity']),
    user: textOf(body['safety_identifier']) ?? textOf(body['user']),
    cacheKey: textOf(body['prompt_cache_key']),
    serviceTier: textOf(body['service_tier']),
    logprobs: listOf(body['include']).includes(LOGPROBS) ? (numberOf(body['top_logprobs']) ?? 0) : null,
    ...(need === null ? {} : { native: [`tools.${need}`] }),
    metadata: isObject(body['metadata']) ? body['metadata'] : null,
    unsaid: [
      ...unsaid,
      ...hosted.map((type) => `tools.${type}`),
      ...Object.keys(body).filter((name) => !SAID.has(name) && !isDefault(name, body[name])),
      ...(reasoning['mode'] === 'pro' ? ['reasoning.mode'] : []),
    ],
  }
}

const NOTHING: JsonObject = {}

/** It says no more than nothing would. */
const isDefault = (name: string, value: Json | undefined): boolean =>
  !says(value) || (name === 'truncation' && value === 'disabled')

function answerOf(format: Json | undefined): AnswerWish | null {
  if (!isObject(format)) return null
  const { type } = format
  return {
    form: type === 'text' || type === 'json_object' || type === 'json_schema' ? type : 'other',
    schema: format['schema'] ?? null,
    name: textOf(format['name']),
    description: textOf(format['description']),
    strict: booleanOf(format['strict']),
  }
}

const samplingOf = (body: JsonObject): Sampling => ({
  maxOutput: numberOf(body['max_output_tokens']),
  choices: null,
  temperature: numberOf(body['temperature']),
  topP: numberOf(body['top_p']),
  topK: numberOf(body['top_k']),
  frequencyPenalty: numberOf(body['frequency_penalty']),
  presencePenalty: numberOf(body['presence_penalty']),
  seed: numberOf(body['seed']),
})

function thinkingOf({ effort, summary }: JsonObject): Thinking | null {
  const word = textOf(effort)
  const shown = typeof summary === 'string' ? ('summary' as const) : null
  return word === null && shown === null ? null : { effort: word, budget: null, shown }
}

const textsIn = (value: Json | undefined): string[] =>
  typeof value === 'string' ? [value] : listOf(value).filter((one) => typeof one === 'string')
