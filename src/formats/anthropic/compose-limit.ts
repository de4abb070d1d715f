/** The limit of an answer, which this format cannot leave open. Pure. */
import type { Deployment } from '../../core/types.ts'
import type { Composing } from '../format.ts'

/** Where nothing is known of the model. */
const USUAL = 4_096
/** Smaller answers are of no use: a prompt that leaves no more room is refused as too long. */
const LEAST = 1_024
/** What the estimate of a prompt may be wrong by. */
const SPARE = 1.25

/** A limit that a model was found to have: an adaptation, by name. */
const FOUND = 'max_tokens:'

export const limitFound = (tokens: number): string => FOUND + String(tokens)

/** A limit that was learnt leaves room for the thoughts that are asked for. `budget`: tokens of those; null: there is no number for them. */
export const loweredTo = (
  { maxTokens, learnt }: Pick<Composing, 'maxTokens' | 'learnt'>,
  budget: number | null,
): number | null =>
  maxTokens === null || budget === null || learnt !== true ? maxTokens : Math.max(maxTokens, budget + LEAST)

/** `own`: the caller's limit. Without one it is as long an answer as the model gives, and as fits into its context beside the prompt. */
export function answerLimit(
  own: number | null,
  { facts: { context, maxOutput } }: Deployment,
  { maxTokens, inputTokens, changes }: Pick<Composing, 'maxTokens' | 'inputTokens' | 'changes'>,
): number {
  if (own !== null) return Math.min(own, maxTokens ?? Infinity)
  const room = context === null ? Infinity : Math.max(LEAST, context - Math.ceil(SPARE * inputTokens) - LEAST)
  const found = changes.filter((name) => name.startsWith(FOUND)).map((name) => Number(name.slice(FOUND.length)))
  const most = Math.min(maxOutput ?? (context === null ? USUAL : context / 2), room, ...found)
  return Math.min(Math.floor(most), maxTokens ?? Infinity)
}
