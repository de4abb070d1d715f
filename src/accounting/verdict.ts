/** What the end of a request says: whether its answer was of use, and what that tells about the model. Pure. */
import type { GatewayError } from '../core/errors.ts'
import type { Fit, Judgement, Verdict } from '../core/settlement.ts'
import type { GatewayRequest, RoutePlan } from '../core/types.ts'
import type { AnswerTrack } from '../protocol/track.ts'

export interface Judged {
  readonly request: GatewayRequest
  readonly plan: RoutePlan | null
  /** The answer; null where nobody answered. */
  readonly committed: {
    readonly exchange: { readonly track: AnswerTrack; readonly streamed: boolean; readonly body: Buffer | null }
  } | null
  readonly error: GatewayError | null
}

/** Finish reasons of a useful answer. Together says `eos`. */
const GOOD_FINISH: readonly string[] = ['stop', 'tool_calls', 'function_call', 'eos']
/** The answer was cut: at `max_tokens`, or where the context was full (Mistral). */
const CUT: ReadonlySet<string> = new Set(['length', 'model_length'])
/** By these the backend says that it failed, not its model. */
const BACKEND_FAULTS: ReadonlySet<string> = new Set([
  'error',
  'abort',
  'insufficient_system_resource',
  'unexpected_state',
])

/**
 * `fit`: how the content fits what was asked; null where nothing was to be checked, or the answer is of no use anyway: it is
 * judged by what was wrong first.
 */
export function verdictOf({ request, plan, committed, error }: Judged, fit: Fit | null): Verdict {
  if (error !== null) return of(null, error.code)
  if (committed === null) return of(null, 'unanswered')
  const { track, streamed, body } = committed.exchange
  // It went through in pieces, too large to be held: complete, and nobody has read it.
  if (!streamed && body === null) return UNCHECKED
  if (!request.endpoint.streams) return track.content ? WITHOUT_TEXT : of(null, 'empty')
  return verdictOfText(track, plan?.success.finish ?? GOOD_FINISH, fit)
}

function verdictOfText({ finish, content, refused }: AnswerTrack, good: readonly string[], fit: Fit | null): Verdict {
  if (refused || finish === 'content_filter') return of(0, 'refusal')
  if (finish === null) return of(null, 'finish')
  if (!good.includes(finish)) {
    if (BACKEND_FAULTS.has(finish)) return of(null, 'finish')
    if (CUT.has(finish)) return { ...of(0, 'truncated'), censored: true }
    if (content) return of(0, 'finish')
  }
  if (!content) return of(0, 'empty')
  if (fit === 'unchecked') return UNCHECKED
  return fit === null || fit === 'ok' ? USEFUL : of(0, fit)
}

const USEFUL: Verdict = { success: true, score: 1, censored: false, why: null }
const WITHOUT_TEXT: Verdict = { success: true, score: null, censored: false, why: null }
const UNCHECKED: Verdict = { success: true, score: null, censored: false, why: 'unchecked' }

/** Its content is still to be checked. */
export const PENDING: Judgement = { success: null, score: null, censored: false, why: null }

const of = (score: number | null, why: Verdict['why']): Verdict => ({ success: false, score, censored: false, why })
