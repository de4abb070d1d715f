/**
 * Every way a request can fail: one closed table. The README's table is tested against it, both ways.
 * `type` is OpenAI's vocabulary, so that SDKs pick the right class; `source` says who erred.
 */
export type ErrorSource = 'caller' | 'policy' | 'upstream' | 'turnout'

interface ErrorRow {
  readonly status: number
  readonly type: string
  readonly source: ErrorSource
  readonly means: string
}

export const ERRORS = {
  invalid_json: { status: 400, type: 'invalid_request_error', source: 'caller', means: 'The body is not JSON, or not a JSON object.' },
  invalid_request: { status: 400, type: 'invalid_request_error', source: 'caller', means: 'A field is missing or wrong, by the gateway or by the backend.' },
  context_length_exceeded: { status: 400, type: 'invalid_request_error', source: 'caller', means: 'Prompt and requested output do not fit the context of any candidate.' },
  content_filter: { status: 400, type: 'invalid_request_error', source: 'upstream', means: "The backend's content filter refused the request." },
  unsupported: { status: 400, type: 'invalid_request_error', source: 'caller', means: 'No candidate can do what the request needs; the message names the need for each.' },
  invalid_api_key: { status: 401, type: 'authentication_error', source: 'caller', means: 'No key, or one that is not configured.' },
  forbidden: { status: 403, type: 'permission_error', source: 'policy', means: 'The key may not use this model or route.' },
  not_found: { status: 404, type: 'invalid_request_error', source: 'caller', means: 'No such path.' },
  model_not_found: { status: 404, type: 'invalid_request_error', source: 'caller', means: 'No backend, route or alias has this name.' },
  method_not_allowed: { status: 405, type: 'invalid_request_error', source: 'caller', means: 'The path exists for another method.' },
  body_too_large: { status: 413, type: 'invalid_request_error', source: 'caller', means: 'The body is over `limits.body`.' },
  unsupported_media_type: { status: 415, type: 'invalid_request_error', source: 'caller', means: 'The body is not application/json.' },
  rate_limit_exceeded: { status: 429, type: 'rate_limit_error', source: 'policy', means: "The key's requests per minute are used up; see retry-after." },
  client_closed: { status: 499, type: 'invalid_request_error', source: 'caller', means: 'The caller left before the answer was complete. Seen in logs only.' },
  internal_error: { status: 500, type: 'server_error', source: 'turnout', means: 'A fault of the gateway; the log has it under the request id.' },
  not_implemented: { status: 501, type: 'invalid_request_error', source: 'turnout', means: 'The path is planned, and this version does not have it.' },
  upstream_unsupported: { status: 501, type: 'server_error', source: 'upstream', means: 'The backend does not offer this endpoint for this model.' },
  upstream_unreachable: { status: 502, type: 'server_error', source: 'upstream', means: 'No connection: refused, reset, unknown host, TLS.' },
  upstream_auth: { status: 502, type: 'server_error', source: 'upstream', means: "The backend refuses the gateway's own credentials." },
  upstream_error: { status: 502, type: 'server_error', source: 'upstream', means: 'The backend answered with a server error.' },
  upstream_bad_response: { status: 502, type: 'server_error', source: 'upstream', means: 'The backend answered something that its protocol does not allow.' },
  upstream_incomplete: { status: 502, type: 'server_error', source: 'upstream', means: 'The answer broke off before its end.' },
  upstream_model_missing: { status: 502, type: 'server_error', source: 'upstream', means: 'The backend no longer serves the model that it announced.' },
  upstream_rate_limited: { status: 429, type: 'rate_limit_error', source: 'upstream', means: 'Every backend tried is at its own limit; see retry-after.' },
  upstream_quota: { status: 429, type: 'insufficient_quota', source: 'upstream', means: "The gateway's account at the backend has no credit left." },
  overloaded: { status: 503, type: 'server_error', source: 'upstream', means: 'The backend is full or still loading; see retry-after.' },
  no_backend: { status: 503, type: 'server_error', source: 'turnout', means: 'No backend is known that could be tried.' },
  shutting_down: { status: 503, type: 'server_error', source: 'turnout', means: 'The gateway is stopping and takes no new requests.' },
  connect_timeout: { status: 504, type: 'server_error', source: 'upstream', means: 'No connection within `limits.connect`.' },
  headers_timeout: { status: 504, type: 'server_error', source: 'upstream', means: 'No status line within `limits.headers`.' },
  ttft_timeout: { status: 504, type: 'server_error', source: 'upstream', means: 'No first token within `limits.ttft`.' },
  idle_timeout: { status: 504, type: 'server_error', source: 'upstream', means: 'The stream fell silent for longer than `limits.idle`.' },
  total_timeout: { status: 504, type: 'server_error', source: 'upstream', means: "Not finished within `limits.total` or the caller's deadline." },
} as const satisfies Record<string, ErrorRow>

export type ErrorCode = keyof typeof ERRORS

export interface ErrorDetails {
  readonly param?: string | null
  /** A 4xx of the backend that is passed on keeps its status (404, 413, 422, ..). */
  readonly status?: number
  /** When to come back; sent as retry-after and retry-after-ms. */
  readonly retryAfterMs?: number | null
  /** What happened underneath, for the log only: may name hosts. */
  readonly cause?: unknown
  /** HTTP status of the backend, where one came. */
  readonly upstreamStatus?: number | null
}

/** An expected failure. It carries no stack: at thousands a second a trace is cost without news. */
export class GatewayError extends Error {
  readonly code: ErrorCode
  readonly status: number
  readonly type: string
  readonly source: ErrorSource
  readonly param: string | null
  readonly retryAfterMs: number | null
  readonly upstreamStatus: number | null

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    const limit = Error.stackTraceLimit
    Error.stackTraceLimit = 0
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    Error.stackTraceLimit = limit
    const row = ERRORS[code]
    this.code = code
    this.status = details.status ?? row.status
    this.type = row.type
    this.source = row.source
    this.param = details.param ?? null
    this.retryAfterMs = details.retryAfterMs ?? null
    this.upstreamStatus = details.upstreamStatus ?? null
  }
}

/** Whatever was thrown, as an error of the table. */
export function toGatewayError(thrown: unknown): GatewayError {
  if (thrown instanceof GatewayError) return thrown
  return new GatewayError('internal_error', 'The gateway failed to handle this request.', { cause: thrown })
}

/** The body of an error answer, in the envelope of the caller's protocol. Shape: design 2.4. */
export function toEnvelope(error: GatewayError, protocol: 'openai' | 'anthropic' = 'openai'): object {
  const { message, type, param, code, source } = error
  if (protocol === 'anthropic') return { type: 'error', error: { type: ANTHROPIC_TYPES[error.status] ?? anthropicClass(error.status), message, code, source } }
  return { error: { message, type, param, code, source } }
}

const ANTHROPIC_TYPES: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  503: 'overloaded_error',
  504: 'timeout_error',
}

const anthropicClass = (status: number): string => (status < 500 ? 'invalid_request_error' : 'api_error')
