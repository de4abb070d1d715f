/** What an answer took, as the Responses API tells it. Pure. */
import { type Fields, isObject } from '../../core/is-object.ts'
import { NO_TOKENS } from '../../core/no-tokens.ts'
import type { Charge, Usage } from '../../core/settlement.ts'
import { nanoUsdOf, usdOf } from '../../core/money.ts'

/** Null where it is none. */
export function readUsage(value: unknown): Usage | null {
  if (!isObject(value)) return null
  const input = amount(value['input_tokens'])
  const output = amount(value['output_tokens'])
  // Zeros say nothing: engines send them where they do not count.
  if (input + output === 0) return null
  const read = fieldsOf(value['input_tokens_details'])
  const written = fieldsOf(value['output_tokens_details'])
  return {
    ...NO_TOKENS,
    input,
    output,
    cachedInput: Math.min(input, amount(read['cached_tokens'])),
    cacheWrite: amount(read['cache_write_tokens']),
    audioInput: amount(read['audio_tokens']),
    imageInput: amount(read['image_tokens']),
    reasoning: Math.min(output, amount(written['reasoning_tokens'])),
    audioOutput: amount(written['audio_tokens']),
    chargedNanoUsd: chargeOf(value['cost']),
    tier: typeof value['service_tier'] === 'string' ? value['service_tier'] : null,
    estimated: value['estimated'] === true,
  }
}

/** What a gateway behind this one says that it charges. */
function chargeOf(cost: unknown): Charge {
  if (cost === undefined || cost === null) return null
  return typeof cost === 'number' && cost >= 0 && cost <= MOST_USD ? nanoUsdOf(cost) : 'unknown'
}

const fieldsOf = (value: unknown): Fields => (isObject(value) ? value : NOTHING)
const NOTHING: Fields = {}
/** More than any request takes: such a count is a fault, and would be in all sums for ever. */
const MOST_TOKENS = 1e10
const MOST_USD = 100_000

const amount = (value: unknown): number =>
  typeof value === 'number' && value > 0 && value <= MOST_TOKENS ? Math.round(value) : 0

/** `readUsage` of it is the same usage. */
export function writeUsage(usage: Usage): object {
  const { cacheWrite, audioInput, imageInput, audioOutput, chargedNanoUsd } = usage
  return {
    input_tokens: usage.input,
    input_tokens_details: {
      cached_tokens: usage.cachedInput,
      cache_write_tokens: cacheWrite,
      ...(audioInput > 0 ? { audio_tokens: audioInput } : {}),
      ...(imageInput > 0 ? { image_tokens: imageInput } : {}),
    },
    output_tokens: usage.output,
    output_tokens_details: {
      reasoning_tokens: usage.reasoning,
      ...(audioOutput > 0 ? { audio_tokens: audioOutput } : {}),
    },
    total_tokens: usage.input + usage.output,
    ...(chargedNanoUsd === null ? {} : { cost: chargedNanoUsd === 'unknown' ? chargedNanoUsd : usdOf(chargedNanoUsd) }),
    ...(usage.tier === null ? {} : { service_tier: usage.tier }),
    ...(usage.estimated ? { estimated: true } : {}),
  }
}
