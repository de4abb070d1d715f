/**
 * What hints are worth, learnt from answers that somebody has scored as well. A hint says 0. Where its answers are scored as if there was none, as
 * high as was expected of them, it is noise; where they are scored 0, it is as good as a score. Pure.
 */
import { type Hint, HINT_NAMES, HINTS } from '../../core/hints.ts'
import { keyed } from '../../core/keyed.ts'

export interface HintCounts {
  /** Answers that it was given of. */
  given: number
  /** Those of them that were scored, what they were scored in all, and what had been expected of them. */
  scored: number
  score: number
  expected: number
}
export type HintBook = Readonly<Record<Hint, HintCounts>>

/** Scored answers, as much as was expected of them, that the guess is worth. */
const GUESS = 10

export const newHintBook = (): HintBook =>
  keyed(HINT_NAMES, (): HintCounts => ({ given: 0, scored: 0, score: 0, expected: 0 }))

/**
 * Share of a score that a hint is worth, below 1. A label that is wrong in a share `w` of all cases brings as much as (1 - 2w)^2 of true
 * ones; where what is expected is e instead of one half, w is e/2 times the score over the expectation.
 */
export function strengthOf(hint: Hint, { [hint]: { score, expected } }: HintBook): number {
  const guess = 1 - Math.sqrt(HINTS[hint].strength)
  const left = (score + GUESS * guess) / (expected + GUESS)
  return Math.max(0, 1 - left) ** 2
}

/** An answer that the hint was given of has been scored. */
export function countScored(counts: HintCounts, score: number, expected: number): void {
  counts.scored++
  counts.score += score
  counts.expected += expected
}
