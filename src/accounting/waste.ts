import type { GatewayError } from '../core/errors.ts'
import type { Usage, Verdict, Waste } from '../core/settlement.ts'
import type { AnswerState } from '../formats/answer-state.ts'

export interface Wasted {
  /** Of the answer that had begun. */
  readonly track: AnswerState
  readonly usage: Usage | null
  readonly error: GatewayError | null
  readonly why: Verdict['why']
}

/** What an answer took that was of no use. Null for a useful one. */
export function wasteOf(ending: Wasted): Waste | null {
  const reason = reasonOf(ending)
  const { usage } = ending
  return reason === null ? null : { reason, tokens: usage === null ? 0 : usage.input + usage.output }
}

function reasonOf({ track, error, why }: Wasted): Waste['reason'] | null {
  if (error?.code === 'client_closed') return 'client_abort'
  if (error !== null) return 'truncated'
  if (why === null || why === 'unchecked') return null
  if (why === 'refusal' || why === 'truncated' || why === 'empty') return why
  if (why !== 'finish') return 'invalid_output'
  return track.content ? 'truncated' : 'empty'
}
