/** Output tokens: heavy-tailed, so kept as the mean and the variance of the logarithm, by topic. */
import type { Arm, TopicStats, TextFeatures } from '../../core/arm.ts'
import { Deviations } from './pooled.ts'
import { blend } from './topic-stats.ts'

const LENGTHS = new Deviations({ all: 1, topic: 1, model: 20, cell: 20, most: Infinity })
/** Variance of the logarithm where little was seen: a factor of two either way is usual. */
const SPREAD = 0.5
const NINETIETH = 1.2816

/** The usual number of tokens, reasoning included; `arm.factors` say what it means. */
export const usualLength = (arm: Arm, features: TextFeatures): number => Math.exp(logOf(arm, features))

const logOf = (arm: Arm, features: TextFeatures): number =>
  blend(arm.lengthPrior, features) + LENGTHS.of(arm.common.length, arm.family?.length ?? null, arm.length, features)

/** Observations that the guess of the variance is worth, and that of all models together for one of them. */
const VARIANCE_STRENGTH = 3
const OWN_VARIANCE = 20

/** See Arm.factors. Of a log-normal: the mean is above the median, the more so the wider it is. `common`: of all models; null: these are those. */
export function factorsOf(own: TopicStats, common: TopicStats | null = null): { mean: number; most: number } {
  const all = common ?? own
  const usual = (all.squares + VARIANCE_STRENGTH * SPREAD) / (all.total + VARIANCE_STRENGTH)
  const variance = common === null ? usual : (own.squares + OWN_VARIANCE * usual) / (own.total + OWN_VARIANCE)
  return { mean: Math.exp(variance / 2), most: Math.exp(NINETIETH * Math.sqrt(variance)) }
}

/** Of an arm that has answered its own, else what all have in common. */
export const factorsFor = ({ length, factors, common }: Arm): Arm['factors'] =>
  length.total === 0 ? common.factors : factors

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
    const pool = { common: arm.common.length, family: arm.family?.length ?? null, own: arm.length }
    LENGTHS.learn(pool, features, log - blend(arm.lengthPrior, features))
    Object.assign(arm.common.factors, factorsOf(arm.common.length))
    Object.assign(arm.factors, factorsOf(arm.length, arm.common.length))
  }
  arm.spent.reasoning = arm.spent.reasoning * MEMORY + Math.min(reasoning, output)
  arm.spent.output = arm.spent.output * MEMORY + output
}
