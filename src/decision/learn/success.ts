/**
 * Probability of a useful answer = P(valid) x P(good, given valid). Validity is learnt from every answer; how good it was
 * only from feedback and hints, so that without any the expectation stays what the catalogue or the operator says.
 */
import type { Arm, TextFeatures } from '../../core/arm.ts'
import type { TaskClass } from '../../core/capabilities.ts'
import { certain, raised } from './odds.ts'
import { Deviations } from './pooled.ts'
import { blend, evidence } from './topic-stats.ts'
import { estimate, newRegression, observe } from './regression.ts'

/**
 * For verdicts of yes and no; graded ones say more each. What the asked ones show is believed of all at once, and of a single model slowly:
 * else some models fall behind others of which nothing was seen, and single verdicts are worse than none.
 */
const QUALITY = new Deviations({ all: 4, topic: 10, model: 30, cell: 40, most: 1 })
const VALIDITY = new Deviations({ all: 10, topic: 10, model: 40, cell: 40, most: Infinity })
/** Observations that the guess is worth of how much scores scatter, and of what a text asks of a model. */
const NOISE_STRENGTH = 20
const SLOPE_STRENGTH = 50
/** Of the doubt: the guess itself. */
const DOUBT_STRENGTH = 6
/** Old sums fade: about the last thousand verdicts count. */
const MEMORY = 0.999
/** Nobody is surer of an answer than this: one score that came otherwise would overturn everything. */
const LEAST_VARIANCE = 0.05
const LARGEST = 8
const UNSURE = 0.05
/** Share of valid answers of a model of which nothing is known. */
const VALID = 0.98
/** How strongly the regression on the text is held back: it has as many weights as a topic has observations. */
const SPREAD = 1 / 20
/** Evidence that the regression must bring before it counts for much: after few single verdicts it misleads. */
const DOUBT = 30
/** It is never trusted further: from single verdicts it learns of one model what is true of all. */
const MOST_TRUST = 1 / 3

/** Of a text, as far as a judgement of its answer teaches something. */
export type JudgedText = Pick<TextFeatures, 'topics' | 'shares' | 'vector' | 'demand'>

type Shares = Pick<TextFeatures, 'topics' | 'shares'>

/** 0..1. */
export const successOf = (arm: Arm, features: TextFeatures): number =>
  certain(validityOf(arm, features) * qualityOf(arm, features))

const validityOf = ({ common, validity }: Arm, features: Shares): number =>
  certain(VALID + VALIDITY.of(common.validity, null, validity, features))

function qualityOf(arm: Arm, features: TextFeatures): number {
  const table = tableOf(arm, features)
  const { residual } = arm.words
  if (residual === null) return certain(table)
  const share = trust(residual)
  // What has proven to be worth nothing need not be worked out.
  return share === 0 ? certain(table) : certain(table + share * estimate(residual.regression, features.vector))
}

/** What was expected beforehand, as the text divides models by ability, and what answers have taught. */
const tableOf = (arm: Arm, features: Omit<JudgedText, 'vector'>): number =>
  raised(certain(guessOf(arm, features)), changeOf(arm, features))

/** A text alone makes nobody sure: what it would take many scores to unlearn. */
function guessOf({ prior, ability }: Arm, features: Omit<JudgedText, 'vector'>): number {
  const usual = blend(prior, features)
  const guess = usual + (features.demand - 1) * ability
  return Math.min(Math.max(usual, 1 - UNSURE), Math.max(Math.min(usual, UNSURE), guess))
}

/** Of the log-odds. */
const changeOf = (arm: Arm, features: Omit<JudgedText, 'vector'>): number =>
  QUALITY.of(arm.common.quality, arm.family?.quality ?? null, arm.quality, features, noiseOf(arm)) +
  (features.demand - 1) * slopeOf(arm)

/** How much scores scatter about what was expected: 1 as yes and no do. */
const noiseOf = ({ common: { noise } }: Arm): number => (noise.sum + NOISE_STRENGTH) / (noise.count + NOISE_STRENGTH)

function slopeOf(arm: Arm): number {
  return arm.slope.products / (arm.slope.squares + SLOPE_STRENGTH * noiseOf(arm))
}

/** What the regression's predictions were worth: the slope of outcomes on them, within 0 and 1. */
const trust = ({ products, squares }: { readonly products: number; readonly squares: number }): number =>
  MOST_TRUST * Math.min(1, Math.max(0, products / (squares + DOUBT)))

/** Standard deviation of the expected success. */
export function doubtOf(arm: Arm, features: Shares, success: number): number {
  const seen = evidence(arm.quality, features) + DOUBT_STRENGTH
  return Math.sqrt((success * (1 - success)) / (seen + 1))
}

/** Over all topics alike: of a request of which nothing is known but that there is one. 0..1, and its standard deviation. */
export function overallSuccess(arm: Arm): { readonly success: number; readonly doubt: number } {
  const topics = [...arm.prior.keys()]
  const text = { topics, shares: topics.map(() => 1 / topics.length), demand: 1 }
  const success = certain(validityOf(arm, text) * tableOf(arm, text))
  return { success, doubt: doubtOf(arm, text, success) }
}

/** The same of each class; `verdicts`: those that its topics have had of this very arm, a fraction where a text was of more than one. */
export function classSuccess(
  arm: Arm,
): ReadonlyMap<TaskClass, { readonly success: number; readonly verdicts: number }> {
  const found = new Map<TaskClass, { success: number; verdicts: number }>()
  for (const one of new Set(arm.topics)) {
    const topics = [...arm.topics.keys()].filter((topic) => arm.topics[topic] === one)
    const text = { topics, shares: topics.map(() => 1 / topics.length), demand: 1 }
    const success = certain(validityOf(arm, text) * tableOf(arm, text))
    found.set(one, { success, verdicts: topics.reduce((sum, topic) => sum + arm.quality.count[topic]!, 0) })
  }
  return found
}

/** An answer was whole and valid, or not. */
export function learnValidity(arm: Arm, features: TextFeatures, valid: boolean): void {
  const pool = { common: arm.common.validity, family: null, own: arm.validity }
  VALIDITY.learn(pool, features, (valid ? 1 : 0) - VALID)
}

/** What an answer of this arm was expected to be scored, before anything was said of it: 0..1. */
export const expectedScore = (arm: Arm, features: JudgedText): number => tableOf(arm, features)

/**
 * Somebody said how good an answer was: 0..1. `told`: what of the observation was learnt from hints before, which comes to the same in all as
 * if there had been none.
 */
export function learnQuality(arm: Arm, features: JudgedText, score: number, { weight, sum } = UNTOLD): void {
  const expected = tableOf(arm, features)
  const left = score - expected
  const residual = (arm.words.residual ??= {
    regression: newRegression(zeros(features), spread(features)),
    products: 0,
    squares: 0,
  })
  const predicted = estimate(residual.regression, features.vector)
  residual.products += predicted * left
  residual.squares += predicted * predicted
  observe(residual.regression, features.vector, left)
  if (weight === 0) learnTable(arm, features, { left, expected, share: 1, most: LARGEST, into: 'both' })
  else {
    const share = 1 - weight
    // In a small share it has to say what a whole observation would say more quietly.
    const rest = { left: (score - sum) / share - expected, expected, share, most: LARGEST / share }
    learnTable(arm, features, { ...rest, into: 'own' })
    learnTable(arm, features, { left, expected, share: 1, most: LARGEST, into: 'common' })
  }
  const { noise } = arm.common
  noise.sum = MEMORY * noise.sum + (left * left) / varianceOf(expected)
  noise.count = MEMORY * noise.count + 1
}

/**
 * Something was seen that is worth `share` of a score, as which it counts for `score`: it may be a correction, beyond 0..1. It tells this model from
 * the others, and nothing of what all have in common: callers object to some answers more than to others whoever gave them.
 */
export function learnHint(arm: Arm, features: JudgedText, score: number, share: number): void {
  const expected = tableOf(arm, features)
  learnTable(arm, features, { left: score - expected, expected, share, most: LARGEST, into: 'own' })
}

const UNTOLD = { weight: 0, sum: 0 }

const varianceOf = (expected: number): number => Math.max(LEAST_VARIANCE, expected * (1 - expected))

/** What was seen of an answer that was `expected` to be scored so: what of it was `left`, as a `share` of an observation, of no more than `most` log-odds. */
interface Seen {
  readonly left: number
  readonly expected: number
  readonly share: number
  readonly most: number
  /** As `Deviations.learn` has it. */
  readonly into: 'both' | 'common' | 'own'
}

/** As one step of a logistic regression: what was left as a deviation of the log-odds. */
function learnTable(arm: Arm, features: JudgedText, { left, expected, share, most, into }: Seen): void {
  const { slope, common, family, quality } = arm
  const variance = varianceOf(expected)
  const weight = 4 * variance * share
  const step = left / variance
  const steep = slopeOf(arm)
  const beyond = features.demand - 1
  const apart = changeOf(arm, features) + step - beyond * steep
  const value = Math.min(most, Math.max(-most, apart))
  const pool = { common: common.quality, family: family?.quality ?? null, own: quality }
  QUALITY.learn(pool, features, value, { scale: noiseOf(arm), weight, into })
  if (into === 'common') return
  const keep = 1 - (1 - MEMORY) * share
  slope.products = keep * slope.products + weight * beyond * (step + beyond * steep)
  slope.squares = keep * slope.squares + weight * beyond * beyond
}

const zeros = ({ vector: features }: JudgedText): Float64Array => new Float64Array(features.length)
const spread = ({ vector: features }: JudgedText): Float64Array => new Float64Array(features.length).fill(SPREAD)
