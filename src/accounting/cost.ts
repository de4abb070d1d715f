import type { Price } from '../core/settings.ts'
import type { Usage } from '../core/types.ts'

/**
 * Micro-dollars of an answer, rounded once; null where a price that counts is unknown (never 0).
 * USD for a million tokens is micro-dollars for one. Cached tokens are part of the input; without a price of their own they cost the full one.
 */
export function costMicroUsd(usage: Usage | null, price: Price | null): number | null {
  if (usage === null || price === null) return null
  const { inputPerMtok, cachedInputPerMtok, outputPerMtok } = price
  if (inputPerMtok === null || (outputPerMtok === null && usage.output > 0)) return null
  const cached = Math.min(usage.cachedInput, usage.input)
  const input = (usage.input - cached) * inputPerMtok + cached * (cachedInputPerMtok ?? inputPerMtok)
  return Math.round(input + usage.output * (outputPerMtok ?? 0))
}
