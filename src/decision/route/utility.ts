/**
 * One number for each candidate, in absolute units: a step is ten points of success, or a factor of two in cost, in
 * latency or in tokens for a useful answer. The references are fixed, so a third candidate never changes the order of two.
 */
import { isUnscored, type SCORED, type Strategy, type Weights, type Within } from '../../core/settings.ts'
import { COLUMN, COLUMNS } from './predict.ts'

export const PRESETS: Readonly<Record<(typeof SCORED)[number], Weights>> = {
  balanced: { quality: 1, cost: 0.35, latency: 0.35, efficiency: 0.15 },
  best: { quality: 1, cost: 0.08, latency: 0.1, efficiency: 0.05 },
  cheap: { quality: 1, cost: 0.9, latency: 0.15, efficiency: 0.15 },
  fast: { quality: 1, cost: 0.15, latency: 0.9, efficiency: 0.1 },
  efficient: { quality: 1, cost: 0.3, latency: 0.2, efficiency: 0.6 },
  local: { quality: 1, cost: 0.35, latency: 0.35, efficiency: 0.15 },
}
/** What is not scored is weighed by nothing. */
const NOTHING: Weights = { quality: 0, cost: 0, latency: 0, efficiency: 0 }

/** Where a term is zero: half of the answers are useful, a tenth of a cent, a second, 500 tokens for a useful answer. */
const SUCCESS = 0.5
const COST_NANO_USD = 1e6
const LATENCY_MS = 1000
const TOKENS = 500
const STEP = 0.1

/** Below these nobody cares. */
const LEAST_COST = 1000
const LEAST_LATENCY = 50
const LEAST_TOKENS = 1
const LEAST_SUCCESS = 0.05

/** Work of a token that is read against one that is written. */
const READING = 0.1
/** How much of a stream's length its reader waits for. */
const STREAMED = 0.3

/** The weights of a strategy; of the constraint form those of its second choice, cost. */
export function weightsOf(scoring: Strategy | Weights | Within): Weights {
  if (isUnscored(scoring)) return NOTHING
  if (typeof scoring === 'string') return PRESETS[scoring]
  return 'cheapestWithin' in scoring ? { quality: 0, cost: 1, latency: 0, efficiency: 0 } : scoring
}

/** Fills in the terms of a row and their sum. `stream`: the caller reads along; `affinity`: see loyalty in pick.ts. */
export function score(rows: Float64Array, row: number, weights: Weights, stream: boolean, affinity = 0): void {
  const at = row * COLUMNS
  const success = rows[at + COLUMN.success]!
  const ttft = rows[at + COLUMN.ttft]!
  const rest = rows[at + COLUMN.total]! - ttft
  const latency = Math.max(LEAST_LATENCY, ttft + (stream ? STREAMED * rest : rest))
  const cost = Math.max(LEAST_COST, rows[at + COLUMN.rankCost]!)
  const fresh = rows[at + COLUMN.input]! - rows[at + COLUMN.cached]!
  const spent = Math.max(LEAST_TOKENS, READING * fresh + rows[at + COLUMN.output]!)
  // Without an answer to judge (embeddings) all are taken to succeed alike.
  const tokens = spent / (success === success ? Math.max(LEAST_SUCCESS, success) : 1)
  const quality = success === success ? (weights.quality * (success - SUCCESS)) / STEP : 0
  const costTerm = -weights.cost * doublings(cost / COST_NANO_USD)
  const latencyTerm = ttft === ttft ? -weights.latency * doublings(latency / LATENCY_MS) : 0
  const efficiency = -weights.efficiency * doublings(tokens / TOKENS)
  rows[at + COLUMN.quality] = quality
  rows[at + COLUMN.costTerm] = costTerm
  rows[at + COLUMN.latency] = latencyTerm
  rows[at + COLUMN.efficiency] = efficiency
  rows[at + COLUMN.affinity] = affinity
  rows[at + COLUMN.utility] = quality + costTerm + latencyTerm + efficiency + affinity
}

/** Math.log2 takes twice as long. */
const doublings = (ratio: number): number => Math.log(ratio) * Math.LOG2E
