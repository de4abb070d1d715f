/** Which of the scored candidates goes first, and who follows. Pure: chance is an argument. */
import { isUnscored, type Scoring } from '../../core/strategies.ts'
import type { Target } from '../../core/types.ts'
import { type Field, lastWord, type Ranked } from './field.ts'
import type { Remembered } from './conversations.ts'
import { COLUMN, COLUMNS } from '../../core/terms.ts'
import { shareOut, type Shares } from './replicas.ts'
import { spread } from './spread.ts'

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
export function stickinessBonus({ deployment }: Target, remembered: Remembered): number {
  const place = deployment.id === remembered.deployment ? SAME_PLACE : 0
  return (deployment.model === remembered.model ? SAME_MODEL : 0) + place
}

/** By health, then by utility in bands, then by load; replicas by their load alone. Each deployment once, at its best effort. */
export function rank(field: Field, scoring: Scoring): number[] {
  if (isUnscored(scoring)) return once(field, spread(field, scoring))
  const { live, rota, seats } = field
  const places = placesOf(field, scoring)
  const shares = rota !== null && rota.paired ? shareOut(field, rota, places) : null
  const even = (a: number, b: number): number =>
    (rota === null ? 0 : rota.byTurn(seats[a]!, seats[b]!)) || lastWord(field, a, b)
  // Replicas that are as good as others stand together.
  const together = (a: number, b: number, { chiefs, ranks }: Shares): number =>
    chiefs[a] === chiefs[b] ? ranks[a]! - ranks[b]! : even(chiefs[a]!, chiefs[b]!)
  const before = (a: number, b: number): number =>
    places[a]! - places[b]! || (shares === null ? even(a, b) : together(a, b, shares))
  return once(field, sorted(live, before))
}

/** Health, band and load in one number: the smaller, the sooner. */
function placesOf({ candidates, live, rows, troubles }: Field, scoring: Scoring): Float64Array {
  const places = new Float64Array(candidates.length)
  const within = typeof scoring === 'object' && 'cheapestWithin' in scoring ? scoring.cheapestWithin : null
  let best = 0
  // Without an answer to judge (embeddings) success is NaN, and all are good enough.
  for (const row of live) if (rows[row * COLUMNS + COLUMN.success]! > best) best = rows[row * COLUMNS + COLUMN.success]!
  for (const row of live) {
    const success = rows[row * COLUMNS + COLUMN.success]!
    // Who is not good enough comes after all who are, the best of them first.
    const value = within === null || !(success < best - within) ? rows[row * COLUMNS + COLUMN.utility]! : success - FAR
    const { live: now, backend } = candidates[row]!.deployment
    const busy = Math.min(MOST_LOAD, Math.round(now.load.open / backend.weight))
    places[row] = troubles[row]! * HEALTH - Math.floor(value / BAND) * (MOST_LOAD + 1) + busy
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
    troubles[row] === 0 && rows[row * COLUMNS + COLUMN.utility]! >= least
      ? rows[row * COLUMNS + COLUMN.uncertainty]!
      : 0
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
