/** All that a request for a message says, in neutral words. Pure. */
import { isObject } from '../../core/is-object.ts'
import type { Json, JsonObject } from '../../core/json.ts'
import type { AnswerWish, Contents, Message, Part, Sampling, Thinking, Tool } from '../../core/prompt.ts'
import { invalidMember, missingMember } from '../json/read-object.ts'
import { withoutAttribution } from './attribution.ts'
import { blocksIn, cacheOf, type Lose, listOf, marked, textOf } from './blocks.ts'
import { userOf } from './names.ts'

/** Members that `Contents` holds, and those that say how the answer is sent. */
const SAID: ReadonlySet<string> = new Set([
  ...['model', 'messages', 'system', 'tools', 'tool_choice', 'max_tokens', 'stop_sequences', 'stream', 'temperature'],
  ...['top_p', 'top_k', 'metadata', 'thinking', 'output_config', 'output_format', 'cache_control', 'service_tier'],
])

/** Throws `invalid_request`, which names the member and what it should be. */
export function contentsOf(body: JsonObject): Contents {
  const unsaid = new Set(Object.keys(body).filter((name) => !SAID.has(name) && says(body[name])))
  const lose: Lose = (name) => unsaid.add(name)
  const messages = [...systemOf(body['system'], lose), ...messagesOf(body, lose)]
  const choice = isObject(body['tool_choice']) ? body['tool_choice'] : {}
  const config = isObject(body['output_config']) ? body['output_config'] : {}
  const tools = toolsOf(body['tools'], lose)
  return {
    messages: withMark(messages, body['cache_control']),
    tools: tools.own,
    toolChoice: toolChoiceOf(choice),
    parallelCalls: choice['disable_parallel_tool_use'] === true ? false : null,
    answer: answerOf(config['format'] ?? body['output_format'], lose),
    sampling: samplingOf(body),
    stop: listOf(body['stop_sequences']).filter((one) => typeof one === 'string'),
    thinking: thinkingOf(body['thinking'], textOf(config['effort']), lose),
    verbosity: null,
    user: userOf(body['metadata'], lose),
    cacheKey: null,
    serviceTier: TIERS.get(body['service_tier']) ?? textOf(body['service_tier']),
    logprobs: null,
    metadata: null,
    ...(tools.native.length === 0 ? {} : { native: tools.native }),
    unsaid: [...unsaid],
  }
}

const says = (value: Json | undefined): boolean =>
  value !== undefined && value !== null && !(Array.isArray(value) && value.length === 0)

/** In OpenAI's words. */
const TIERS: ReadonlyMap<Json | undefined, string> = new Map<Json | undefined, string>([['standard_only', 'default']])

// ---------------------------------------------------------------- messages

function systemOf(system: Json | undefined, lose: Lose): Message[] {
  const { parts } = blocksIn(system, lose)
  const [first, ...rest] = parts
  if (first === undefined) return []
  const text = first.kind === 'text' ? withoutAttribution(first.text) : ''
  const own: readonly Part[] = first.kind !== 'text' || text === first.text ? parts : [...textsOf(text), ...rest]
  return own.length === 0 ? [] : [messageWith('system', own)]
}

const textsOf = (text: string): Part[] => (text === '' ? [] : [{ kind: 'text', text, cache: null }])

type Speaker = 'system' | 'user' | 'assistant'
const isSpeaker = (role: Json | undefined): role is Speaker =>
  role === 'user' || role === 'assistant' || role === 'system'

function messagesOf(body: JsonObject, lose: Lose): Message[] {
  const list = body['messages']
  if (!Array.isArray(list)) throw missingMember(body, 'messages', '`messages` must be an array of messages.')
  return (list as readonly Json[]).flatMap((message, at) => {
    const role = isObject(message) ? message['role'] : undefined
    if (!isObject(message) || !isSpeaker(role))
      throw invalidMember(
        `messages.${at}`,
        `\`messages.${at}\` must be a message with the \`role\` user, assistant or system.`,
      )
    const { content } = message
    if (typeof content !== 'string' && !Array.isArray(content))
      throw invalidMember(
        `messages.${at}.content`,
        `\`messages.${at}.content\` must be a string or an array of blocks.`,
      )
    const { results, parts } = blocksIn(content, lose)
    return parts.length === 0 && results.length > 0 ? results : [...results, messageWith(role, parts)]
  })
}

const messageWith = (role: Speaker, parts: readonly Part[]): Message => ({ role, parts, name: null, result: null })

/** A mark for the whole request stands behind the last thing that was said. */
function withMark(messages: readonly Message[], mark: Json | undefined): readonly Message[] {
  const cache = cacheOf(mark)
  const last = messages.at(-1)
  if (cache === null || last === undefined) return messages
  return [...messages.slice(0, -1), { ...last, parts: marked(last.parts, cache) }]
}

// ---------------------------------------------------------------- tools

/** Members of a tool that `Tool` holds. */
const TOOL_SAID: ReadonlySet<string> = new Set([
  'type',
  'name',
  'description',
  'input_schema',
  'strict',
  'cache_control',
])

/** `native`: tools that Anthropic runs, or whose schema it alone knows, by their type. */
function toolsOf(list: Json | undefined, lose: Lose): { readonly own: Tool[]; readonly native: string[] } {
  const own: Tool[] = []
  const native: string[] = []
  for (const tool of listOf(list)) {
    if (!isObject(tool)) continue
    const { type, name } = tool
    if (typeof type === 'string' && type !== 'custom') native.push(type)
    else if (typeof name === 'string') own.push(toolOf(name, tool, lose))
  }
  return { own, native }
}

function toolOf(name: string, tool: JsonObject, lose: Lose): Tool {
  for (const member of Object.keys(tool)) if (!TOOL_SAID.has(member) && says(tool[member])) lose(`tools.${member}`)
  return {
    name,
    description: textOf(tool['description']),
    schema: tool['input_schema'] ?? null,
    strict: typeof tool['strict'] === 'boolean' ? tool['strict'] : null,
    free: null,
    cache: cacheOf(tool['cache_control']),
  }
}

function toolChoiceOf(choice: JsonObject): Contents['toolChoice'] {
  switch (choice['type']) {
    case 'auto':
    case 'none':
      return choice['type']
    case 'any':
      return 'required'
    case 'tool':
      return typeof choice['name'] === 'string' ? { name: choice['name'] } : 'required'
    default:
      return null
  }
}

// ---------------------------------------------------------------- wishes

function answerOf(format: Json | undefined, lose: Lose): AnswerWish | null {
  if (!isObject(format)) return null
  const form = format['type'] === 'json_schema' ? 'json_schema' : 'other'
  if (form === 'other') lose('output_config.format')
  return { form, schema: format['schema'] ?? null, name: null, description: null, strict: null }
}

function samplingOf(body: JsonObject): Sampling {
  const most = body['max_tokens'] ?? null
  if (most !== null && !(typeof most === 'number' && most >= 0))
    throw invalidMember('max_tokens', '`max_tokens` must be a number of tokens.')
  return {
    maxOutput: most,
    choices: null,
    temperature: numberOf(body['temperature']),
    topP: numberOf(body['top_p']),
    topK: numberOf(body['top_k']),
    frequencyPenalty: null,
    presencePenalty: null,
    seed: null,
  }
}

/** `effort`: of all that the model does; how hard it thinks is what others know of it. */
function thinkingOf(thinking: Json | undefined, effort: string | null, lose: Lose): Thinking | null {
  if (!isObject(thinking)) return effort === null ? null : { effort, budget: null, shown: null }
  const { type, display } = thinking
  if (type === 'disabled') return { effort: 'none', budget: null, shown: null }
  const shown = display === 'omitted' ? 'hidden' : display === 'summarized' ? 'summary' : null
  if (type === 'enabled') return { effort, budget: numberOf(thinking['budget_tokens']), shown }
  // Anywhere else it thinks before the first call as well.
  if (type !== 'adaptive') lose('thinking.type')
  return { effort: effort ?? 'adaptive', budget: null, shown }
}

const numberOf = (value: Json | undefined): number | null => (typeof value === 'number' ? value : null)
