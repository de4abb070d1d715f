/** How answers came out against what the decision expected of them. Pure. */
import { firstAnswer, type RequestRecord, soleAnswer } from '../../core/request-record.ts'

export type Predicted = 'input_tokens' | 'output_tokens' | 'ttft' | 'cost'

/**
 * Hands over actual / predicted, for what is known of both. Of counts only those that the backend reported, and of whole answers
 * only: one that broke off, or came from several calls, says nothing about its length.
 */
export function predictionRatios(record: RequestRecord, observe: (what: Predicted, ratio: number) => void): void {
  const compare = (what: Predicted, actual: number | null, predicted: number | null): void => {
    if (actual !== null && predicted !== null && predicted > 0) observe(what, actual / predicted)
  }
  compare('ttft', record.ttftMs, firstAnswer(record)?.expected?.ttftMs ?? null)
  const answer = record.error === null ? soleAnswer(record) : null
  if (answer === null || answer.expected === null) return
  const { usage, cost, expected } = answer
  if (usage !== null && !usage.estimated) {
    compare('input_tokens', usage.input, expected.input)
    compare('output_tokens', usage.output, expected.output)
  }
  if (cost !== null && !cost.estimated) compare('cost', cost.nanoUsd, expected.nanoUsd)
}
