/** Many requests under two policies, in bounded memory: sums, counts, and some of the requests for medians and intervals. */
import { replayOne, type ReplayJudgement } from './judge.ts'
import { Kept } from './kept.ts'
import { type Skip, SKIPS } from './lines.ts'
import { type Logged, MEASURES } from './logged.ts'
import type { ReplayPolicy } from './policy.ts'
import { at, SAMPLE_COLUMN, SAMPLE, sampleOf, weightOf } from './sample.ts'

/** Requests that are kept for medians and intervals. */
export const MOST_KEPT = 10_000
/** Different moves that are counted one by one. */
const MOST_MOVES = 2000

/** Why a request cannot be compared. */
export const UNJUDGED = {
  a_unknown_model: '--config has no such model or route',
  a_refused: '--config rules out all of its candidates',
  a_not_recorded: 'its record lacks what --config would call',
  b_unknown_model: '--against has no such model or route: it would be refused',
  b_refused: '--against rules out all of its candidates: it would be refused',
  b_not_recorded: 'its record lacks what --against would call',
} as const
export type Unjudged = keyof typeof UNJUDGED

/** What a policy did so far. */
export interface Side {
  /** Requests where it chooses what was chosen. */
  agrees: number
  /** Requests where it would also consider what the record does not hold. */
  incomplete: number
  /** Requests where a route with a condition on headers was passed over. */
  passedOver: number
}

/** By how much the log tells about what a policy would have done. */
export interface Evidence {
  requests: number
  agrees: number
  weights: number
  squares: number
}

export class Replay {
  readonly #a: ReplayPolicy
  readonly #b: ReplayPolicy
  readonly skipped = countsOf<Skip>(SKIPS)
  readonly unjudged = countsOf<Unjudged>(UNJUDGED)
  readonly a: Side = { agrees: 0, incomplete: 0, passedOver: 0 }
  readonly b: Side = { agrees: 0, incomplete: 0, passedOver: 0 }
  /** Requests that were compared. */
  requests = 0
  /** Those that went by another route or strategy than `a` has for them. */
  otherwise = 0
  /** Those where chance had a part in the choice. */
  drawn = 0
  readonly moves = new Map<string, { readonly from: string; readonly to: string; requests: number }>()
  /** Where B chooses otherwise than A. */
  readonly moved: Evidence = { requests: 0, agrees: 0, weights: 0, squares: 0 }
  readonly all: Evidence = { requests: 0, agrees: 0, weights: 0, squares: 0 }
  /** Sums by `at`, and of how many. */
  readonly sums = new Float64Array(SAMPLE)
  readonly counts = new Float64Array(SAMPLE)
  readonly kept = new Kept(MOST_KEPT)

  constructor(a: ReplayPolicy, b: ReplayPolicy) {
    this.#a = a
    this.#b = b
  }

  add(logged: Logged): void {
    const a = replayOne(logged, this.#a)
    const b = replayOne(logged, this.#b)
    note(this.a, a)
    note(this.b, b)
    if (a.choice === null) this.unjudged[`a_${a.why ?? 'refused'}`]++
    else if (b.choice === null) this.unjudged[`b_${b.why ?? 'refused'}`]++
    else this.#compare(logged, { ...a, choice: a.choice }, b.choice)
  }

  #compare(logged: Logged, a: ReplayJudgement & { readonly choice: number }, b: number): void {
    this.requests++
    if (a.choice === logged.chosen) this.a.agrees++
    if (b === logged.chosen) this.b.agrees++
    if (a.route !== logged.route || a.strategy !== logged.strategy) this.otherwise++
    if (logged.propensity < 1) this.drawn++
    weigh(this.all, logged, b)
    if (a.choice !== b) {
      weigh(this.moved, logged, b)
      this.#move(nameOf(logged, a.choice), nameOf(logged, b))
    }
    const sample = sampleOf(logged, a.choice, b)
    this.kept.add(sample)
    sample.values.forEach((value, index) => {
      if (Number.isNaN(value)) return
      this.sums[index]! += value
      this.counts[index]!++
    })
  }

  skip(why: Skip): void {
    this.skipped[why]++
  }

  /** Mean of a column; NaN where nothing is known. */
  mean(measure: number, column: number): number {
    return this.sums[at(measure, column)]! / this.counts[at(measure, column)]!
  }

  /** Requests of which a measure can be compared, and of which it is known how it came out. */
  known(measure: number): { compared: number; happened: number } {
    return {
      compared: this.counts[at(measure, SAMPLE_COLUMN.a)]!,
      happened: this.counts[at(measure, SAMPLE_COLUMN.happened)]!,
    }
  }

  #move(from: string, to: string): void {
    const name = `${from}\n${to}`
    const move = this.moves.get(name)
    if (move !== undefined) move.requests++
    else if (this.moves.size < MOST_MOVES) this.moves.set(name, { from, to, requests: 1 })
  }
}

function note(side: Side, { incomplete, passedOver }: ReplayJudgement): void {
  if (incomplete) side.incomplete++
  if (passedOver) side.passedOver++
}

function weigh(evidence: Evidence, logged: Logged, choice: number): void {
  const weight = weightOf(logged, choice)
  evidence.requests++
  if (weight > 0) evidence.agrees++
  evidence.weights += weight
  evidence.squares += weight * weight
}

/** Of how many equally weighted requests a weighted mean is worth. */
export const effectiveSize = ({ weights, squares }: Evidence): number =>
  squares === 0 ? 0 : (weights * weights) / squares

function nameOf({ options }: Logged, place: number): string {
  const { id, effort } = options[place]!
  return effort === null ? id : `${id} (effort ${effort})`
}

const countsOf = <Name extends string>(names: Readonly<Record<Name, string>>): Record<Name, number> =>
  Object.fromEntries(Object.keys(names).map((name) => [name, 0])) as Record<Name, number>

export const PLACES: readonly number[] = MEASURES.map((_, measure) => measure)
