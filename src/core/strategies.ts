/**
 * How a route, or a request, chooses among its candidates. A preset is a row: the configuration, `auto:<strategy>`, the header, the
 * checks, the docs and the schema know it by that.
 */
import { keysOf } from './keyed.ts'
import type { Weights } from './terms.ts'

export interface StrategyRow {
  /** What each term weighs; a term that is not named weighs nothing. Null: nothing is scored. */
  readonly weights: Partial<Weights> | null
  /** Only engines on hardware of the operator. */
  readonly localOnly: boolean
  /** What it chooses, for `turnout check` and the docs; null: by all of its weights. */
  readonly words: string | null
}

const ORDINARY = { quality: 1, cost: 0.35, latency: 0.35, efficiency: 0.15 }

export const STRATEGIES = {
  balanced: { weights: ORDINARY, localOnly: false, words: null },
  best: {
    weights: { quality: 1, cost: 0.08, latency: 0.1, efficiency: 0.05 },
    localOnly: false,
    words: 'highest expected success',
  },
  cheap: {
    weights: { quality: 1, cost: 0.9, latency: 0.15, efficiency: 0.15 },
    localOnly: false,
    words: 'least expected cost',
  },
  fast: {
    weights: { quality: 1, cost: 0.15, latency: 0.9, efficiency: 0.1 },
    localOnly: false,
    words: 'least expected time',
  },
  efficient: {
    weights: { quality: 1, cost: 0.3, latency: 0.2, efficiency: 0.6 },
    localOnly: false,
    words: 'fewest tokens per useful answer',
  },
  local: { weights: ORDINARY, localOnly: true, words: 'local hardware only' },
  ordered: { weights: null, localOnly: false, words: 'as written' },
  round_robin: { weights: null, localOnly: false, words: 'each in turn' },
  least_busy: {
    weights: null,
    localOnly: false,
    words: 'fewest open requests, whoever sent them, divided by the weight',
  },
  weighted: { weights: null, localOnly: false, words: 'in proportion to the weights of the backends' },
  hash: { weights: null, localOnly: false, words: 'the same backend for the same session or conversation' },
} as const satisfies Readonly<Record<string, StrategyRow>>

/** What counts where neither a route nor a request says how. */
export const DEFAULT_STRATEGY = 'balanced'

export type Strategy = keyof typeof STRATEGIES
/** A strategy that scores nothing. */
export type Unscored = { [S in Strategy]: (typeof STRATEGIES)[S]['weights'] extends null ? S : never }[Strategy]

/** "The cheapest whose expected success is within `cheapestWithin` of the best." */
export interface Within {
  readonly cheapestWithin: number
}

/** How candidates are judged: by a strategy, by weights of a route's own, or by cost among those that are good enough. */
export type Scoring = Strategy | Weights | Within

export const STRATEGY_NAMES = keysOf(STRATEGIES)

/** The name of a strategy; `weights` and `cheapest_within` for what has none of its own. */
export function scoringName(scoring: Scoring): string {
  if (typeof scoring === 'string') return scoring
  return 'cheapestWithin' in scoring ? 'cheapest_within' : 'weights'
}

export const isUnscored = (scoring: Scoring): scoring is Unscored =>
  typeof scoring === 'string' && STRATEGIES[scoring].weights === null

/** The strategy of this name; null: there is none. */
export const strategyNamed = (name: string): Strategy | null => STRATEGY_NAMES.find((one) => one === name) ?? null
