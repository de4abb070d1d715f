/** Token counts as the engines of this field spell them. Source: reference of wire formats, sections 1.4, 6 and 7. */
import { usdOf } from '../../core/money.ts'
import { type Fields, isObject } from '../../core/is-object.ts'
import { NO_TOKENS } from '../../core/no-tokens.ts'
import type { Usage } from '../../core/settlement.ts'
import { chargeInUsage } from '../charge.ts'

const NO_FIELDS: Fields = {}
const fieldsOf = (value: unknown): Fields => (isObject(value) ? value : NO_FIELDS)

/** More than any request takes: such a count is a fault, and would be in all sums for ever. */
const MOST_TOKENS = 1e10

const count = (value: unknown): number | null =>
  typeof value === 'number' && value >= 0 && value <= MOST_TOKENS ? Math.round(value) : null

const amount = (value: unknown): number => count(value) ?? 0

/**
 * The `usage` object of an answer or a chunk; null where it says nothing. Zeros say nothing either: Ollama sends them
 * with each chunk of a legacy completion, LM Studio with embeddings.
 */
export function readUsage(value: unknown): Usage | null {
  if (!isObject(value)) return null
  const told = count(value['completion_tokens']) ?? count(value['output_tokens'])
  const total = count(value['total_tokens'])
  const input = inputOf(value) ?? (total === null ? 0 : Math.max(0, total - (told ?? 0)))
  if (!(input + (told ?? 0) > 0)) return null
  const read = fieldsOf(value['prompt_tokens_details'] ?? value['input_tokens_details'])
  const wrote = fieldsOf(value['completion_tokens_details'] ?? value['output_tokens_details'])
  // Gemini and Grok leave what was thought out of the output; the total tells. Embeddings have a total and no output.
  const hidden = told === null || total === null ? 0 : Math.max(0, total - input - told)
  const reasoning = amount(wrote['reasoning_tokens'] ?? value['reasoning_tokens'])
  return {
    input,
    cachedInput: cachedOf(value, read),
    cacheWrite: amount(read['cache_write_tokens'] ?? value['cache_creation_input_tokens']),
    hourCacheWrite: 0,
    audioInput: amount(read['audio_tokens']),
    imageInput: amount(read['image_tokens']),
    output: (told ?? 0) + hidden,
    reasoning: reasoning > 0 ? reasoning : hidden,
    audioOutput: amount(wrote['audio_tokens']),
    chargedNanoUsd: chargeInUsage(value),
    tier: typeof value['service_tier'] === 'string' ? value['service_tier'] : null,
    estimated: value['estimated'] === true,
  }
}

/** Anthropic's `input_tokens` beside its counts of the cache are those that the cache had no part in. */
function inputOf(value: Fields): number | null {
  const prompt = count(value['prompt_tokens'])
  const fresh = count(value['input_tokens'])
  if (prompt !== null || fresh === null) return prompt
  return fresh + amount(value['cache_read_input_tokens']) + amount(value['cache_creation_input_tokens'])
}

/** DeepSeek and Anthropic have names of their own, Moonshot and Together put it beside the other counts. */
const cachedOf = (value: Fields, details: Fields): number =>
  count(details['cached_tokens']) ??
  count(value['prompt_cache_hit_tokens']) ??
  count(value['cache_read_input_tokens']) ??
  count(value['cached_tokens']) ??
  0

/** llama.cpp's `timings`, of an answer that has no usage; null where they say nothing. */
export function readTimings(value: unknown): Usage | null {
  const timings = fieldsOf(value)
  const cachedInput = amount(timings['cache_n'])
  const input = cachedInput + amount(timings['prompt_n'])
  const output = amount(timings['predicted_n'])
  return input + output > 0 ? { ...NO_TOKENS, input, cachedInput, output } : null
}

/** Whether SDKs for OpenAI find the counts of this `usage` where they look for them. */
export const isPlainUsage = (value: unknown): boolean =>
  isObject(value) && typeof value['prompt_tokens'] === 'number' && typeof value['completion_tokens'] === 'number'

/** The `usage` object of OpenAI; `readUsage` of it is the same usage. */
export function writeUsage(usage: Usage): object {
  const { cacheWrite, audioInput, imageInput, audioOutput, chargedNanoUsd } = usage
  return {
    prompt_tokens: usage.input,
    completion_tokens: usage.output,
    total_tokens: usage.input + usage.output,
    prompt_tokens_details: {
      cached_tokens: usage.cachedInput,
      ...(cacheWrite > 0 ? { cache_write_tokens: cacheWrite } : {}),
      ...(audioInput > 0 ? { audio_tokens: audioInput } : {}),
      ...(imageInput > 0 ? { image_tokens: imageInput } : {}),
    },
    completion_tokens_details: {
      reasoning_tokens: usage.reasoning,
      ...(audioOutput > 0 ? { audio_tokens: audioOutput } : {}),
    },
    ...(chargedNanoUsd === null ? {} : { cost: chargedNanoUsd === 'unknown' ? chargedNanoUsd : usdOf(chargedNanoUsd) }),
    ...(usage.tier === null ? {} : { service_tier: usage.tier }),
    ...(usage.estimated ? { estimated: true } : {}),
  }
}
