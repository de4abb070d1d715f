/** Token counts as the engines of this field spell them. Source: reference of wire formats, sections 1.4, 6 and 7. */
import type { Usage } from '../core/settlement.ts'

type Fields = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const count = (value: unknown): number | null =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0 ? Math.round(value) : null

export const NO_TOKENS: Usage = {
  input: 0,
  cachedInput: 0,
  cacheWrite: 0,
  audioInput: 0,
  imageInput: 0,
  output: 0,
  reasoning: 0,
  audioOutput: 0,
  chargedNanoUsd: null,
  tier: null,
  estimated: false,
}

/** The `usage` object of an answer or a chunk; null where it says nothing. */
export function readUsage(value: unknown): Usage | null {
  if (!isObject(value)) return null
  const total = count(value['total_tokens'])
  const input = count(value['prompt_tokens']) ?? count(value['input_tokens'])
  const output = count(value['completion_tokens']) ?? count(value['output_tokens'])
  if (input === null && output === null && total === null) return null
  const inputDetails = isObject(value['prompt_tokens_details']) ? value['prompt_tokens_details'] : {}
  const outputDetails = isObject(value['completion_tokens_details']) ? value['completion_tokens_details'] : {}
  return {
    ...NO_TOKENS,
    // Embeddings and rerank answers may hold a total only; it is all input there.
    input: input ?? Math.max(0, (total ?? 0) - (output ?? 0)),
    cachedInput: count(inputDetails['cached_tokens']) ?? count(value['prompt_cache_hit_tokens']) ?? 0,
    output: output ?? 0,
    reasoning: count(outputDetails['reasoning_tokens']) ?? count(value['reasoning_tokens']) ?? 0,
  }
}
