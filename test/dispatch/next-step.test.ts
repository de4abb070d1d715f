import t from 'tap'
import { type ErrorCode, ERRORS, GatewayError, type Step } from '../../src/core/errors.ts'
import { nextStep } from '../../src/dispatch/next-step.ts'

/** Every code of the table: a new one does not compile here until somebody has thought about it. */
const EXPECTED: Readonly<Record<ErrorCode, Step>> = {
  // The request itself is wrong, or may not be made: the same everywhere.
  invalid_json: 'stop',
  gateway_overloaded: 'stop',
  answer_too_large: 'stop',
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
  websocket_not_served: 'stop',
  body_too_large: 'stop',
  unsupported_media_type: 'stop',
  rate_limit_exceeded: 'stop',
  budget_exceeded: 'stop',
  budget_store_unavailable: 'stop',
  answer_store_unavailable: 'stop',
  // Nobody waits for an answer, or no time is left.
  client_closed: 'stop',
  shutting_down: 'stop',
  total_timeout: 'stop',
  deadline_exceeded: 'stop',
  // Ours.
  internal_error: 'stop',
  not_implemented: 'stop',
  at_capacity: 'stop',
  no_backend: 'stop',
  // A larger window may do.
  context_length_exceeded: 'larger',
  // This model's trouble, or its backend's.
  upstream_cannot: 'next',
  upstream_unsupported: 'next',
  upstream_unreachable: 'next',
  upstream_auth: 'next',
  upstream_error: 'next',
  upstream_bad_response: 'next',
  upstream_incomplete: 'next',
  upstream_model_missing: 'next',
  upstream_rate_limited: 'next',
  upstream_quota: 'next',
  overloaded: 'next',
  engine_failed: 'next',
  connect_timeout: 'next',
  headers_timeout: 'next',
  ttft_timeout: 'next',
  idle_timeout: 'next',
  trimmed: 'stop',
}

for (const code of Object.keys(ERRORS) as ErrorCode[])
  t.test(`after ${code}: ${EXPECTED[code]}`, async (t) =>
    t.equal(nextStep(new GatewayError(code, 'x')), EXPECTED[code]),
  )

t.test('nobody else is asked for what the caller or the gateway got wrong', async (t) => {
  for (const code of Object.keys(ERRORS) as ErrorCode[])
    if (ERRORS[code].source !== 'upstream' && code !== 'context_length_exceeded')
      t.equal(nextStep(new GatewayError(code, 'x')), 'stop', code)
})
