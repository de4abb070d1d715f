/**
 * Probability of a useful answer = P(valid) x P(good, given valid). Validity is learnt from every answer; how good it was
 * only from feedback, so that without any the expectation stays what the catalogue or the operator says.
 */
import type { Arm, TextFeatures } from '../../core/arm.ts'
import { blend, deviation, evidence, recordValue } from './topic-stats.ts'
import { estimate, newRegression, observe } from './regression.ts'

/** Observations that the prior is worth. */
const QUALITY_STRENGTH = 6
const VALIDITY_STRENGTH = 20
/** And the guess of what a text asks of a model. */
const GUESS_STRENGTH = 10
/** Share of valid answers of a model of which nothing is known. */
const VALID = 0.98
/** How strongly the regression on the text is held back: it has as many weights as a topic has observations. */
const SPREAD = 1 / 20
/** Evidence that the regression must bring before it counts for much. */
const DOUBT = 3

/** Of a text, as far as a judgement of its answer teaches something. */
export type JudgedText = Pick<TextFeatures, 'topics' | 'shares' | 'vector' | 'demand'>

type Shares = Pick<TextFeatures, 'topics' | 'shares'>

const clamp = (share: number): number => Math.min(0.999, Math.max(0.001, share))

/** 0..1. */
export const successOf = (arm: Arm, features: TextFeatures): number =>
  clamp(validityOf(arm, features) * qualityOf(arm, features))

const validityOf = (arm: Arm, features: Shares): number =>
  clamp(VALID + deviation(arm.validity, features, VALIDITY_STRENGTH))

function qualityOf(arm: Arm, features: TextFeatures): number {
  const table = tableOf(arm, features)
  const { residual } = arm.words
  if (residual === null) return clamp(table)
  const share = trust(residual)
  // What has proven to be worth nothing need not be worked out.
  return share === 0 ? clamp(table) : clamp(table + share * estimate(residual.regression, features.vector))
}

/** Prior, what the topics have taught, and, as long as they have not taught much, how the text divides models by ability. */
function tableOf(arm: Arm, features: Omit<JudgedText, 'vector'>): number {
  const guess =
    ((features.demand - 1) * arm.ability * GUESS_STRENGTH) / (GUESS_STRENGTH + evidence(arm.quality, features))
  return (
    blend(arm.prior, features) + deviation(arm.quality, features, QUALITY_STRENGTH, parentOf(arm, features)) + guess
  )
}

const parentOf = ({ family }: Arm, features: Omit<JudgedText, 'vector'>): number =>
  family === null ? 0 : deviation(family.quality, features, QUALITY_STRENGTH)

/** What the regression's predictions were worth: the slope of outcomes on them, within 0 and 1. */
const trust = ({ products, squares }: { readonly products: number; readonly squares: number }): number =>
  Math.min(1, Math.max(0, products / (squares + DOUBT)))

/** Standard deviation of the expected success. */
export function doubtOf(arm: Arm, features: Shares, success: number): number {
  const seen = evidence(arm.quality, features) + QUALITY_STRENGTH
  return Math.sqrt((success * (1 - success)) / (seen + 1))
}

/** Over all topics alike: of a request of which nothing is known but that there is one. 0..1, and its standard deviation. */
export function overallSuccess(arm: Arm): { readonly success: number; readonly doubt: number } {
  const topics = [...arm.prior.keys()]
  const text = { topics, shares: topics.map(() => 1 / topics.length), demand: 1 }
  const success = clamp(validityOf(arm, text) * clamp(tableOf(arm, text)))
  return { success, doubt: doubtOf(arm, text, success) }
}

/** An answer was whole and valid, or not. */
export function learnValidity(arm: Arm, features: TextFeatures, valid: boolean): void {
  recordValue(arm.validity, features, (valid ? 1 : 0) - VALID, VALIDITY_STRENGTH)
}

/** Somebody said how good an answer was: 0..1. */
export function learnQuality(arm: Arm, features: JudgedText, score: number): void {
  const left = score - tableOf(arm, features)
  const residual = (arm.words.residual ??= {
    regression: newRegression(zeros(features), spread(features)),
    products: 0,
    squares: 0,
  })
  const predicted = estimate(residual.regression, features.vector)
  residual.products += predicted * left
  residual.squares += predicted * predicted
  observe(residual.regression, features.vector, left)
  const apart = score - blend(arm.prior, features)
  recordValue(arm.quality, features, apart, QUALITY_STRENGTH, parentOf(arm, features))
  if (arm.family !== null) recordValue(arm.family.quality, features, apart, QUALITY_STRENGTH)
}

const zeros = ({ vector: features }: JudgedText): Float64Array => new Float64Array(features.length)
const spread = ({ vector: features }: JudgedText): Float64Array => new Float64Array(features.length).fill(SPREAD)
