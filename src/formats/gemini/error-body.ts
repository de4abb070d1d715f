/** The body of an error answer, in Google's envelope. Pure. */
import type { GatewayError } from '../../core/errors.ts'

/** Google's word for a status; others by their class. */
const WORDS: Readonly<Record<number, string>> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  409: 'ABORTED',
  429: 'RESOURCE_EXHAUSTED',
  499: 'CANCELLED',
  500: 'INTERNAL',
  501: 'UNIMPLEMENTED',
  502: 'UNAVAILABLE',
  503: 'UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
}

const TYPE = 'type.googleapis.com/google.rpc.'

export function errorBody(error: GatewayError): object {
  const { status, code, upstreamCode, source, param, retryAfterMs } = error
  const description = messageOf(error)
  const details = [
    {
      '@type': `${TYPE}ErrorInfo`,
      reason: (upstreamCode ?? code).toUpperCase(),
      domain: 'turnout',
      metadata: { source },
    },
    ...(param === null ? [] : [{ '@type': `${TYPE}BadRequest`, fieldViolations: [{ field: param, description }] }]),
    ...(retryAfterMs === null ? [] : [{ '@type': `${TYPE}RetryInfo`, retryDelay: `${retryAfterMs / 1000}s` }]),
  ]
  const word = WORDS[status] ?? (status < 500 ? 'INVALID_ARGUMENT' : 'INTERNAL')
  return { error: { code: status, message: description, status: word, details } }
}

/** Clients know a prompt that is too long by these words. */
const TOO_LONG = 'The input token count exceeds the maximum number of tokens allowed'

const messageOf = ({ code, message }: GatewayError): string =>
  code !== 'context_length_exceeded' || /input token count/i.test(message) ? message : `${TOO_LONG}. ${message}`
