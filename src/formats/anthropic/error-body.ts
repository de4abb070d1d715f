/** Errors as Anthropic's clients read them. Pure. */
import type { ErrorCode, GatewayError } from '../../core/errors.ts'
import type { Failing } from '../format.ts'

export const errorBody = (error: GatewayError, { id, maxOutput }: Failing): object => ({
  type: 'error',
  error: {
    type: typeOf(error),
    message: error.code === 'context_length_exceeded' ? overflowMessage(error, maxOutput) : error.message,
    // A backend's own code, where it is passed on: clients act on it.
    code: error.upstreamCode ?? error.code,
    source: error.source,
  },
  request_id: id,
})

/** Backends and gateways that are full answer 503 elsewhere. */
const OVERLOADED = 529
const FULL: ReadonlySet<ErrorCode> = new Set(['overloaded', 'gateway_overloaded', 'at_capacity'])

export const statusOf = ({ code, status }: GatewayError): number => (FULL.has(code) ? OVERLOADED : status)

const TYPES: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  402: 'billing_error',
  403: 'permission_error',
  404: 'not_found_error',
  408: 'timeout_error',
  409: 'conflict_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  503: 'overloaded_error',
  504: 'timeout_error',
  [OVERLOADED]: 'overloaded_error',
}

function typeOf({ status, code }: GatewayError): string {
  if (code === 'upstream_quota') return 'billing_error'
  return TYPES[status] ?? (status < 500 ? 'invalid_request_error' : 'api_error')
}

/** Agents make their conversation shorter, or ask for a shorter answer, where they read one of these sentences, and by its numbers. */
function overflowMessage({ overflow, message }: GatewayError, maxOutput: number | null): string {
  const { tokens = null, most = null } = overflow ?? {}
  if (tokens !== null && most !== null) {
    if (tokens > most) return `prompt is too long: ${tokens} tokens > ${most} maximum`
    if (maxOutput !== null && tokens + maxOutput > most)
      return `input length and \`max_tokens\` exceed context limit: ${tokens} + ${maxOutput} > ${most}, decrease input length or \`max_tokens\` and try again`
  }
  return `prompt is too long: ${message}`
}
