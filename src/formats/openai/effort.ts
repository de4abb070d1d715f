/** How hard the caller asks the model to think, over the spellings that callers use. Pure. */
import { isObject } from '../../core/is-object.ts'
import type { Json, JsonObject } from '../../core/json.ts'
import type { Effort } from '../../core/capabilities.ts'
import { effortOfBudget, effortOfWord } from '../thinking.ts'

/** Keys of `chat_template_kwargs` that steer thinking. */
export const TEMPLATE_SWITCHES: readonly string[] = ['enable_thinking', 'thinking', 'reasoning_effort']

/** In the order in which they count, where a caller sends several. */
const READERS: Readonly<Record<string, (value: Json) => Effort | null>> = {
  reasoning_effort: word,
  reasoning: (value) => (isObject(value) ? ofReasoning(value) : null),
  thinking: (value) => (isObject(value) ? ofThinking(value) : onOff(value)),
  think: (value) => onOff(value) ?? word(value),
  chat_template_kwargs: (value) => (isObject(value) ? ofTemplate(value) : null),
}

/** Null where the caller does not say, or in words that nobody knows. */
export function effortOf(body: JsonObject): Effort | null {
  for (const field of effortFields(body)) {
    const effort = READERS[field]?.(body[field]!) ?? null
    if (effort !== null) return effort
  }
  return null
}

/** Top-level fields by which the caller steers thinking; empty: it is left to others. */
export function effortFields(body: JsonObject): string[] {
  return STEERING.filter((field) => {
    const value = body[field]
    if (value === undefined || value === null) return false
    if (field === 'chat_template_kwargs') return isObject(value) && TEMPLATE_SWITCHES.some((key) => key in value)
    if (field === 'extra_body') return hasGoogleBudget(value)
    return true
  })
}

const STEERING: readonly string[] = [...Object.keys(READERS), 'extra_body']

function word(value: Json | undefined): Effort | null {
  return typeof value === 'string' ? effortOfWord(value) : null
}

/** A switch: thinking, however hard, is what models do at their best. */
const onOff = (value: Json | undefined): Effort | null =>
  typeof value === 'boolean' ? (value ? 'high' : 'none') : null

function ofReasoning({ effort, enabled, max_tokens }: JsonObject): Effort | null {
  return word(effort) ?? ofBudget(max_tokens) ?? onOff(enabled)
}

function ofThinking({ type, budget_tokens }: JsonObject): Effort | null {
  if (type === 'disabled') return 'none'
  if (type !== 'enabled') return null
  return ofBudget(budget_tokens) ?? 'high'
}

function ofTemplate({ enable_thinking, thinking, reasoning_effort }: JsonObject): Effort | null {
  return word(reasoning_effort) ?? onOff(enable_thinking) ?? onOff(thinking)
}

const ofBudget = (tokens: Json | undefined): Effort | null =>
  typeof tokens === 'number' ? effortOfBudget(tokens) : null

/** Gemini refuses `reasoning_effort` beside it. */
function hasGoogleBudget(value: Json): boolean {
  const google = isObject(value) ? value['google'] : undefined
  return isObject(google) && google['thinking_config'] !== undefined
}
