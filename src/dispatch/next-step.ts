/** What follows a failed attempt. Pure: the whole policy of retries is this table and `nextStep`. */
import type { ErrorCode, GatewayError } from '../core/errors.ts'

/**
 * - `stop`: the answer would be the same elsewhere, or the caller is gone.
 * - `next`: another backend may do better.
 * - `larger`: only one with a larger context may.
 */
export type Step = 'stop' | 'next' | 'larger'

/** Every code of the table: a new one does not compile without its step. */
const STEPS: Readonly<Record<ErrorCode, Step>> = {
  upstream_unreachable: 'next',
  upstream_auth: 'next',
  upstream_cannot: 'next',
  upstream_error: 'next',
  upstream_bad_response: 'next',
  upstream_incomplete: 'next',
  upstream_model_missing: 'next',
  upstream_rate_limited: 'next',
  upstream_quota: 'next',
  upstream_unsupported: 'next',
  overloaded: 'next',
  connect_timeout: 'next',
  headers_timeout: 'next',
  ttft_timeout: 'next',
  idle_timeout: 'next',
  context_length_exceeded: 'larger',
  // The request is wrong, refused by a policy or by a filter: the same everywhere.
  invalid_json: 'stop',
  invalid_request: 'stop',
  content_filter: 'stop',
  unsupported: 'stop',
  invalid_api_key: 'stop',
  forbidden: 'stop',
  host_not_allowed: 'stop',
  origin_not_allowed: 'stop',
  not_found: 'stop',
  model_not_found: 'stop',
  answer_not_found: 'stop',
  method_not_allowed: 'stop',
  body_too_large: 'stop',
  unsupported_media_type: 'stop',
  rate_limit_exceeded: 'stop',
  budget_exceeded: 'stop',
  limits_away: 'stop',
  // Nobody waits any more, or it is the gateway's own.
  client_closed: 'stop',
  shutting_down: 'stop',
  total_timeout: 'stop',
  deadline_exceeded: 'stop',
  internal_error: 'stop',
  not_implemented: 'stop',
  gateway_overloaded: 'stop',
  answer_too_large: 'stop',
  no_backend: 'stop',
}

export const nextStep = (error: GatewayError): Step => STEPS[error.code]

/** Old engines answer 400 to `stream_options`, which the gateway adds: then the same backend is asked once more without it. */
export function refusesUsage(error: GatewayError): boolean {
  return error.code === 'invalid_request' && /stream_options|include_usage/.test(error.message)
}
