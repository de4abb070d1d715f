/**
 * Every way a request can fail, and all that a code means: one closed table, of which retries, health, waste and headers are
 * readings. A code without one of the columns does not compile. `type` is OpenAI's vocabulary, so that SDKs pick the right class.
 */

/** What a refusal of a backend is about: only the request, one model, or all models of the backend. */
export type Scope = 'request' | 'model' | 'backend'

/** Who erred. */
export type ErrorSource = 'caller' | 'policy' | 'upstream' | 'turnout'

/**
 * What follows a failed attempt.
 * - `stop`: the answer would be the same elsewhere, or the caller is gone.
 * - `next`: another backend may do better.
 * - `larger`: only one with a larger context may.
 */
export type Step = 'stop' | 'next' | 'larger'

/**
 * What a failed call says about the backend or the deployment that was called.
 * - `down`: there is no connection to the backend.
 * - `busy`: it is full, or at a limit: it is left alone as long as it wishes; the whole backend or the one model, by `about`.
 * - `key`, `credit`: the backend refuses the gateway's key, or its account has no credit left.
 * - `endpoint`, `ability`: the deployment does not serve the endpoint, or lacks what the request needs.
 * - `fault`: the deployment failed and is ejected for a while.
 */
export type HealthEffect = 'down' | 'busy' | 'key' | 'credit' | 'endpoint' | 'ability' | 'fault' | null

interface ErrorRow {
  readonly status: number
  readonly type: string
  readonly source: ErrorSource
  readonly step: Step
  readonly health: HealthEffect
  /** The backend had the prompt and was working on it, even where it reports no usage: its work counts. */
  readonly atWork: boolean
  /** The gateway hung up on a backend that was answering. */
  readonly hungUp: boolean
  /** A 4xx of the backend is passed on with its own status and code. */
  readonly passed: boolean
  /** For the caller: ms to wait where no backend says how long; `never`: a retry is useless; null: as the client does by the status. */
  readonly retry: number | 'never' | null
  readonly means: string
}

const INVALID = 'invalid_request_error'
const SERVER = 'server_error'

/** Refused before any call, or what would end the same everywhere. */
const REFUSED = { step: 'stop', health: null, atWork: false, hungUp: false, passed: false, retry: null } as const
const CALLER = { ...REFUSED, type: INVALID, source: 'caller' } as const
const FORBIDDEN = { ...REFUSED, type: 'permission_error', source: 'policy' } as const
const LIMITED = { ...REFUSED, type: 'rate_limit_error', source: 'policy' } as const
const GATEWAY = { ...REFUSED, type: SERVER, source: 'turnout' } as const
/** The call of a backend failed, and another one may do better. */
const FAILED = { ...REFUSED, type: SERVER, source: 'upstream', step: 'next', health: 'fault' } as const
/** The gateway hung up on a backend that had the prompt. */
const ABANDONED = { atWork: true, hungUp: true } as const

export const ERRORS = {
  invalid_json: { ...CALLER, status: 400, means: 'The body is not JSON, or not a JSON object.' },
  invalid_request: {
    ...CALLER,
    status: 400,
    passed: true,
    means: 'A field is missing or wrong, according to the gateway or the backend.',
  },
  context_length_exceeded: {
    ...CALLER,
    status: 400,
    step: 'larger',
    means: 'Prompt and requested output do not fit the context of any candidate.',
  },
  content_filter: {
    ...REFUSED,
    status: 400,
    type: INVALID,
    source: 'upstream',
    means: "The backend's content filter refused the request.",
  },
  unsupported: {
    ...CALLER,
    status: 400,
    means: 'No candidate can do what the request needs; the message names the need for each.',
  },
  upstream_cannot: {
    ...FAILED,
    status: 400,
    type: INVALID,
    health: 'ability',
    passed: true,
    means: 'The model cannot do what the request needs; message and code are those of its backend.',
  },
  invalid_api_key: {
    ...REFUSED,
    status: 401,
    type: 'authentication_error',
    source: 'caller',
    means: 'No key, or one that is unknown, expired or revoked.',
  },
  forbidden: { ...FORBIDDEN, status: 403, means: 'The key may not use this model or route, or may only read.' },
  host_not_allowed: {
    ...FORBIDDEN,
    status: 421,
    means: 'Without keys, the gateway answers only to its own host names: loopback, `server.host`, `server.hosts`.',
  },
  origin_not_allowed: {
    ...FORBIDDEN,
    status: 403,
    means: 'Without keys, only pages of the gateway itself and of `server.cors.origins` may call.',
  },
  not_found: { ...CALLER, status: 404, means: 'No such path; in the admin API also: no such key, budget or session.' },
  model_not_found: { ...CALLER, status: 404, means: 'No backend, route or alias has this name.' },
  answer_not_found: {
    ...CALLER,
    status: 404,
    means: 'No answer of this id is known to this key: unknown, too old, deleted, or scored already.',
  },
  method_not_allowed: { ...CALLER, status: 405, means: 'The path exists for another method.' },
  websocket_not_served: {
    ...CALLER,
    status: 426,
    means: 'The path is not served over WebSocket; with this status, Codex turns to POST at once.',
  },
  body_too_large: { ...CALLER, status: 413, means: 'The body is larger than `limits.body`.' },
  unsupported_media_type: { ...CALLER, status: 415, means: 'The body is not application/json, or is compressed.' },
  rate_limit_exceeded: {
    ...LIMITED,
    status: 429,
    means: "The key's requests per minute are used up; see retry-after.",
  },
  budget_exceeded: {
    ...LIMITED,
    status: 429,
    means: 'A budget is used up, or could be by the requests in flight; the message says which, and when it resets.',
  },
  client_closed: {
    ...CALLER,
    ...ABANDONED,
    status: 499,
    means: 'The caller disconnected before the answer was complete. Seen in logs only.',
  },
  internal_error: { ...GATEWAY, status: 500, means: 'A fault of the gateway; the log has it under the request id.' },
  answer_too_large: {
    ...GATEWAY,
    status: 502,
    atWork: true,
    retry: 'never',
    means:
      'The answer must be rewritten, or one of its events held, and is larger than `limits.buffer`; its backend did nothing wrong.',
  },
  not_implemented: {
    ...REFUSED,
    status: 404,
    type: INVALID,
    source: 'turnout',
    retry: 'never',
    means: 'This version does not have the path.',
  },
  upstream_unsupported: {
    ...FAILED,
    status: 404,
    type: INVALID,
    health: 'endpoint',
    retry: 'never',
    means: 'The backend does not offer this endpoint for this model.',
  },
  upstream_unreachable: {
    ...FAILED,
    status: 502,
    health: 'down',
    means: 'No connection: refused, reset, unknown host, TLS.',
  },
  upstream_auth: { ...FAILED, status: 502, health: 'key', means: "The backend refuses the gateway's own credentials." },
  upstream_error: { ...FAILED, status: 502, means: 'The backend answered with a server error.' },
  upstream_bad_response: {
    ...FAILED,
    status: 502,
    atWork: true,
    means: 'The backend answered something that its protocol does not allow.',
  },
  trimmed: {
    ...GATEWAY,
    status: 502,
    atWork: true,
    means: 'The answer was cut at the limit that `efficiency.trim` had set, and was asked for again without it.',
  },
  upstream_incomplete: { ...FAILED, status: 502, atWork: true, means: 'The answer broke off before its end.' },
  upstream_model_missing: {
    ...FAILED,
    status: 502,
    health: 'endpoint',
    means: 'The backend no longer serves the model that it announced.',
  },
  upstream_rate_limited: {
    ...FAILED,
    status: 429,
    type: 'rate_limit_error',
    health: 'busy',
    retry: 60_000,
    means: 'Every backend tried is at its own limit; see retry-after.',
  },
  upstream_quota: {
    ...FAILED,
    status: 429,
    type: 'insufficient_quota',
    health: 'credit',
    retry: 60_000,
    means: "The gateway's account at the backend has no credit left.",
  },
  overloaded: {
    ...FAILED,
    status: 503,
    health: 'busy',
    retry: 1000,
    means: 'The backend is full or still loading; see retry-after.',
  },
  engine_failed: {
    ...FAILED,
    status: 503,
    health: null,
    means: 'The on-demand engine of the model did not start, or not in time; see retry-after.',
  },
  budget_store_unavailable: {
    ...GATEWAY,
    status: 503,
    means: 'The budget store that gateways share cannot be reached, and a budget is set to refuse without it.',
  },
  answer_store_unavailable: {
    ...GATEWAY,
    status: 503,
    means: 'The Redis in which answers are kept cannot be asked, so an id of one cannot be looked up.',
  },
  at_capacity: {
    ...GATEWAY,
    status: 503,
    means:
      'Every backend that could serve it is at its configured limits, and the wait would be too long; retry-after is the expected wait.',
  },
  no_backend: { ...GATEWAY, status: 503, means: 'There is no backend that could be tried.' },
  gateway_overloaded: {
    ...GATEWAY,
    status: 503,
    means: 'The bodies of the requests in flight use all of `limits.bodies`; see retry-after.',
  },
  shutting_down: {
    ...GATEWAY,
    status: 503,
    hungUp: true,
    means: 'The gateway is stopping and accepts no new requests.',
  },
  connect_timeout: { ...FAILED, status: 504, health: 'down', means: 'No connection within `limits.connect`.' },
  headers_timeout: { ...FAILED, status: 504, means: 'No status line within `limits.headers`.' },
  ttft_timeout: { ...FAILED, ...ABANDONED, status: 504, means: 'No first token within `limits.ttft`.' },
  idle_timeout: {
    ...FAILED,
    ...ABANDONED,
    status: 504,
    means: 'The stream was silent for longer than `limits.idle`.',
  },
  total_timeout: {
    ...REFUSED,
    ...ABANDONED,
    status: 504,
    type: SERVER,
    source: 'upstream',
    means: 'Not finished within `limits.total`.',
  },
  deadline_exceeded: {
    ...CALLER,
    ...ABANDONED,
    status: 504,
    means: "Not finished within the caller's own `x-turnout-deadline-ms`.",
  },
} as const satisfies Readonly<Record<string, ErrorRow>>

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
  /** What a refusal of a backend is about. */
  readonly about?: Scope
  /** What the backend said to lack, with its value where only that is refused; see decision/classify/lacking.ts. */
  readonly lack?: { readonly name: string | null; readonly ofValue: boolean } | null
  /** By how much a prompt is too long. */
  readonly overflow?: Overflow | null
}

/** Null: unknown. */
export interface Overflow {
  /** Of the prompt. */
  readonly tokens: number | null
  /** That prompt and answer may have. */
  readonly most: number | null
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
  readonly overflow: Overflow | null

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
    this.overflow = details.overflow ?? null
  }
}

/** The same error with another status. */
export function withStatus(error: GatewayError, status: number): GatewayError {
  if (status === error.status) return error
  const { code, message, param, retryAfterMs, cause, upstreamStatus, upstreamCode, about, lack, overflow } = error
  const beside = { param, retryAfterMs, cause, upstreamStatus, upstreamCode, about, lack, overflow }
  return new GatewayError(code, message, { ...beside, status })
}

/** The caller hung up. */
export const clientClosed = (): GatewayError => new GatewayError('client_closed', 'The caller closed the connection.')

/** Whatever was thrown, as an error of the table. */
export function toGatewayError(thrown: unknown): GatewayError {
  if (thrown instanceof GatewayError) return thrown
  return new GatewayError('internal_error', 'The gateway failed to handle this request.', { cause: thrown })
}
