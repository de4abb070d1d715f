import type { GatewayError } from '../core/errors.ts'
import type { Trail } from '../core/trail.ts'
import type { RoutePlan, Verdict, Waste } from '../core/types.ts'
import type { AnswerTrack } from '../protocol/track.ts'

export interface Wasted {
  readonly plan: RoutePlan | null
  readonly trail: Trail
  /** Of the answer that had begun; null where none had. */
  readonly track: AnswerTrack | null
  readonly error: GatewayError | null
  readonly why: Verdict['why']
}

/**
 * What a request without a useful answer took from a backend. Without a usage (a stream that was left has none) it is
 * estimated: the prompt by its characters, the answer by its events. Null where no backend did any work.
 */
export function wasteOf(ending: Wasted): Waste | null {
  const reason = reasonOf(ending)
  if (reason === null) return null
  const { plan, track } = ending
  const usage = track?.usage ?? null
  const tokens =
    usage === null ? (plan?.record.profile.input_tokens ?? 0) + (track?.events ?? 0) : usage.input + usage.output
  return { reason, tokens }
}

function reasonOf({ trail, track, error, why }: Wasted): Waste['reason'] | null {
  if (error?.code === 'client_closed') return trail.attempts.length > 0 ? 'client_abort' : null
  if (track === null) return null
  if (error !== null) return 'truncated'
  if (why === 'refusal' || why === 'truncated' || why === 'empty') return why
  if (why !== 'finish') return 'invalid_output'
  return track.content ? 'truncated' : 'empty'
}
