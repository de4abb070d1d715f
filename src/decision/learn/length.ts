/** Output tokens: heavy-tailed, so kept as the mean and the variance of the logarithm, by topic. */
import type { Arm, TopicStats, TextFeatures } from '../../core/arm.ts'
import { blend, deviation, recordValue } from './topic-stats.ts'

/** Observations that the mean over all topics is worth, and before that the prior. */
const STRENGTH = 3
/** Variance of the logarithm where little was seen: a factor of two either way is usual. */
const SPREAD = 0.5
const NINETIETH = 1.2816

/** The usual number of tokens, reasoning included; `arm.factors` say what it means. */
export const usualLength = (arm: Arm, features: TextFeatures): number => Math.exp(logOf(arm, features))

const logOf = (arm: Arm, features: TextFeatures): number =>
  blend(arm.lengthPrior, features) + deviation(arm.length, features, STRENGTH, parentOf(arm, features))

const parentOf = ({ family }: Arm, features: TextFeatures): number =>
  family === null ? 0 : deviation(family.length, features, STRENGTH)

/** See Arm.factors. Of a log-normal: the mean is above the median, the more so the wider it is. */
export function factorsOf({ squares, total }: TopicStats): { mean: number; most: number } {
  const variance = (squares + STRENGTH * SPREAD) / (total + STRENGTH)
  return { mean: Math.exp(variance / 2), most: Math.exp(NINETIETH * Math.sqrt(variance)) }
}

/** Tokens that the prior's word on the share of reasoning is worth. */
const SHARE_STRENGTH = 2000

/** Of the output. */
export const reasoningShare = ({ spent, reasoningPrior }: Arm): number =>
  (spent.reasoning + SHARE_STRENGTH * reasoningPrior) / (spent.output + SHARE_STRENGTH)

const MEMORY = 0.995

/** An answer took `output` tokens, `reasoning` of them for thinking. `cut`: it was not finished, so it would have taken more. */
export function learnLength(arm: Arm, features: TextFeatures, output: number, reasoning: number, cut: boolean): void {
  const log = Math.log(1 + output)
  // Cut below what was expected, it tells nothing of the length: taken in, it would make the expectation lower, or only surer.
  if (!cut || log > logOf(arm, features)) {
    const apart = log - blend(arm.lengthPrior, features)
    recordValue(arm.length, features, apart, STRENGTH, parentOf(arm, features))
    if (arm.family !== null) recordValue(arm.family.length, features, apart, STRENGTH)
    Object.assign(arm.factors, factorsOf(arm.length))
  }
  arm.spent.reasoning = arm.spent.reasoning * MEMORY + Math.min(reasoning, output)
  arm.spent.output = arm.spent.output * MEMORY + output
}
