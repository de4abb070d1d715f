/** What is wrong with a whole answer. */
import type { GatewayError } from '../../core/errors.ts'
import { inSlices } from '../../core/slices.ts'
import { Closure } from '../../formats/json/closure.ts'
import { formOf, withoutMark } from '../../formats/form.ts'
import { LARGE_ANSWER_BYTES } from '../../formats/json/outline.ts'
import type { BodyVerdict } from '../../formats/format.ts'
import type { Call } from './call.ts'
import { answerFault, badAnswer, brokenOff, statusOf } from './fault.ts'

/**
 * Of one with a good status: notes what the body reports; null where it is a good one. `retryAfterMs`: by its headers.
 * A promise for a large one, which is read in slices: streams of others go on meanwhile. Never throws, and it never rejects.
 */
export function faultOfAnswer(
  call: Call,
  body: Buffer,
  retryAfterMs: () => number | null,
): GatewayError | null | Promise<GatewayError | null> {
  const judged = (fault: BodyVerdict): GatewayError | null => faultOf(fault, call, body, retryAfterMs)
  const strange = (): GatewayError => badAnswer(call.backend, 'sent an answer of a shape that is not known', 200)
  if (body.length <= LARGE_ANSWER_BYTES)
    try {
      return judged(call.answer.body(body))
    } catch {
      return strange()
    }
  return inSlices(call.answer.bodyInSteps(body)).then(judged).catch(strange)
}

function faultOf(
  fault: BodyVerdict,
  { backend, asks }: Call,
  body: Buffer,
  retryAfterMs: () => number | null,
): GatewayError | null {
  if (fault === null) return null
  if (fault !== 'garbage') return answerFault(backend, statusOf(fault), fault, retryAfterMs(), asks)
  return isCut(body) ? brokenOff(backend) : badAnswer(backend, 'sent a body that is not JSON', 200)
}

/**
 * A good answer as it was asked for: as it came, of which its format takes note, or as the events of a stream. Null where it has
 * none, or its format throws: others may have come with it, which are still to be read.
 */
export function takenWhole({ stream, answer }: Call, body: Buffer): Buffer | null {
  try {
    if (stream) return answer.asEvents(body)
    answer.complete(Date.now())
    return body
  } catch {
    return null
  }
}

/** What an answer with a bad status says. */
export const answerRefusalOf = (
  { backend, format, asks }: Call,
  status: number,
  body: Buffer,
  retryAfterMs: number | null,
): GatewayError => answerFault(backend, status, format.readFault(withoutMark(body).toString()), retryAfterMs, asks)

/** Without a length the end of the connection looks like the end of the body. */
function isCut(body: Buffer): boolean {
  if (formOf(body) !== 'json') return false
  const closure = new Closure()
  closure.push(body)
  return !closure.closed
}
