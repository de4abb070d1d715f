import type { Price } from '../core/settings.ts'
import type { Cost, Usage } from '../core/settlement.ts'

/**
 * What an answer cost; null where a price that counts is unknown (never 0). USD for a million tokens is a thousand
 * nano-dollars for one. Cached tokens are part of the input; without a price of their own they cost the full one.
 */
export function costOf(usage: Usage | null, price: Price | null): Cost | null {
  if (usage === null || price === null) return null
  const { inputPerMtok, cachedInputPerMtok, outputPerMtok } = price
  if (inputPerMtok === null || (outputPerMtok === null && usage.output > 0)) return null
  const cached = Math.min(usage.cachedInput, usage.input)
  const input = (usage.input - cached) * inputPerMtok + cached * (cachedInputPerMtok ?? inputPerMtok)
  const nanoUsd = Math.round(1000 * (input + usage.output * (outputPerMtok ?? 0)))
  return { nanoUsd, source: 'price', estimated: usage.estimated }
}
