/** Which of the scored candidates goes first, and who follows. Pure: chance is an argument. */
import type { Arm } from '../core/arm.ts'
import type { Strategy, Weights, Within } from '../core/settings.ts'
import type { Deployment } from '../core/types.ts'
import type { Remembered } from './memory.ts'
import { COLUMN, COLUMNS } from './predict.ts'

/** A deployment at one effort. */
export interface Candidate {
  readonly deployment: Deployment
  readonly arm: Arm
}

/** Utilities that are no further apart are the same: who has less to do goes first. */
const BAND = 0.05
/** What a new model, and a new instance, must be better by within a conversation. */
const SAME_MODEL = 0.15
const SAME_PLACE = 0.15
/** How many are put in their order; nobody is asked after so many failures. */
const SORTED = 12
/** What may be explored: nobody is given an answer that is expected to be much worse. */
const NEAR = 0.5
const EXPLORED = 0.02

/** Utility with what speaks for staying in the place where the conversation was answered last. */
export function loyalty({ deployment }: Candidate, remembered: Remembered | null): number {
  if (remembered === null) return 0
  return (
    (deployment.model === remembered.model ? SAME_MODEL : 0) +
    (deployment.id === remembered.deployment ? SAME_PLACE : 0)
  )
}

/**
 * Ranks by health, then by utility in bands, then by load. `troubles`: 0 = nothing is known against it; the higher, the
 * later it is asked. Each deployment once, at its best effort. `live`: rows that were not dropped.
 */
export function rank(
  candidates: readonly Candidate[],
  live: readonly number[],
  rows: Float64Array,
  troubles: Float64Array,
  scoring: Strategy | Weights | Within,
): number[] {
  if (scoring === 'ordered')
    return once(
      candidates,
      sorted(live, (a, b) => troubles[a]! - troubles[b]! || a - b),
    )
  const keys = keysOf(live, rows, scoring)
  const before = (a: number, b: number): number => {
    const first = candidates[a]!.deployment
    const second = candidates[b]!.deployment
    return (
      troubles[a]! - troubles[b]! ||
      Math.floor(keys[b]! / BAND) - Math.floor(keys[a]! / BAND) ||
      first.live.inflight - second.live.inflight ||
      first.standing.calls - second.standing.calls ||
      keys[b]! - keys[a]! ||
      a - b
    )
  }
  return once(candidates, sorted(live, before))
}

/** What is compared: the utility; in the constraint form the cost of those that are good enough, then the success of the others. */
function keysOf(live: readonly number[], rows: Float64Array, scoring: Strategy | Weights | Within): Float64Array {
  const keys = new Float64Array(rows.length / COLUMNS)
  const value = (row: number, column: number): number => rows[row * COLUMNS + column]!
  if (typeof scoring === 'string' || !('cheapestWithin' in scoring)) {
    for (const row of live) keys[row] = value(row, COLUMN.utility)
    return keys
  }
  let best = 0
  for (const row of live) best = Math.max(best, value(row, COLUMN.success))
  for (const row of live) {
    const success = value(row, COLUMN.success)
    keys[row] = success < best - scoring.cheapestWithin ? success - FAR : value(row, COLUMN.utility)
  }
  return keys
}

const FAR = 1e6

/** The first ones in order; the others behind them as they come: to sort hundreds would take longer than all the rest. */
function sorted(live: readonly number[], before: (a: number, b: number) => number): number[] {
  if (live.length <= 2 * SORTED) return [...live].sort(before)
  const first: number[] = []
  const rest: number[] = []
  for (const row of live) {
    let place = first.length
    while (place > 0 && before(row, first[place - 1]!) < 0) place--
    if (place === SORTED) {
      rest.push(row)
      continue
    }
    first.splice(place, 0, row)
    if (first.length > SORTED) rest.push(first.pop()!)
  }
  return [...first, ...rest]
}

function once(candidates: readonly Candidate[], order: readonly number[]): number[] {
  const seen = new Set<Deployment>()
  return order.filter((row) => {
    const { deployment } = candidates[row]!
    if (seen.has(deployment)) return false
    seen.add(deployment)
    return true
  })
}

export interface Pick {
  readonly order: readonly number[]
  readonly explored: boolean
  /** How likely the first one was to come first; for judging other policies by what this one did. */
  readonly propensity: number
}

/**
 * Now and then (2 %) one of those that are nearly as good goes first, the less known the more often: else the gateway
 * would never learn that one has become better. `chance`: two numbers from 0 to 1.
 */
export function explore(
  order: readonly number[],
  rows: Float64Array,
  troubles: Float64Array,
  chance: readonly [number, number],
): Pick {
  const [best] = order
  if (best === undefined) return { order, explored: false, propensity: 1 }
  const value = (row: number, column: number): number => rows[row * COLUMNS + column]!
  const least = value(best, COLUMN.utility) - NEAR
  const eligible = order.filter((row) => troubles[row] === 0 && value(row, COLUMN.utility) >= least)
  const doubts = eligible.reduce((sum, row) => sum + value(row, COLUMN.doubt), 0)
  if (eligible.length < 2 || !(doubts > 0)) return { order, explored: false, propensity: 1 }
  const propensity = (row: number): number =>
    (row === best ? 1 - EXPLORED : 0) + (EXPLORED * value(row, COLUMN.doubt)) / doubts
  if (chance[0] >= EXPLORED) return { order, explored: false, propensity: propensity(best) }
  let left = chance[1] * doubts
  const drawn = eligible.find((row) => (left -= value(row, COLUMN.doubt)) <= 0) ?? best
  return {
    order: [drawn, ...order.filter((row) => row !== drawn)],
    explored: drawn !== best,
    propensity: propensity(drawn),
  }
}
