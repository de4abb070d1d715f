/** What a caller says afterwards about an answer. Pure. */
import { GatewayError } from '../../core/errors.ts'

export interface Feedback {
  readonly requestId: string
  /** 0 = of no use .. 1 = just right. */
  readonly score: number
}

/** Ids are at most as long as those that are taken over from callers. */
const ID_LENGTH = 128

/** Reads the parsed body of POST /v1/feedback; unknown fields are nobody's business. Throws `invalid_request`, which names the field. */
export function parseFeedback(body: unknown): Feedback {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw new GatewayError('invalid_request', 'The body must be a JSON object with `request_id` and `score`.')
  const { request_id: id, score } = body as Readonly<Record<string, unknown>>
  if (id === undefined)
    throw invalid('request_id', '`request_id` is missing; it is the `x-request-id` of the answer that you judge.')
  if (typeof id !== 'string' || id === '' || id.length > ID_LENGTH)
    throw invalid('request_id', `\`request_id\` must be a string of 1 to ${ID_LENGTH} characters.`)
  if (score === undefined) throw invalid('score', '`score` is missing; it is a number from 0 (of no use) to 1.')
  if (typeof score !== 'number' || !(score >= 0 && score <= 1))
    throw invalid('score', '`score` must be a number from 0 (of no use) to 1.')
  return { requestId: id, score }
}

const invalid = (param: string, message: string): GatewayError =>
  new GatewayError('invalid_request', message, { param })
