/**
 * One number for each candidate: the sum of TERMS by their weights, in absolute units. The references are fixed, so a third
 * candidate never changes the order of two.
 */
import { keyed } from '../../core/keyed.ts'
import { type Scoring, STRATEGIES, STRATEGY_NAMES } from '../../core/strategies.ts'
import { COLUMN, COLUMNS, TERM_COLUMN, TERMS, type Weights, WEIGHT_NAMES, weightsFrom } from '../../core/terms.ts'

/** Below this a model is as good as none. */
const LEAST_SUCCESS = 0.05
/** Work of a token that is read against one that is written. */
const READING = 0.1
/** How much of a stream's length its reader waits for. */
const STREAMED = 0.3

/** A weight for each of WEIGHT_NAMES, in their order. */
export type WeightVector = Float64Array

const vectorOf = (weights: Weights): WeightVector => Float64Array.from(WEIGHT_NAMES, (name) => weights[name])

/** What is not scored is weighed by nothing. */
const OF_STRATEGIES = keyed(STRATEGY_NAMES, (name) => vectorOf(weightsFrom(STRATEGIES[name].weights ?? {})))
/** The second choice of the constraint form. */
const BY_COST = vectorOf(weightsFrom({ cost: 1 }))
/** Of the weights of routes: they live as long as their configuration. */
const ofRoutes = new WeakMap<Weights, WeightVector>()

/** `budgetPressure`: how much more money weighs than usual; 0 = no more. */
export function weightsOf(scoring: Scoring, budgetPressure = 0): WeightVector {
  const usual = usualWeights(scoring)
  if (budgetPressure === 0) return usual
  return usual.map((weight, place) =>
    TERMS[WEIGHT_NAMES[place]!].underPressure ? weight * (1 + budgetPressure) : weight,
  )
}

function usualWeights(scoring: Scoring): WeightVector {
  if (typeof scoring === 'string') return OF_STRATEGIES[scoring]
  if ('cheapestWithin' in scoring) return BY_COST
  let known = ofRoutes.get(scoring)
  if (known === undefined) ofRoutes.set(scoring, (known = vectorOf(scoring)))
  return known
}

/** The rows of TERMS as plain numbers: to call a function for each term would take 40 ns more for each candidate. */
const weighed = WEIGHT_NAMES.map((name) => TERMS[name])
const OF = Int32Array.from(weighed, ({ of }) => COLUMN[of])
const IN_STEPS = Uint8Array.from(weighed, ({ scale }) => (scale === 'steps' ? 1 : 0))
const STEP = Float64Array.from(weighed, ({ step }) => step)
const ZERO = Float64Array.from(weighed, ({ zero }) => zero)
const LEAST = Float64Array.from(weighed, ({ least }) => least)
const INTO = Int32Array.from(WEIGHT_NAMES, (name) => TERM_COLUMN[name])

/**
 * Fills in the terms of a row and their sum. What is not known counts neither for nor against a candidate. `stream`: the caller
 * reads along; `affinity`: see stickinessBonus in pick.ts.
 */
export function score(rows: Float64Array, row: number, weights: WeightVector, stream: boolean, affinity = 0): void {
  const at = row * COLUMNS
  const ttft = rows[at + COLUMN.ttft]!
  const rest = rows[at + COLUMN.total]! - ttft
  rows[at + COLUMN.waited] = ttft + (stream ? STREAMED * rest : rest) + rows[at + COLUMN.congestion]!
  const success = rows[at + COLUMN.success]!
  const spent = READING * (rows[at + COLUMN.input]! - rows[at + COLUMN.cached]!) + rows[at + COLUMN.output]!
  // Without an answer to judge (embeddings) all are taken to succeed alike.
  rows[at + COLUMN.spent] = spent / (success === success ? Math.max(LEAST_SUCCESS, success) : 1)
  let utility = 0
  for (let term = 0; term < OF.length; term++) {
    const amount = rows[at + OF[term]!]!
    const weight = weights[term]!
    let value = 0
    if (amount === amount)
      value =
        IN_STEPS[term] === 1
          ? (weight * (amount - ZERO[term]!)) / STEP[term]!
          : -weight * doublings(Math.max(LEAST[term]!, amount) / ZERO[term]!)
    rows[at + INTO[term]!] = value
    utility += value
  }
  rows[at + TERM_COLUMN.affinity] = affinity
  rows[at + COLUMN.utility] = utility + affinity
}

/** Math.log2 takes twice as long. */
const doublings = (ratio: number): number => Math.log(ratio) * Math.LOG2E
