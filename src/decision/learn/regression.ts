/** Recursive least squares: a linear regression that costs the same with each observation, however many there were. Pure but for its own state. */
import type { Regression } from '../../core/arm.ts'

/** `start`: weights before anything was seen; `spread`: how far off each of them may be (variance over the noise's). */
export function newRegression(start: ArrayLike<number>, spread: ArrayLike<number>): Regression {
  const size = start.length
  const covariance = new Float64Array(size * size)
  for (let i = 0; i < size; i++) covariance[i * size + i] = spread[i]!
  return { weights: Float64Array.from(start), covariance, count: 0 }
}

/**
 * `features`: a list, and no typed array: where a loop has met both, each number that it reads becomes an object. Four sums, as each
 * addition would wait for the one before it.
 */
export function estimate({ weights }: Regression, features: readonly number[]): number {
  const size = weights.length
  const fours = size & ~3
  let one = 0
  let two = 0
  let three = 0
  let four = 0
  for (let i = 0; i < fours; i += 4) {
    one += weights[i]! * features[i]!
    two += weights[i + 1]! * features[i + 1]!
    three += weights[i + 2]! * features[i + 2]!
    four += weights[i + 3]! * features[i + 3]!
  }
  for (let i = fours; i < size; i++) one += weights[i]! * features[i]!
  return one + two + (three + four)
}

/** Features that a regression can have. */
export const LONGEST = 256
const gain = new Float64Array(LONGEST)

/** Takes in one observation. `memory` below 1 forgets old ones: .99 keeps about the last hundred. */
export function observe(regression: Regression, features: ArrayLike<number>, outcome: number, memory = 1): void {
  const { weights, covariance } = regression
  const size = weights.length
  let scale = memory
  let expected = 0
  for (let i = 0; i < size; i++) {
    let sum = 0
    for (let j = 0, at = i * size; j < size; j++) sum += covariance[at++]! * features[j]!
    gain[i] = sum
    scale += sum * features[i]!
    expected += weights[i]! * features[i]!
  }
  const error = outcome - expected
  for (let i = 0; i < size; i++) weights[i]! += (gain[i]! / scale) * error
  subtract(covariance, size, 1 / scale, memory)
  if (memory < 1) for (let i = 0; i < size; i++) if (covariance[i * size + i]! > MOST) hold(covariance, size, i)
  regression.count++
}

/** Forgetting without news blows the covariance up until one observation overturns everything. */
const MOST = 1e4

/** As if the weight had just been seen where it stands. To cap single numbers would leave a matrix that is no covariance. */
function hold(covariance: Float64Array, size: number, weight: number): void {
  const own = covariance[weight * size + weight]!
  const share = (1 - MOST / own) / own
  for (let i = 0; i < size; i++) gain[i] = covariance[i * size + weight]!
  subtract(covariance, size, share, 1)
}

/** Takes `share` of `gain` times itself out. Mirrored, since forgetting would let a rounding error between the halves grow without end. */
function subtract(covariance: Float64Array, size: number, share: number, memory: number): void {
  for (let i = 0; i < size; i++) {
    const own = share * gain[i]!
    for (let j = i; j < size; j++) {
      const at = i * size + j
      covariance[at] = covariance[j * size + i] = (covariance[at]! - own * gain[j]!) / memory
    }
  }
}
