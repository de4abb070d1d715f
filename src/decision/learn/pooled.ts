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
}

/** Of all topics alike: what a model is above or below what all have in common. */
const shiftOf = ({ totalSum, total }: TopicStats, strength: number): number => totalSum / (total + strength)

/** Tables as in `Pool`, those that are null being left out; `scale`: of all strengths. */
export function deviation(
  common: TopicStats,
  family: TopicStats | null,
  own: TopicStats | null,
  { topics, shares }: About,
  { all, topic, model, cell }: Strengths,
  scale = 1,
): number {
  const mean = shiftOf(common, all * scale)
  const ofFamily = family === null ? 0 : shiftOf(family, model * scale)
  const ofOwn = own === null ? 0 : shiftOf(own, model * scale)
  let sum = 0
  for (let i = 0; i < topics.length; i++) {
    const at = topics[i]!
    let expected = (common.sum[at]! + topic * scale * mean) / (common.count[at]! + topic * scale)
    if (family !== null)
      expected = (family.sum[at]! + cell * scale * (expected + ofFamily)) / (family.count[at]! + cell * scale)
    if (own !== null) expected = (own.sum[at]! + cell * scale * (expected + ofOwn)) / (own.count[at]! + cell * scale)
    sum += shares[i]! * expected
  }
  return sum
}

/** Takes in one deviation; `weight`: what it counts for. */
export function learnDeviation(
  { common, family, own }: Pool,
  about: About,
  value: number,
  strengths: Strengths,
  { scale = 1, weight = 1 } = {},
): void {
  const surprise = value - deviation(common, family, own, about, strengths, scale)
  const known = deviation(common, family, null, about, strengths, scale)
  const shift = shiftOf(own, strengths.model * scale)
  const familyShift = family === null ? 0 : shiftOf(family, strengths.model * scale)
  if (family !== null) {
    const inCommon = deviation(common, null, null, about, strengths, scale)
    record(family, about, { value: value - shift, own: value - shift - inCommon, surprise, weight })
  }
  const shared = value - shift - familyShift
  record(common, about, { value: shared, own: shared, surprise, weight })
  record(own, about, { value, own: value - known, surprise, weight })
}
