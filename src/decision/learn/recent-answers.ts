/**
 * Answers that can still be judged. Their features lie in a few arrays of numbers, the oldest overwritten by the newest: ten
 * thousand of them as objects would be walked by every full collection.
 */
import type { Arm } from '../../core/arm.ts'
import type { JudgedText } from './success.ts'

export interface RecentAnswer {
  readonly arm: Arm
  readonly text: JudgedText
  readonly told: Told
}

/** What was said of an answer so far, and has been learnt. */
export interface Told {
  /** Share of an observation that was learnt, and the part of it that was good. */
  readonly weight: number
  readonly sum: number
  /** One bit for each hint, by its place among them. */
  readonly hints: number
  /** What somebody scored it, and what was expected then; null: nobody did. */
  readonly scored: { readonly score: number; readonly expected: number } | null
}

/** Topics of one text: the nearest ones, and that of the words that ask. */
const MOST_TOPICS = 4

export class RecentAnswers {
  readonly #most: number
  /** By request. */
  readonly #places = new Map<string, number>()
  readonly #requests: string[] = []
  readonly #callers: string[] = []
  readonly #arms: Arm[] = []
  readonly #topicCounts: Uint8Array
  readonly #topics: Int32Array
  readonly #shares: Float64Array
  readonly #demands: Float64Array
  readonly #weights: Float32Array
  readonly #sums: Float32Array
  readonly #hints: Uint32Array
  /** NaN: nobody scored it. */
  readonly #scores: Float32Array
  readonly #expected: Float32Array
  /** All vectors of a classifier are as long as the first one. */
  #vectors = new Float32Array(0)
  #next = 0

  constructor(most: number) {
    this.#most = most
    this.#topicCounts = new Uint8Array(most)
    this.#topics = new Int32Array(most * MOST_TOPICS)
    this.#shares = new Float64Array(most * MOST_TOPICS)
    this.#demands = new Float64Array(most)
    this.#weights = new Float32Array(most)
    this.#sums = new Float32Array(most)
    this.#hints = new Uint32Array(most)
    this.#scores = new Float32Array(most)
    this.#expected = new Float32Array(most)
  }

  remember(requestId: string, caller: string, arm: Arm, { topics, shares, vector, demand }: JudgedText): void {
    const place = this.#next
    this.#next = (place + 1) % this.#most
    this.#forget(place)
    this.#places.set(requestId, place)
    this.#requests[place] = requestId
    this.#callers[place] = caller
    this.#arms[place] = arm
    this.#topicCounts[place] = topics.length
    for (let i = 0, at = place * MOST_TOPICS; i < topics.length; i++, at++) {
      this.#topics[at] = topics[i]!
      this.#shares[at] = shares[i]!
    }
    this.#demands[place] = demand
    if (this.#vectors.length === 0) this.#vectors = new Float32Array(this.#most * vector.length)
    this.#vectors.set(vector, place * vector.length)
  }

  /** The answer to a request of this caller; null: there is none, or it was too long ago. */
  find(requestId: string, caller: string): RecentAnswer | null {
    const place = this.#places.get(requestId)
    if (place === undefined || this.#callers[place] !== caller) return null
    const from = place * MOST_TOPICS
    const to = from + this.#topicCounts[place]!
    const width = this.#vectors.length / this.#most
    return {
      arm: this.#arms[place]!,
      text: {
        topics: [...this.#topics.subarray(from, to)],
        shares: [...this.#shares.subarray(from, to)],
        vector: [...this.#vectors.subarray(place * width, (place + 1) * width)],
        demand: this.#demands[place]!,
      },
      told: this.#toldOf(place),
    }
  }

  /** Of the answer that `find` gives: what was said of it by now. */
  note(requestId: string, told: Told): void {
    const place = this.#places.get(requestId)
    if (place === undefined) return
    this.#weights[place] = told.weight
    this.#sums[place] = told.sum
    this.#hints[place] = told.hints
    if (told.scored === null) return
    this.#scores[place] = told.scored.score
    this.#expected[place] = told.scored.expected
  }

  #toldOf(place: number): Told {
    const score = this.#scores[place]!
    return {
      weight: this.#weights[place]!,
      sum: this.#sums[place]!,
      hints: this.#hints[place]!,
      scored: Number.isNaN(score) ? null : { score, expected: this.#expected[place]! },
    }
  }

  /** Of a request that was answered again since, the newer answer stays. */
  #forget(place: number): void {
    const old = this.#requests[place]
    if (old !== undefined && this.#places.get(old) === place) this.#places.delete(old)
    this.#weights[place] = this.#sums[place] = this.#hints[place] = 0
    this.#scores[place] = NaN
  }
}
