/** Which of the scored candidates goes first, and who follows. Pure: chance is an argument. */
import type { Strategy, Weights, Within } from '../core/settings.ts'
import type { Target } from '../core/types.ts'
import type { Remembered } from './memory.ts'
import { COLUMN, COLUMNS } from './predict.ts'

/** Utilities in the same band are the same: who has less to do goes first. */
const BAND = 0.05
/** What a new model, and a new instance, must be better by within a conversation. */
const SAME_MODEL = 0.15
const SAME_PLACE = 0.15
/** How many are put in their order; nobody is asked after so many failures. */
export const SORTED = 12
/** What may be explored: nobody is given an answer that is expected to be much worse. */
const NEAR = 0.5
const EXPLORED = 0.02

/** What speaks for staying where the conversation was answered last. */
export function loyalty({ deployment }: Target, remembered: Remembered): number {
  const place = deployment.id === remembered.deployment ? SAME_PLACE : 0
  return (deployment.model === remembered.model ? SAME_MODEL : 0) + place
}

/** What ranking looks at besides the numbers; candidates of one deployment share the object. */
export interface Ranked {
  readonly deployment: { readonly live: { readonly inflight: number }; readonly standing: { readonly calls: number } }
}

/** What is known of the candidates, by row. */
export interface Field {
  readonly candidates: readonly Ranked[]
  /** Rows that no filter took out. */
  readonly live: readonly number[]
  readonly rows: Float64Array
  /** 0 = nothing is known against it; the higher, the later it is asked. */
  readonly troubles: ArrayLike<number>
}

/** By health, then by utility in bands, then by load. Each deployment once, at its best effort. */
export function rank(field: Field, scoring: Strategy | Weights | Within): number[] {
  const { candidates, live, rows, troubles } = field
  if (scoring === 'ordered')
    return once(
      field,
      [...live].sort((a, b) => troubles[a]! - troubles[b]! || a - b),
    )
  const places = placesOf(field, scoring)
  const before = (a: number, b: number): number => {
    const apart = places[a]! - places[b]!
    if (apart !== 0) return apart
    const first = candidates[a]!.deployment.standing.calls
    const second = candidates[b]!.deployment.standing.calls
    return first - second || rows[b * COLUMNS + COLUMN.utility]! - rows[a * COLUMNS + COLUMN.utility]! || a - b
  }
  return once(field, sorted(live, before))
}

/** Health, band and load in one number: the smaller, the sooner. */
function placesOf({ candidates, live, rows, troubles }: Field, scoring: Strategy | Weights | Within): Float64Array {
  const places = new Float64Array(candidates.length)
  const within = typeof scoring === 'object' && 'cheapestWithin' in scoring ? scoring.cheapestWithin : null
  let best = 0
  // Without an answer to judge (embeddings) success is NaN, and all are good enough.
  for (const row of live) if (rows[row * COLUMNS + COLUMN.success]! > best) best = rows[row * COLUMNS + COLUMN.success]!
  for (const row of live) {
    const success = rows[row * COLUMNS + COLUMN.success]!
    // Who is not good enough comes after all who are, the best of them first.
    const value = within === null || !(success < best - within) ? rows[row * COLUMNS + COLUMN.utility]! : success - FAR
    const load = Math.min(MOST_LOAD, candidates[row]!.deployment.live.inflight)
    places[row] = troubles[row]! * HEALTH - Math.floor(value / BAND) * (MOST_LOAD + 1) + load
  }
  return places
}

const FAR = 1e4
const MOST_LOAD = 9999
const HEALTH = 1e12

/** The first ones in order; the others behind them as they come: to sort hundreds would take longer than all the rest. */
function sorted(live: readonly number[], before: (a: number, b: number) => number): number[] {
  if (live.length <= SORTED) return [...live].sort(before)
  const first: number[] = []
  const rest: number[] = []
  for (const row of live) {
    if (first.length === SORTED && before(row, first[SORTED - 1]!) > 0) {
      rest.push(row)
      continue
    }
    let place = first.length
    first.push(row)
    for (; place > 0 && before(row, first[place - 1]!) < 0; place--) first[place] = first[place - 1]!
    first[place] = row
    if (first.length > SORTED) rest.push(first.pop()!)
  }
  return first.concat(rest)
}

/** Efforts of one deployment stand side by side in the field. */
function once({ candidates }: Field, order: number[]): number[] {
  let several = false
  for (let row = 1; row < candidates.length && !several; row++)
    several = candidates[row]!.deployment === candidates[row - 1]!.deployment
  if (!several) return order
  const seen = new Set<Ranked['deployment']>()
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
 * would never learn that one has become better. `random`: from 0 to 1, asked twice at the most.
 */
export function explore(order: readonly number[], { rows, troubles }: Field, random: () => number): Pick {
  const [best] = order
  if (best === undefined) return { order, explored: false, propensity: 1 }
  const least = rows[best * COLUMNS + COLUMN.utility]! - NEAR
  let eligible = 0
  let doubts = 0
  const last = Math.min(SORTED, order.length)
  const doubt = (row: number): number =>
    troubles[row] === 0 && rows[row * COLUMNS + COLUMN.utility]! >= least ? rows[row * COLUMNS + COLUMN.doubt]! : 0
  for (let place = 0; place < last; place++) {
    const own = doubt(order[place]!)
    if (own > 0) eligible++
    doubts += own
  }
  if (eligible < 2) return { order, explored: false, propensity: 1 }
  const share = (row: number): number => (row === best ? 1 - EXPLORED : 0) + (EXPLORED * doubt(row)) / doubts
  if (random() >= EXPLORED) return { order, explored: false, propensity: share(best) }
  let left = random() * doubts
  let drawn = best
  for (let place = 0; place < last && left > 0; place++) {
    drawn = order[place]!
    left -= doubt(drawn)
  }
  return { order: [drawn, ...order.filter((row) => row !== drawn)], explored: drawn !== best, propensity: share(drawn) }
}
