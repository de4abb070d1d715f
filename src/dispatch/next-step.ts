/** What follows a failed attempt. Pure: the whole policy of retries is this table and `nextStep`. */
import type { ErrorCode, GatewayError } from '../core/errors.ts'

/**
 * - `stop`: the answer would be the same elsewhere, or the caller is gone.
 * - `next`: another backend may do better.
 * - `larger`: only one with a larger context may.
 */
export type Step = 'stop' | 'next' | 'larger'

const STEPS: Readonly<Partial<Record<ErrorCode, Step>>> = {
  upstream_unreachable: 'next',
  upstream_auth: 'next',
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
}

export function nextStep(error: GatewayError): Step {
  return STEPS[error.code] ?? 'stop'
}

/** Old engines answer 400 to `stream_options`, which the gateway adds: then the same backend is asked once more without it. */
export function refusesUsage(error: GatewayError): boolean {
  return error.code === 'invalid_request' && /stream_options|include_usage/.test(error.message)
}
