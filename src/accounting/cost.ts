import type { Price } from '../core/settings.ts'
import type { Usage } from '../core/types.ts'

/**
 * Nano-dollars of an answer, rounded once; null where a price that counts is unknown (never 0). In micro-dollars a short
 * answer of a cheap model would round to nothing. USD for a million tokens is a thousand nano-dollars for one. Cached tokens are part of the input; without a price of their own they cost the full one.
 */
export function costNanoUsd(usage: Usage | null, price: Price | null): number | null {
  if (usage === null || price === null) return null
  const { inputPerMtok, cachedInputPerMtok, outputPerMtok } = price
  if (inputPerMtok === null || (outputPerMtok === null && usage.output > 0)) return null
  const cached = Math.min(usage.cachedInput, usage.input)
  const input = (usage.input - cached) * inputPerMtok + cached * (cachedInputPerMtok ?? inputPerMtok)
  return Math.round(1000 * (input + usage.output * (outputPerMtok ?? 0)))
}
