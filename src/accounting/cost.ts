/** What an answer cost. Pure. */
import { isTimed, answerNanoUsd } from '../core/rates.ts'
import type { Price } from '../core/settings.ts'
import type { Cost, Usage } from '../core/settlement.ts'

/** Tiers that mean the price of the list. */
export const ORDINARY_TIERS: ReadonlySet<string> = new Set(['default', 'standard', 'on_demand', 'auto'])

/**
 * Null where a price that counts is unknown (never 0). A cost that the backend reports overrides all prices; where
 * it reports one in a form that is not known, no price is right.
 * `seconds`: the answer's share of the engine's time.
 */
export function costOf(usage: Usage | null, price: Price | null, seconds: number): Cost | null {
  if (usage === null) return null
  const { chargedNanoUsd, tier, estimated } = usage
  if (chargedNanoUsd === 'unknown') return null
  if (chargedNanoUsd !== null) return { nanoUsd: chargedNanoUsd, source: 'backend', estimated }
  if (price === null) return null
  const nano = answerNanoUsd(price, usage, seconds)
  if (Number.isNaN(nano)) return null
  if (isTimed(price)) return { nanoUsd: Math.round(nano), source: 'engine_time', estimated }
  const factor = tier === null || !Object.hasOwn(price.serviceTiers, tier) ? null : price.serviceTiers[tier]!
  return {
    nanoUsd: Math.round(nano * (factor ?? 1)),
    source: 'price',
    // A tier of its own price that nobody told: what the list says is a guess.
    estimated: estimated || (factor === null && tier !== null && !ORDINARY_TIERS.has(tier)),
  }
}

/** Clock readings in ms, and the calls that were open beside it when it was sent. */
interface CallTime {
  readonly startedAt: number
  readonly endedAt: number
  readonly open: number
}

/** Seconds of the engine that a call took for itself, the engine being shared by all calls that were open. */
export const engineSeconds = ({ startedAt, endedAt, open }: CallTime): number =>
  Math.max(0, endedAt - startedAt) / 1000 / (1 + open)
