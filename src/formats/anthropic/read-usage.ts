/** Counts of tokens as Anthropic, and engines that speak its API, tell them. Source: reference of wire formats, section 4.4. */
import { type Fields, isObject } from '../../core/is-object.ts'
import { NO_TOKENS } from '../../core/no-tokens.ts'
import type { Usage } from '../../core/settlement.ts'
import { chargeInUsage } from '../charge.ts'

/** More than any request takes: such a count is a fault, and would be in all sums for ever. */
const MOST_TOKENS = 1e10

const count = (value: unknown): number =>
  typeof value === 'number' && value >= 0 && value <= MOST_TOKENS ? Math.round(value) : 0

/** Null where it says nothing: some send zeros until they know. Its input is what the cache had no part in; ours is all of it. */
export function readUsage(usage: Fields): Usage | null {
  const cachedInput = count(usage['cache_read_input_tokens'])
  const { fiveMinutes, hour } = writtenOf(usage['cache_creation'])
  const cacheWrite = Math.max(count(usage['cache_creation_input_tokens']), fiveMinutes + hour)
  const input = count(usage['input_tokens']) + cachedInput + cacheWrite
  const output = count(usage['output_tokens'])
  if (input + output === 0) return null
  const { service_tier: tier, output_tokens_details: details } = usage
  const thought = isObject(details) ? details['thinking_tokens'] : usage['reasoning_tokens']
  return {
    ...NO_TOKENS,
    input,
    cachedInput,
    cacheWrite,
    hourCacheWrite: hour,
    output,
    reasoning: Math.min(count(thought), output),
    chargedNanoUsd: chargeInUsage(usage),
    tier: typeof tier === 'string' ? (TIERS[tier] ?? tier) : null,
    estimated: usage['estimated'] === true,
  }
}

/** In the words of the others. */
const TIERS: Readonly<Record<string, string>> = { standard: 'default' }

/** By how long it is kept. */
const writtenOf = (creation: unknown): { readonly fiveMinutes: number; readonly hour: number } =>
  isObject(creation)
    ? { fiveMinutes: count(creation['ephemeral_5m_input_tokens']), hour: count(creation['ephemeral_1h_input_tokens']) }
    : { fiveMinutes: 0, hour: 0 }
