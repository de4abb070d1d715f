/**
 * What is said of answers that were given, learnt once for each: hints add up to a part of an observation, and a score makes it a whole one that
 * says what the score says, whatever was learnt before.
 *
 * Hints only ever say that an answer was bad, so what they take is given back to answers after which nothing of the kind was said: they tell
 * models apart, and do not make all of them look worse than somebody who was asked would find.
 */
import { type Hint, HINT_NAMES, type Hinted } from '../../core/hints.ts'
import { countScored, type HintBook, newHintBook, strengthOf } from './hint-strength.ts'
import type { RecentAnswers } from './recent-answers.ts'
import { expectedScore, learnHint, learnQuality } from './success.ts'

/** All hints about one answer are worth no more: a score has something left to say. */
const MOST_WEIGHT = 0.5
/** What hints took is given back soon: a part of it to each of the next answers, which is worth at most so much. */
const PAYERS = 2
const MOST_GIVEN = 0.3
/** What is owed at the most: where nearly all answers are bad there are none to give it back to. */
const MOST_OWED = 20
/** Less than that is kept for later. */
const LEAST_GIVEN = 0.002

export class Opinions {
  readonly #recent: RecentAnswers
  readonly hints: HintBook = newHintBook()
  /** What hints took from what was expected and was not given back yet, in answers. */
  #taken = 0

  constructor(recent: RecentAnswers) {
    this.#recent = recent
  }

  /** Somebody scored an answer, 0..1. False: there is no such answer, it was somebody else's, too long ago, or scored already. */
  score(requestId: string, caller: string, score: number): boolean {
    const found = this.#recent.find(requestId, caller)
    if (found === null || found.told.scored !== null) return false
    const { arm, text, told } = found
    const expected = expectedScore(arm, text)
    for (const hint of HINT_NAMES) if ((told.hints & bitOf(hint)) !== 0) countScored(this.hints[hint], score, expected)
    learnQuality(arm, text, score, told)
    arm.said.feedback++
    this.#recent.note(requestId, { ...told, scored: { score, expected } })
    return true
  }

  /** A hint about an answer to this caller. False: nothing was learnt from it. */
  hint({ hint, about }: Hinted, caller: string): boolean {
    const found = this.#recent.find(about, caller)
    if (found === null || (found.told.hints & bitOf(hint)) !== 0) return false
    const { arm, text, told } = found
    const { scored, weight, sum } = told
    const hints = told.hints | bitOf(hint)
    const counts = this.hints[hint]
    counts.given++
    arm.said[hint]++
    if (scored !== null) {
      countScored(counts, scored.score, scored.expected)
      this.#recent.note(about, { ...told, hints })
      return true
    }
    const worth = Math.min(strengthOf(hint, this.hints), MOST_WEIGHT - weight)
    if (worth > 0) {
      // What was taken for good before is taken back as well.
      this.#taken = Math.min(MOST_OWED, this.#taken + worth * expectedScore(arm, text) + sum)
      learnHint(arm, text, -sum / worth, worth)
      this.#recent.note(about, { weight: weight + worth, sum: 0, hints, scored })
    } else this.#recent.note(about, { ...told, hints })
    return true
  }

  /** Nothing was said of an answer that could have been. */
  unremarked(requestId: string, caller: string): void {
    if (this.#taken < LEAST_GIVEN) return
    const found = this.#recent.find(requestId, caller)
    if (found === null) return
    const { arm, text, told } = found
    if (told.weight > 0 || told.hints !== 0 || told.scored !== null) return
    const lacking = 1 - expectedScore(arm, text)
    const worth = Math.min(MOST_GIVEN, this.#taken / PAYERS / lacking)
    if (worth < LEAST_GIVEN) return
    this.#taken -= worth * lacking
    learnHint(arm, text, 1, worth)
    this.#recent.note(requestId, { weight: worth, sum: worth, hints: 0, scored: null })
  }
}

const bitOf = (hint: Hint): number => 1 << HINT_NAMES.indexOf(hint)
