/** A whole answer that came with a good status: its body as the caller should see it, or what is wrong with it. */
import { GatewayError } from '../core/errors.ts'
import { readBody } from '../protocol/body.ts'
import type { AnswerTrack } from '../protocol/track.ts'
import type { Call } from './call.ts'
import { answerFault, badAnswer, statusOf } from './fault.ts'

/** Notes in `track` what the body tells. `retryAfterMs`: by its headers. */
export function readAnswer(
  { backend, stream, finish }: Call,
  body: Buffer,
  track: AnswerTrack,
  retryAfterMs: number | null,
): Buffer | GatewayError {
  const fault = readBody(body, track)
  if (fault === 'garbage') return badAnswer(backend, 'sent a body that is not JSON', 200)
  if (fault !== null) return answerFault(backend, statusOf(fault), fault, retryAfterMs)
  if (stream) return badAnswer(backend, 'sent no event stream', 200)
  try {
    return finish(body)
  } catch {
    // What was thrown may quote the answer.
    return badAnswer(backend, 'sent an answer of a shape that is not known', 200)
  }
}
