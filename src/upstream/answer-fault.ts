/** What is wrong with a whole answer that came with a good status. */
import type { GatewayError } from '../core/errors.ts'
import { readBody } from '../protocol/body.ts'
import type { AnswerTrack } from '../protocol/track.ts'
import type { Call } from './call.ts'
import { answerFault, badAnswer, statusOf } from './fault.ts'

/** Notes in `track` what the body tells; null where it is a good one. `retryAfterMs`: by its headers. */
export function faultOfAnswer(
  { backend, stream, asks }: Call,
  body: Buffer,
  track: AnswerTrack,
  retryAfterMs: () => number | null,
): GatewayError | null {
  const fault = readBody(body, track)
  if (fault === 'garbage') return badAnswer(backend, 'sent a body that is not JSON', 200)
  if (fault !== null) return answerFault(backend, statusOf(fault), fault, retryAfterMs(), asks)
  return stream ? badAnswer(backend, 'sent no event stream', 200) : null
}
