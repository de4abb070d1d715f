/** Recursive least squares: a linear regression that costs the same with each observation, however many there were. Pure but for its own state. */
import type { Regression } from '../core/arm.ts'

/** `start`: weights before anything was seen; `spread`: how far off each of them may be (variance over the noise's). */
export function newRegression(start: ArrayLike<number>, spread: ArrayLike<number>): Regression {
  const size = start.length
  const covariance = new Float64Array(size * size)
  for (let i = 0; i < size; i++) covariance[i * size + i] = spread[i]!
  return { weights: Float64Array.from(start), covariance, count: 0 }
}

export function estimate({ weights }: Regression, features: ArrayLike<number>): number {
  let sum = 0
  for (let i = 0; i < weights.length; i++) sum += weights[i]! * features[i]!
  return sum
}

const LONGEST = 256
const gain = new Float64Array(LONGEST)

/** Takes in one observation. `memory` below 1 forgets old ones: .99 keeps about the last hundred. */
export function observe(regression: Regression, features: ArrayLike<number>, outcome: number, memory = 1): void {
  const { weights, covariance } = regression
  const size = weights.length
  let scale = memory
  for (let i = 0; i < size; i++) {
    let sum = 0
    for (let j = 0, at = i * size; j < size; j++) sum += covariance[at++]! * features[j]!
    gain[i] = sum
    scale += sum * features[i]!
  }
  const error = outcome - estimate(regression, features)
  for (let i = 0; i < size; i++) {
    const share = gain[i]! / scale
    weights[i]! += share * error
    for (let j = 0, at = i * size; j < size; j++, at++)
      covariance[at] = Math.min(MOST, (covariance[at]! - share * gain[j]!) / memory)
  }
  regression.count++
}

/** Forgetting without news blows the covariance up until one observation overturns everything. */
const MOST = 1e4
