/** Whether a difference of means over the same prompts is more than chance. */
import { random } from '../../train/lesson.ts'
import { mean, quantile } from './metrics.ts'

export interface Difference {
  readonly mean: number
  readonly low: number
  readonly high: number
}

const DRAWS = 1000

/** Mean of a - b with the 95 % interval of a paired bootstrap over prompts. */
export function difference(a: readonly number[], b: readonly number[], seed: number): Difference {
  const apart = a.map((value, index) => value - b[index]!)
  const next = random(seed + 1)
  const draws = Array.from({ length: DRAWS }, () => {
    let sum = 0
    for (let i = 0; i < apart.length; i++) sum += apart[Math.floor(next() * apart.length)]!
    return sum / apart.length
  })
  return { mean: mean(apart), low: quantile(draws, 0.025), high: quantile(draws, 0.975) }
}
