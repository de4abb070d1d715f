/** Linear heads over the features of texts: topics (softmax), and least squares for the rest. */
import { newRegression, estimate, observe } from '../src/decision/learn/regression.ts'
import { random, shuffle } from './lesson.ts'

const ROUNDS = 12
const RATE = 0.3
const DECAY = 1e-4

/** Multinomial logistic regression by AdaGrad. For each class the weights of the features, then a constant. `importance`: of each text. */
export function trainSoftmax(
  texts: readonly (readonly number[])[],
  classes: readonly number[],
  importance: readonly number[],
  size: number,
  seed: number,
): Float64Array {
  const next = random(seed)
  const features = texts[0]!.length
  const row = features + 1
  const weights = new Float64Array(size * row)
  const seen = new Float64Array(size * row).fill(1e-2)
  const shares = new Float64Array(size)
  for (let round = 0; round < ROUNDS; round++) {
    const rate = RATE * (1 - round / ROUNDS) + 0.01
    for (const index of shuffle([...texts.keys()], next)) {
      const text = texts[index]!
      let best = -Infinity
      for (let c = 0; c < size; c++) {
        let score = weights[c * row + features]!
        for (let f = 0; f < features; f++) score += weights[c * row + f]! * text[f]!
        shares[c] = score
        if (score > best) best = score
      }
      let sum = 0
      for (let c = 0; c < size; c++) sum += shares[c] = Math.exp(shares[c]! - best)
      for (let c = 0; c < size; c++) {
        const error = importance[index]! * (shares[c]! / sum - (c === classes[index] ? 1 : 0))
        if (Math.abs(error) < 1e-3) continue
        for (let f = 0, at = c * row; f <= features; f++, at++) {
          const slope = error * (f < features ? text[f]! : 1) + DECAY * weights[at]!
          seen[at]! += slope * slope
          weights[at]! -= (rate * slope) / Math.sqrt(seen[at]!)
        }
      }
    }
  }
  return weights
}

/** Weighted ridge regression; the weights of the features, then a constant that is not held back. */
export function trainLinear(
  texts: readonly (readonly number[])[],
  targets: readonly number[],
  importance: readonly number[],
  ridge: number,
): Float64Array {
  const features = texts[0]!.length
  const spread = new Float64Array(features + 1).fill(1 / ridge)
  spread[features] = 1e3
  const regression = newRegression(new Float64Array(features + 1), spread)
  const row = new Float64Array(features + 1)
  texts.forEach((text, index) => {
    const root = Math.sqrt(importance[index]!)
    for (let f = 0; f < features; f++) row[f] = text[f]! * root
    row[features] = root
    observe(regression, row, targets[index]! * root)
  })
  return regression.weights
}

export const predict = (weights: Float64Array, text: Float64Array): number =>
  estimate({ weights: weights.subarray(0, text.length), covariance: weights, count: 0 }, [...text]) +
  weights[text.length]!
