/** Which fields a request may lose: those whose value says the same as no field. Pure. */
import { isObject } from '../../core/is-object.ts'
import type { Json, JsonObject } from '../../core/json.ts'

/**
 * Fields that an answer depends on -> whether this value means what an absent field means. `null` always does. A field that
 * is not here is one of records, bills or caches, and may be left out whatever its value.
 */
const SAME_AS_ABSENT: Readonly<Record<string, (value: Json, body: JsonObject) => boolean>> = {
  parallel_tool_calls: (value) => value === true,
  logprobs: (value) => value === false,
  top_logprobs: (_value, body) => body['logprobs'] !== true,
  logit_bias: isEmpty,
  n: (value) => value === 1,
  verbosity: (value) => value === 'medium',
  response_format: (value) => isObject(value) && value['type'] === 'text',
  tools: isEmpty,
  tool_choice: (value, body) => value === (body['tools'] === undefined ? 'none' : 'auto'),
  stop: isEmpty,
  top_p: (value) => value === 1,
  presence_penalty: (value) => value === 0,
  frequency_penalty: (value) => value === 0,
  // Backends differ in what they take where these are absent.
  temperature: never,
  seed: never,
  reasoning_effort: never,
}

/** Whether an answer is the same without this field of the body. */
export function maySkip(field: string, body: JsonObject): boolean {
  const value = body[field] ?? null
  return value === null || !Object.hasOwn(SAME_AS_ABSENT, field) || SAME_AS_ABSENT[field]!(value, body)
}

function isEmpty(value: Json): boolean {
  return (isObject(value) || Array.isArray(value)) && Object.keys(value).length === 0
}

function never(): boolean {
  return false
}
