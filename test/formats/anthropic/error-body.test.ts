import t from 'tap'
import { ERRORS, type ErrorCode, GatewayError, type Overflow } from '../../../src/core/errors.ts'
import { errorBody } from '../../../src/formats/anthropic/error-body.ts'

const TYPES: Readonly<Record<string, string>> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  405: 'invalid_request_error',
  413: 'request_too_large',
  415: 'invalid_request_error',
  421: 'invalid_request_error',
  426: 'invalid_request_error',
  429: 'rate_limit_error',
  499: 'invalid_request_error',
  500: 'api_error',
  502: 'api_error',
  503: 'overloaded_error',
  529: 'overloaded_error',
  504: 'timeout_error',
}

for (const code of Object.keys(ERRORS) as ErrorCode[])
  t.test(`${code} in Anthropic's envelope`, async (t) => {
    const error = new GatewayError(code, 'words')
    const type = code === 'upstream_quota' ? 'billing_error' : TYPES[error.status]
    t.strictSame(errorBody(error, { id: 'req-9', maxOutput: null }), {
      type: 'error',
      error: {
        type,
        message: code === 'context_length_exceeded' ? 'prompt is too long: words' : 'words',
        code,
        source: error.source,
      },
      request_id: 'req-9',
    })
  })

t.test('a status that a backend chose', async (t) => {
  const typeOf = (status: number): unknown =>
    errorBody(new GatewayError('invalid_request', 'x', { status, upstreamCode: 'own' }), { id: 'r', maxOutput: null })
  t.match(typeOf(422), { error: { type: 'invalid_request_error', code: 'own' } })
  t.match(typeOf(402), { error: { type: 'billing_error' } })
  t.match(typeOf(409), { error: { type: 'conflict_error' } })
})

const OVERFLOWS: readonly (readonly [overflow: Overflow | null, maxOutput: number | null, message: string])[] = [
  [{ tokens: 210_000, most: 200_000 }, null, 'prompt is too long: 210000 tokens > 200000 maximum'],
  [{ tokens: 210_000, most: 200_000 }, 32_000, 'prompt is too long: 210000 tokens > 200000 maximum'],
  [
    { tokens: 190_000, most: 200_000 },
    32_000,
    'input length and `max_tokens` exceed context limit: 190000 + 32000 > 200000, decrease input length or `max_tokens` and try again',
  ],
  [{ tokens: 190_000, most: 200_000 }, 5, 'prompt is too long: words'],
  [{ tokens: null, most: 200_000 }, 5, 'prompt is too long: words'],
  [{ tokens: 5, most: null }, 5, 'prompt is too long: words'],
  [null, null, 'prompt is too long: words'],
]

for (const [overflow, maxOutput, message] of OVERFLOWS)
  t.test(`too long by ${JSON.stringify(overflow)} with max_tokens ${maxOutput}`, async (t) => {
    const error = new GatewayError('context_length_exceeded', 'words', { overflow })
    t.match(errorBody(error, { id: 'r', maxOutput }), { error: { message } })
  })
