/** Output tokens: heavy-tailed, so kept as the mean and the variance of the logarithm, by topic. */
import type { Arm } from '../core/arm.ts'
import type { TextSense } from '../core/types.ts'
import { blend, deviation, record } from './cells.ts'

/** Observations that the mean over all topics is worth, and before that the prior. */
const STRENGTH = 3
/** Variance of the logarithm where little was seen: a factor of two either way is usual. */
const SPREAD = 0.5
const NINETIETH = 1.2816

export interface Length {
  /** Expected tokens, reasoning included. */
  readonly mean: number
  readonly reasoning: number
  /** Nine of ten answers are shorter. */
  readonly most: number
}

/** `limit`: what the caller allows; null = no limit. */
export function lengthOf(arm: Arm, sense: TextSense, limit: number | null): Length {
  const log = logOf(arm, sense)
  const variance = varianceOf(arm)
  const cap = limit ?? Infinity
  const mean = Math.min(cap, Math.max(1, Math.exp(log + variance / 2) - 1))
  const most = Math.min(cap, Math.max(1, Math.exp(log + NINETIETH * Math.sqrt(variance)) - 1))
  return { mean, most, reasoning: mean * reasoningShare(arm) }
}

const logOf = (arm: Arm, sense: TextSense): number =>
  blend(arm.lengthPrior, sense) + deviation(arm.length, sense, STRENGTH)

const varianceOf = ({ length }: Arm): number => (length.squares + STRENGTH * SPREAD) / (length.total + STRENGTH)

/** Tokens that the prior's word on the share of reasoning is worth. */
const SHARE_STRENGTH = 2000

const reasoningShare = ({ spent, reasoningPrior }: Arm): number =>
  (spent.reasoning + SHARE_STRENGTH * reasoningPrior) / (spent.output + SHARE_STRENGTH)

const MEMORY = 0.995

/** An answer took `output` tokens, `reasoning` of them for thinking. `cut`: it was not finished, so it would have taken more. */
export function learnLength(arm: Arm, sense: TextSense, output: number, reasoning: number, cut: boolean): void {
  const log = Math.log(1 + output)
  const expected = logOf(arm, sense)
  record(arm.length, sense, (cut ? Math.max(log, expected) : log) - blend(arm.lengthPrior, sense), STRENGTH)
  arm.spent.reasoning = arm.spent.reasoning * MEMORY + Math.min(reasoning, output)
  arm.spent.output = arm.spent.output * MEMORY + output
}
