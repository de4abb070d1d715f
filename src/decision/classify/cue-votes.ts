/** Counts the words of one text that ask for a class of task. Used again for the next text. */
import { TASK_CLASSES, type TaskClass } from '../../core/capabilities.ts'
import { hintIn, isHard, isHello, isThanks, isWish, outrightIn } from './lexicon.ts'

/** What is said first is what is wanted: the rest is what it is wanted of. */
const FIRST_WORDS = 12
const FIRST = 5
const LATER = 3
const HINT = 1
/** Votes that a text of a language that nobody knows must have. */
const UNKNOWN = 2
/** A greeting is the first of a few words; each speaks for itself and one more. */
const FIRST_GREETING = 4
const SPOKEN_FOR = 2
/** Words of praise behind a thanks. */
const PRAISE = 4
const MATH = TASK_CLASSES.indexOf('math') + 1

export class CueVotes {
  readonly #outright = new Float64Array(TASK_CLASSES.length + 1)
  readonly #hints = new Float64Array(TASK_CLASSES.length + 1)
  /** A word asks for much. */
  isHard = false
  #greetings = 0
  #thanks = 0
  #said = 0
  #any = 0

  begin(): void {
    if (this.#any > 0) {
      this.#outright.fill(0)
      this.#hints.fill(0)
    }
    this.isHard = false
    this.#greetings = 0
    this.#thanks = 0
    this.#said = 0
    this.#any = 0
  }

  /** A word, and it with the one before it: their entries in the lexicon. `place`: words before it. */
  word(entry: number, pair: number, place: number): void {
    if (entry !== 0) this.#count(entry, place)
    if (pair !== 0) this.#count(pair, place)
  }

  #count(entry: number, place: number): void {
    const outright = outrightIn(entry)
    if (outright > 0) this.#outright[outright]! += place < FIRST_WORDS ? FIRST : LATER
    const hint = hintIn(entry)
    if (hint > 0) this.#hints[hint]! += HINT
    if (outright > 0) this.#said++
    if (outright > 0 || hint > 0) this.#any++
    if (place <= FIRST_GREETING || this.#greetings > 0) this.#greet(entry)
    if (isWish(entry)) this.#said++
    if (isHard(entry)) this.isHard = true
  }

  #greet(entry: number): void {
    if (isHello(entry)) this.#greetings++
    if (!isThanks(entry)) return
    this.#greetings++
    this.#thanks++
  }

  greets(words: number, digits: number): boolean {
    if (this.#greetings <= this.#any || this.#said > 0 || digits > 0) return false
    return words - SPOKEN_FOR * this.#greetings <= (this.#thanks > 0 ? PRAISE : 0)
  }

  winner(language: string | null, numbers: number): TaskClass | null {
    if (this.#any === 0) return null
    if (numbers >= 2 && this.#hints[MATH]! > 0) this.#outright[MATH]! += LATER
    // English texts are what the heads were trained on: against them only what is said first counts.
    const leastTold = language === 'en' ? FIRST : 0
    const least = language === null ? UNKNOWN : HINT
    let best = 0
    let most = 0
    for (let at = 1; at < this.#outright.length; at++) {
      const told = this.#outright[at]!
      const votes = told + this.#hints[at]!
      if (votes <= most || told < leastTold || votes < least) continue
      best = at
      most = votes
    }
    return best === 0 ? null : TASK_CLASSES[best - 1]!
  }
}
