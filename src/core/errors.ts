/**
 * Every way a request can fail: one closed table. The README's table is tested against it, both ways.
 * `type` is OpenAI's vocabulary, so that SDKs pick the right class; `source` says who erred.
 */
import type { DecisionRecord } from './record.ts'

/** Whom a refusal of a backend is about: nobody but the request, one model, or all models of the backend. */
export type Scope = 'request' | 'model' | 'backend'

export type ErrorSource = 'caller' | 'policy' | 'upstream' | 'turnout'

interface ErrorRow {
  readonly status: number
  readonly type: string
  readonly source: ErrorSource
  readonly means: string
}

const row = <S extends ErrorSource>(status: number, type: string, source: S, means: string) => ({
  status,
  type,
  source,
  means,
})

const INVALID = 'invalid_request_error'
const SERVER = 'server_error'

export const ERRORS = {
  invalid_json: row(400, INVALID, 'caller', 'The body is not JSON, or not a JSON object.'),
  invalid_request: row(400, INVALID, 'caller', 'A field is missing or wrong, by the gateway or by the backend.'),
  context_length_exceeded: row(
    400,
    INVALID,
    'caller',
    'Prompt and requested output do not fit the context of any candidate.',
  ),
  content_filter: row(400, INVALID, 'upstream', "The backend's content filter refused the request."),
  unsupported: row(
    400,
    INVALID,
    'caller',
    'No candidate can do what the request needs; the message names the need for each.',
  ),
  upstream_cannot: row(
    400,
    INVALID,
    'upstream',
    'The model cannot do what the request needs, in the words and with the code of its backend.',
  ),
  invalid_api_key: row(401, 'authentication_error', 'caller', 'No key, or one that is unknown, expired or revoked.'),
  forbidden: row(403, 'permission_error', 'policy', 'The key may not use this model or route, or may only read.'),
  host_not_allowed: row(
    421,
    'permission_error',
    'policy',
    'Without keys only hosts of its own are answered for: loopback, `server.host`, `server.hosts`.',
  ),
  origin_not_allowed: row(
    403,
    'permission_error',
    'policy',
    'Without keys only pages of its own, and of `server.cors.origins`, may call.',
  ),
  not_found: row(404, INVALID, 'caller', 'No such path; in the admin API also: nothing of this name.'),
  model_not_found: row(404, INVALID, 'caller', 'No backend, route or alias has this name.'),
  answer_not_found: row(
    404,
    INVALID,
    'caller',
    'No answer of this id can be judged by this key: unknown, too long ago, judged already.',
  ),
  method_not_allowed: row(405, INVALID, 'caller', 'The path exists for another method.'),
  body_too_large: row(413, INVALID, 'caller', 'The body is over `limits.body`.'),
  unsupported_media_type: row(415, INVALID, 'caller', 'The body is not application/json, or is compressed.'),
  rate_limit_exceeded: row(
    429,
    'rate_limit_error',
    'policy',
    "The key's requests per minute are used up; see retry-after.",
  ),
  budget_exceeded: row(
    429,
    'rate_limit_error',
    'policy',
    'A budget is used up, or may be by the requests in flight; the message says which, and when it resets.',
  ),
  client_closed: row(499, INVALID, 'caller', 'The caller left before the answer was complete. Seen in logs only.'),
  internal_error: row(500, SERVER, 'turnout', 'A fault of the gateway; the log has it under the request id.'),
  answer_too_large: row(
    502,
    SERVER,
    'turnout',
    'The answer must be rewritten, or one event of it held, and is over `limits.buffer`; its backend did nothing wrong.',
  ),
  not_implemented: row(404, INVALID, 'turnout', 'The path is planned, and this version does not have it.'),
  upstream_unsupported: row(404, INVALID, 'upstream', 'The backend does not offer this endpoint for this model.'),
  upstream_unreachable: row(502, SERVER, 'upstream', 'No connection: refused, reset, unknown host, TLS.'),
  upstream_auth: row(502, SERVER, 'upstream', "The backend refuses the gateway's own credentials."),
  upstream_error: row(502, SERVER, 'upstream', 'The backend answered with a server error.'),
  upstream_bad_response: row(
    502,
    SERVER,
    'upstream',
    'The backend answered something that its protocol does not allow.',
  ),
  upstream_incomplete: row(502, SERVER, 'upstream', 'The answer broke off before its end.'),
  upstream_model_missing: row(502, SERVER, 'upstream', 'The backend no longer serves the model that it announced.'),
  upstream_rate_limited: row(
    429,
    'rate_limit_error',
    'upstream',
    'Every backend tried is at its own limit; see retry-after.',
  ),
  upstream_quota: row(
    429,
    'insufficient_quota',
    'upstream',
    "The gateway's account at the backend has no credit left.",
  ),
  overloaded: row(503, SERVER, 'upstream', 'The backend is full or still loading; see retry-after.'),
  limits_away: row(
    503,
    SERVER,
    'turnout',
    'The store of budgets that gateways share cannot be asked, and a budget is closed without it.',
  ),
  no_backend: row(503, SERVER, 'turnout', 'No backend is known that could be tried.'),
  gateway_overloaded: row(
    503,
    SERVER,
    'turnout',
    'The bodies of the requests in flight take all of `limits.bodies`; see retry-after.',
  ),
  shutting_down: row(503, SERVER, 'turnout', 'The gateway is stopping and takes no new requests.'),
  connect_timeout: row(504, SERVER, 'upstream', 'No connection within `limits.connect`.'),
  headers_timeout: row(504, SERVER, 'upstream', 'No status line within `limits.headers`.'),
  ttft_timeout: row(504, SERVER, 'upstream', 'No first token within `limits.ttft`.'),
  idle_timeout: row(504, SERVER, 'upstream', 'The stream fell silent for longer than `limits.idle`.'),
  total_timeout: row(504, SERVER, 'upstream', 'Not finished within `limits.total`.'),
  deadline_exceeded: row(504, INVALID, 'caller', "Not finished within the caller's own `x-turnout-deadline-ms`."),
} satisfies Record<string, ErrorRow>

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
  /** `code` of the backend where its 4xx is passed on: clients act on it. The log, the metrics and the ledger know only ours. */
  readonly upstreamCode?: string | null
  /** Whom a refusal of a backend is about. */
  readonly about?: Scope
  /** What the backend said to lack, with its value where only that is refused; see decision/classify/lacking.ts. */
  readonly lack?: { readonly name: string | null; readonly ofValue: boolean } | null
  /** The route that nobody could serve. */
  readonly route?: string | null
  /** What was decided before it failed. */
  readonly record?: DecisionRecord | null
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
  readonly upstreamCode: string | null
  readonly about: Scope
  readonly lack: { readonly name: string | null; readonly ofValue: boolean } | null
  readonly route: string | null
  readonly record: DecisionRecord | null

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
    this.upstreamCode = details.upstreamCode ?? null
    this.about = details.about ?? 'backend'
    this.lack = details.lack ?? null
    this.route = details.route ?? null
    this.record = details.record ?? null
  }
}

/** The caller hung up. */
export const clientClosed = (): GatewayError => new GatewayError('client_closed', 'The caller closed the connection.')

/** Whatever was thrown, as an error of the table. */
export function toGatewayError(thrown: unknown): GatewayError {
  if (thrown instanceof GatewayError) return thrown
  return new GatewayError('internal_error', 'The gateway failed to handle this request.', { cause: thrown })
}

/** `ollama`: its own API, whose errors are a bare text. */
export type ErrorProtocol = 'openai' | 'anthropic' | 'ollama'

/** The body of an error answer, in the envelope of the caller's protocol. Shape: design 2.4. */
export function toEnvelope(error: GatewayError, protocol: ErrorProtocol = 'openai'): object {
  const { message, type, param, source } = error
  const code = error.upstreamCode ?? error.code
  if (protocol === 'ollama') return { error: message }
  if (protocol === 'anthropic')
    return {
      type: 'error',
      error: { type: ANTHROPIC_TYPES[error.status] ?? anthropicClass(error.status), message, code, source },
    }
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
