/** Which of the scored candidates goes first, and who follows. Pure: chance is an argument. */
import { atWork } from '../../core/load.ts'
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
export function stickinessBonus({ deployment }: Target, remembered: Remembered | null): number {
  if (remembered === null) return 0
  const place = deployment.id === remembered.deployment ? SAME_PLACE : 0
  return (deployment.model === remembered.model ? SAME_MODEL : 0) + place
}

/** By health, then by utility in bands, then by load; replicas by their load alone. Each deployment once, at its best effort. */
export function rank(field: Field, scoring: Scoring): number[] {
  if (isUnscored(scoring)) return once(field, spread(field, scoring))
  const { live, rota } = field
  const places = placesOf(field, scoring)
  const shares = rota !== null && rota.paired ? shareOut(field, rota, places) : null
  return once(
    field,
    sorted(live, (a, b) => places[a]! - places[b]! || between(field, shares, a, b)),
  )
}

/** Of two at the same place. Replicas that are as good as others stand together. */
function between(field: Field, shares: Shares | null, a: number, b: number): number {
  if (shares === null) return inTurn(field, a, b)
  const { chiefs, ranks } = shares
  return chiefs[a] === chiefs[b] ? ranks[a]! - ranks[b]! : inTurn(field, chiefs[a]!, chiefs[b]!)
}

const inTurn = (field: Field, a: number, b: number): number =>
  (field.rota === null ? 0 : field.rota.byTurn(field.seats[a]!, field.seats[b]!)) || lastWord(field, a, b)

/** Grows with the largest field. */
let scratch = new Float64Array(64)

/** Health, band and load in one number: the smaller, the sooner. By row; good until the next order is made. */
function placesOf({ candidates, live, rows, troubles }: Field, scoring: Scoring): Float64Array {
  if (scratch.length < candidates.length) scratch = new Float64Array(2 * candidates.length)
  const places = scratch
  const within = typeof scoring === 'object' && 'cheapestWithin' in scoring ? scoring.cheapestWithin : null
  let best = 0
  // Without an answer to judge (embeddings) success is NaN, and all are good enough.
  if (within !== null) for (const row of live) best = Math.max(best, rows[row * COLUMNS + COLUMN.success]! || 0)
  for (const row of live) {
    let value = rows[row * COLUMNS + COLUMN.utility]!
    // Who is not good enough comes after all who are, the best of them first.
    if (within !== null && rows[row * COLUMNS + COLUMN.success]! < best - within)
      value = rows[row * COLUMNS + COLUMN.success]! - FAR
    const { live: now, backend } = candidates[row]!.deployment
    const busy = Math.min(MOST_LOAD, Math.round(atWork(now.load) / backend.weight))
    places[row] = troubles[row]! * HEALTH - Math.floor(value / BAND) * (MOST_LOAD + 1) + busy
  }
  return places
}

const FAR = 1e4
const MOST_LOAD = 9999
const HEALTH = 1e12

/** The first ones in order; the others behind them as they come: to sort hundreds would take longer than all the rest. */
function sorted(live: readonly number[], before: (a: number, b: number) => number): number[] {
  const order = new Array<number>(live.length)
  const most = Math.min(SORTED, live.length)
  let first = 0
  let behind = most
  for (const row of live) {
    let place = first
    if (first < most) first++
    else if (before(row, order[most - 1]!) < 0) order[behind++] = order[--place]!
    else {
      order[behind++] = row
      continue
    }
    for (; place > 0 && before(row, order[place - 1]!) < 0; place--) order[place] = order[place - 1]!
    order[place] = row
  }
  return order
}

/** Efforts of one deployment stand side by side in the field. */
function once({ candidates, live }: Field, order: number[]): number[] {
  let several = false
  for (let at = 1; at < live.length && !several; at++)
    several = candidates[live[at]!]!.deployment === candidates[live[at - 1]!]!.deployment
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
export function explore(order: readonly number[], field: Field, random: () => number): Pick {
  const [best] = order
  if (best === undefined) return { order, explored: false, propensity: 1 }
  const doubts = doubtsOf(order, field)
  if (doubts === 0) return { order, explored: false, propensity: 1 }
  const least = leastOf(best, field)
  let drawn = best
  const exploring = random() < EXPLORED
  if (exploring) {
    const last = Math.min(SORTED, order.length)
    let left = random() * doubts
    for (let place = 0; place < last && left > 0; place++) {
      drawn = order[place]!
      left -= doubtOf(field, drawn, least)
    }
  }
  const propensity = chanceOf(drawn, best, field, doubts)
  if (!exploring) return { order, explored: false, propensity }
  return { order: [drawn, ...order.filter((row) => row !== drawn)], explored: drawn !== best, propensity }
}

/** How likely `explore` puts `row` first; `doubts`: those of the order, 0 where nobody else than the best can be. */
export const chanceOf = (row: number, best: number, field: Field, doubts: number): number =>
  doubts === 0
    ? Number(row === best)
    : (row === best ? 1 - EXPLORED : 0) + (EXPLORED * doubtOf(field, row, leastOf(best, field))) / doubts

/** How little is known of all that may be explored; 0 where there are not two of them. */
export function doubtsOf(order: readonly number[], field: Field): number {
  const [best] = order
  if (best === undefined) return 0
  const least = leastOf(best, field)
  const last = Math.min(SORTED, order.length)
  let eligible = 0
  let doubts = 0
  for (let place = 0; place < last; place++) {
    const own = doubtOf(field, order[place]!, least)
    if (own > 0) eligible++
    doubts += own
  }
  return eligible < 2 ? 0 : doubts
}

const leastOf = (best: number, { rows }: Field): number => rows[best * COLUMNS + COLUMN.utility]! - NEAR

/** How little is known of one that is well, and not worse than `least`. */
function doubtOf({ rows, troubles }: Field, row: number, least: number): number {
  const at = row * COLUMNS
  return troubles[row] === 0 && rows[at + COLUMN.utility]! >= least ? rows[at + COLUMN.uncertainty]! : 0
}
