/**
 * What models are expected to deviate by from what was expected of them, learnt from few answers of few models. What an answer shows is
 * first of all about its topic: a hard one is hard for all, also for those that were never asked. Only what is left is about the model,
 * and then about this effort of it. Without that, whoever is asked most is blamed for what is asked.
 */
import type { TopicStats } from '../../core/arm.ts'
import { type About, record } from './topic-stats.ts'

/** Tables from the widest to the narrowest. */
export interface Pool {
  /** All models. */
  readonly common: TopicStats
  /** One model at all its efforts; null: it has one only. */
  readonly family: TopicStats | null
  readonly own: TopicStats
}

/** Observations that each guess is worth: that all models are as expected, a topic is as all topics, a model as all models, and its topic as its others. */
export interface Strengths {
  readonly all: number
  readonly topic: number
  readonly model: number
  readonly cell: number
  /** No topic is expected to deviate by more for all: a model that always fails is to blame itself. */
  readonly most: number
}

interface Taking {
  /** Of all strengths. */
  readonly scale?: number
  readonly weight?: number
  readonly into?: 'both' | 'common' | 'own'
}

/** Of all topics alike: what a model is above or below what all have in common. */
const shiftOf = ({ totalSum, total }: TopicStats, strength: number): number => totalSum / (total + strength)

/**
 * What all models have in common for one text. A decision asks it of each of its candidates, one after the other: it is worked out for
 * the first of them, and kept until something is learnt.
 */
class Shared {
  /** By the text's topics. Grows with the longest list. */
  values = new Float64Array(8)
  /** By their shares. */
  sum = 0
  #common: TopicStats | null = null
  #about: About | null = null
  #scale = 0

  of(common: TopicStats, about: About, { all, topic, most }: Strengths, scale: number): Float64Array {
    if (common === this.#common && about === this.#about && scale === this.#scale) return this.values
    const { topics, shares } = about
    if (this.values.length < topics.length) this.values = new Float64Array(topics.length)
    const mean = shiftOf(common, all * scale)
    const strength = topic * scale
    this.sum = 0
    for (let i = 0; i < topics.length; i++) {
      const value = (common.sum[topics[i]!]! + strength * mean) / (common.count[topics[i]!]! + strength)
      this.values[i] = Math.min(most, Math.max(-most, value))
      this.sum += shares[i]! * this.values[i]!
    }
    this.#common = common
    this.#about = about
    this.#scale = scale
    return this.values
  }

  forget(): void {
    this.#common = null
  }
}

/** Deviations by one set of strengths. */
export class Deviations {
  readonly #strengths: Strengths
  readonly #shared = new Shared()

  constructor(strengths: Strengths) {
    this.#strengths = strengths
  }

  /** Tables as in `Pool`, those that are null being left out; `scale`: of all strengths. */
  of(common: TopicStats, family: TopicStats | null, own: TopicStats | null, about: About, scale = 1): number {
    const shared = this.#shared.of(common, about, this.#strengths, scale)
    // Of most models nothing was seen yet.
    if ((own === null || own.total === 0) && (family === null || family.total === 0)) return this.#shared.sum
    const cell = this.#strengths.cell * scale
    const model = this.#strengths.model * scale
    const ofFamily = family === null ? 0 : shiftOf(family, model)
    const ofOwn = own === null ? 0 : shiftOf(own, model)
    const { topics, shares } = about
    let sum = 0
    for (let i = 0; i < topics.length; i++) {
      const at = topics[i]!
      let expected = shared[i]!
      if (family !== null) expected = (family.sum[at]! + cell * (expected + ofFamily)) / (family.count[at]! + cell)
      if (own !== null) expected = (own.sum[at]! + cell * (expected + ofOwn)) / (own.count[at]! + cell)
      sum += shares[i]! * expected
    }
    return sum
  }

  /** Takes in one deviation; `weight`: what it counts for; `into`: what all models have in common, what this one has of its own, or both. */
  learn(
    { common, family, own }: Pool,
    about: About,
    value: number,
    { scale = 1, weight = 1, into = 'both' }: Taking = {},
  ): void {
    const surprise = value - this.of(common, family, own, about, scale)
    const known = this.of(common, family, null, about, scale)
    const inCommon = this.of(common, null, null, about, scale)
    const model = this.#strengths.model * scale
    const shift = shiftOf(own, model)
    const familyShift = family === null ? 0 : shiftOf(family, model)
    if (family !== null && into !== 'common')
      record(family, about, { value: value - shift, own: value - shift - inCommon, surprise, weight })
    const shared = value - shift - familyShift
    if (into !== 'own') record(common, about, { value: shared, own: shared, surprise, weight })
    if (into !== 'common') record(own, about, { value, own: value - known, surprise, weight })
    this.#shared.forget()
  }
}
