/**
 * A random share of the requests goes without something that the gateway does, so that what it is worth can be measured: the
 * control group. A conversation is in it or out of it as a whole, by its name, so its turns are treated alike, and gateways
 * that share no memory agree. Pure.
 */
import { lotOf } from './lot.ts'

/**
 * What can be measured. `routing`: the choice of the candidate; without it one of those that are able is taken at random. `trim`: limits
 * of answers that were learnt. `effort`: how hard the model is asked to think; without it that is left to the model.
 */
export const FEATURES = ['routing', 'effort', 'trim'] as const
export type Feature = (typeof FEATURES)[number]

/** The part of a request in the measuring of one feature. */
export interface Trial {
  readonly feature: Feature
  /** It goes without the feature. */
  readonly control: boolean
  /** Of the requests that go without it: above 0, at most 1. */
  readonly share: number
}

export const NO_TRIALS: readonly Trial[] = []

/** `unit`: what is treated alike, a conversation or a request that stands alone. Each feature draws lots of its own. */
export const trialOf = (feature: Feature, unit: string, share: number): Trial => ({
  feature,
  control: lotOf(`${feature} ${unit}`) < share * 2 ** 32,
  share,
})

/** The features that a request goes without. */
export const withoutOf = (trials: readonly Trial[]): readonly Feature[] =>
  trials.filter(({ control }) => control).map(({ feature }) => feature)
