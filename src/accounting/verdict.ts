/** What the end of a request says: whether its answer was of use, and what that tells about the model. Pure. */
import { GOOD_FINISHES } from '../core/finish.ts'
import type { Exchange } from '../backends/upstream/exchange.ts'
import type { GatewayError } from '../core/errors.ts'
import type { CheckResult, Judgement, Verdict } from '../core/settlement.ts'
import type { GatewayRequest, RoutePlan } from '../core/types.ts'
import type { AnswerState } from '../formats/answer-state.ts'

/** A request that has ended, as far as its verdict goes. */
export interface JudgedRequest {
  readonly request: GatewayRequest
  readonly plan: RoutePlan | null
  /** The last attempt that answered; null where none did. */
  readonly answer: { readonly exchange: Pick<Exchange, 'track' | 'streamed' | 'body'> } | null
  readonly error: GatewayError | null
}

/**
 * `fit`: how the content fits what was asked; null where nothing was to be checked, or the answer is of no use anyway: it is
 * judged by what was wrong first.
 */
export function verdictOf({ request, plan, answer, error }: JudgedRequest, fit: CheckResult | null): Verdict {
  if (error !== null) return of(null, error.code)
  if (answer === null) return of(null, 'unanswered')
  const { track, streamed, body } = answer.exchange
  // It went through in pieces, too large to be held: complete, and nobody has read it.
  if (!streamed && (body === null || track.unread)) return UNCHECKED
  if (!request.endpoint.streams) return track.content ? WITHOUT_TEXT : of(null, 'empty')
  return verdictOfText(track, plan?.success.finish ?? null, fit)
}

/** `wanted`: finish reasons that count on this route, as classes or as the engine's own words; null = the usual ones. */
function verdictOfText(track: AnswerState, wanted: readonly string[] | null, fit: CheckResult | null): Verdict {
  const { finish, content, refused } = track
  if (refused || finish === 'content_filter') return of(0, 'refusal')
  // At a proper end: what the engine calls it, or that it calls it nothing, says nothing about the answer.
  const unknown = wanted === null && (finish === null || finish === 'unknown')
  if (!unknown && !counts(track, wanted ?? GOOD_FINISHES)) {
    if (finish === null || finish === 'error') return of(null, 'finish')
    if (finish === 'length') return { ...of(0, 'truncated'), censored: true }
    if (content) return of(0, 'finish')
  }
  if (!content) return of(0, 'empty')
  if (fit !== null && fit !== 'ok' && fit !== 'unchecked') return of(0, fit)
  return unknown || fit === 'unchecked' ? UNCHECKED : USEFUL
}

const counts = ({ finish, finishWord }: AnswerState, good: readonly string[]): boolean =>
  good.includes(finish ?? '') || good.includes(finishWord ?? '')

const USEFUL: Verdict = { success: true, score: 1, censored: false, why: null }
const WITHOUT_TEXT: Verdict = { success: true, score: null, censored: false, why: null }
const UNCHECKED: Verdict = { success: true, score: null, censored: false, why: 'unchecked' }

/** Its content is still to be checked. */
export const PENDING: Judgement = { success: null, score: null, censored: false, why: null }

const of = (score: number | null, why: Verdict['why']): Verdict => ({ success: false, score, censored: false, why })
