/** A policy at every setting of its trade-off: argmax of success - lambda x cost, judged by what really happened. */
import type { Point } from './hull.ts'
import { meanOf, type Truth } from './pool.ts'
import type { Prediction } from './scorer.ts'

/** The choices of one setting: by prompt, the column of the chosen model. */
export interface Setting {
  readonly lambda: number
  readonly choices: Uint16Array
}

const STEPS = 200

/**
 * Settings from pure quality (0) to pure cost (Infinity), between them evenly spaced by logarithm: from where the mean cost of
 * the dearest model weighs a ten-thousandth of a good answer to where that of the cheapest one weighs ten.
 */
export function lambdasOf(predictions: readonly Prediction[]): number[] {
  const width = predictions[0]?.cost.length ?? 0
  const means = Array.from({ length: width }, (_, column) => meanOf(predictions, ({ cost }) => cost[column]!) ?? 0)
  const paid = means.filter((mean) => mean > 0)
  if (paid.length === 0) return [0, Infinity]
  const from = Math.log(1e-4 / Math.max(...paid))
  const to = Math.log(10 / Math.min(...paid))
  const between = Array.from({ length: STEPS }, (_, step) => Math.exp(from + ((to - from) * step) / (STEPS - 1)))
  return [0, ...between, Infinity]
}

/** The model that a setting prefers; of equals the cheaper one. */
export function choose({ success, cost }: Prediction, lambda: number): number {
  let best = 0
  for (let column = 1; column < success.length; column++) {
    const gain =
      lambda === Infinity
        ? cost[best]! - cost[column]!
        : success[column]! - success[best]! - lambda * (cost[column]! - cost[best]!)
    const tie = lambda === Infinity ? success[column]! > success[best]! : cost[column]! < cost[best]!
    if (gain > 0 || (gain === 0 && tie)) best = column
  }
  return best
}

/** What each setting chooses for each prompt. */
export function sweep(predictions: readonly Prediction[]): Setting[] {
  return lambdasOf(predictions).map((lambda) => ({
    lambda,
    choices: Uint16Array.from(predictions, (prediction) => choose(prediction, lambda)),
  }))
}

/** The setting's mean quality and cost over the prompts. */
export function pointOf({ choices }: Pick<Setting, 'choices'>, { score, cost, width }: Truth): Point {
  let quality = 0
  let spent = 0
  for (let row = 0; row < choices.length; row++) {
    const at = row * width + choices[row]!
    quality += score[at]!
    spent += cost[at]!
  }
  return { cost: spent / choices.length, quality: quality / choices.length }
}
