/** `POST /v1/feedback`: somebody says how good an answer was, which teaches the choice of the next. */
import { GatewayError } from '../../core/errors.ts'
import { parseFeedback } from './feedback-body.ts'
import type { Stages } from '../../pipeline.ts'
import type { Incoming } from '../gateway-request.ts'

/** An id and a number are less; it is parsed in one go. */
const MOST_BYTES = 64 * 1024

/** What the caller gets; throws what is wrong with it. An answer can be judged once, by the key that it was given to. Ignored: the operator wants nothing learnt from it. */
export function takeFeedback(
  { raw, principal }: Incoming,
  { books, lessons }: Pick<Stages, 'books' | 'lessons'>,
): { readonly status: 'learnt' | 'ignored' } {
  const { requestId, score } = parseFeedback(parse(raw))
  if (!lessons.from.feedback) return { status: 'ignored' }
  books.flush()
  if (lessons.judge(requestId, principal.id, score)) return { status: 'learnt' }
  throw new GatewayError(
    'answer_not_found',
    `No answer "${requestId}" can be judged by this key: it is unknown, more than ten thousand answers ago, or was judged already.`,
    { param: 'request_id' },
  )
}

function parse(raw: Buffer): unknown {
  if (raw.length > MOST_BYTES)
    throw new GatewayError(
      'body_too_large',
      `The body is larger than ${MOST_BYTES} bytes; send \`request_id\` and \`score\` alone.`,
    )
  try {
    return JSON.parse(raw.toString())
  } catch {
    throw new GatewayError('invalid_json', 'The body is not JSON.')
  }
}
