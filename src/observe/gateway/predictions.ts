/** How answers came out against what the decision expected of them. Pure. */
import type { DecisionRecord } from '../../core/record.ts'
import type { AttemptRecord, Settlement } from '../../core/settlement.ts'

export type Predicted = 'input_tokens' | 'output_tokens' | 'ttft' | 'cost'

/**
 * Hands over actual / predicted, for what is known of both. Of counts only those that the backend told, and of whole
 * answers only: one that broke off says nothing about its length.
 */
export function predictionRatios(
  record: DecisionRecord,
  { answered, error, attempts, ttftMs }: Settlement,
  tell: (what: Predicted, ratio: number) => void,
): void {
  const answer = attempts.at(-1)
  if (!answered || answer === undefined) return
  const expected = expectedOf(record, answer)
  if (expected === null) return
  const compare = (what: Predicted, actual: number | null, predicted: number | null): void => {
    if (actual !== null && predicted !== null && predicted > 0) tell(what, actual / predicted)
  }
  compare('ttft', ttftMs, expected.ttft_ms)
  if (error !== null) return
  const { usage, cost } = answer
  if (usage !== null && !usage.estimated) {
    compare('input_tokens', usage.input, expected.input_tokens)
    compare('output_tokens', usage.output, expected.output_tokens)
  }
  if (cost !== null && !cost.estimated) compare('cost', cost.nanoUsd / 1e9, expected.cost_usd)
}

/** Null where the record does not list who answered. */
function expectedOf(
  { candidates }: DecisionRecord,
  { backend, model, effort }: AttemptRecord,
): DecisionRecord['candidates'][number]['expected'] | null {
  for (const candidate of candidates)
    if (candidate.backend === backend && candidate.model === model && candidate.effort === effort)
      return candidate.expected
  return null
}
