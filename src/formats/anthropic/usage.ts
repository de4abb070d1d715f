/** Counts of tokens as Anthropic's clients read them: those of the cache stand beside the input, not in it. Pure. */
import { usdOf } from '../../core/money.ts'
import { NO_TOKENS } from '../../core/no-tokens.ts'
import type { Usage } from '../../core/settlement.ts'

/** All of it: `message_delta` may tell the input as well, for callers of engines that tell nothing before. Null: nothing is known yet. */
export function writeUsage(usage: Usage | null): object {
  const { input, cachedInput, cacheWrite, output, reasoning, ...rest } = usage ?? NO_TOKENS
  const { hourCacheWrite: hour, chargedNanoUsd, tier, estimated } = rest
  return {
    input_tokens: Math.max(0, input - cachedInput - cacheWrite),
    cache_creation_input_tokens: cacheWrite,
    ...(hour === 0
      ? {}
      : { cache_creation: { ephemeral_5m_input_tokens: cacheWrite - hour, ephemeral_1h_input_tokens: hour } }),
    cache_read_input_tokens: cachedInput,
    output_tokens: output,
    output_tokens_details: reasoning > 0 ? { thinking_tokens: reasoning } : null,
    service_tier: tier === 'default' ? 'standard' : tier,
    // Not Anthropic's: a gateway in front of this one has the same numbers by them.
    ...(chargedNanoUsd === null ? {} : { cost: chargedNanoUsd === 'unknown' ? chargedNanoUsd : usdOf(chargedNanoUsd) }),
    ...(estimated ? { estimated: true } : {}),
  }
}
