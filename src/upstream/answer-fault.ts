/** What is wrong with a whole answer. */
import type { GatewayError } from '../core/errors.ts'
import { readBody } from '../protocol/body.ts'
import { Closure } from '../protocol/closure.ts'
import { formOf, withoutMark } from '../protocol/form.ts'
import type { AnswerTrack } from '../protocol/track.ts'
import { readFault } from '../protocol/upstream-error.ts'
import type { Call } from './call.ts'
import { answerFault, badAnswer, brokenOff, statusOf } from './fault.ts'

/** Of one with a good status: notes in `track` what the body tells; null where it is a good one. `retryAfterMs`: by its headers. */
export function faultOfAnswer(
  { backend, asks }: Call,
  body: Buffer,
  track: AnswerTrack,
  retryAfterMs: () => number | null,
): GatewayError | null {
  const fault = readBody(body, track)
  if (fault === null) return null
  if (fault !== 'garbage') return answerFault(backend, statusOf(fault), fault, retryAfterMs(), asks)
  return isCut(body) ? brokenOff(backend) : badAnswer(backend, 'sent a body that is not JSON', 200)
}

/** What an answer with a bad status says. */
export const refusalOf = (
  { backend, asks }: Call,
  status: number,
  body: Buffer,
  retryAfterMs: number | null,
): GatewayError => answerFault(backend, status, readFault(withoutMark(body).toString()), retryAfterMs, asks)

/** Without a length the end of the connection looks like the end of the body. */
function isCut(body: Buffer): boolean {
  if (formOf(body) !== 'json') return false
  const closure = new Closure()
  closure.push(body)
  return !closure.closed
}
