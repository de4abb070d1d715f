/**
 * What went wrong at a backend, as one error of the table. Total: any status, body and exception has a row.
 * A caller's mistake must not look like a fault of the backend (it would cost its health), and the reverse neither.
 */
import { GatewayError, type ErrorCode } from '../core/errors.ts'
import type { BackendSpec } from '../core/settings.ts'
import type { UpstreamFault } from '../protocol/upstream-error.ts'
import { isNotHttp, transportCode, transportWords } from '../core/transport.ts'
import type { Call } from './call.ts'
import type { Phase } from './deadline.ts'

const OVERFLOW =
  /context[_ ](length|size|window)|maximum context|max_model_len|too many tokens|prompt is too long|input (length|token count).{0,40}(exceed|longer)|input \(\d+ tokens\) is longer|keep the first \d+ tokens|inputs` tokens \+|too large for model with/i
const FILTERED = /content_filter|content_policy_violation|ResponsibleAIPolicyViolation/
/** Gemini answers 400 for a wrong key. */
const BAD_KEY = /^(api key not valid|invalid api key|incorrect api key)/i
const NO_CREDIT = /insufficient_quota|insufficient balance|payment_required|exceeded your current quota/i
const NO_MODEL = /model_not_found|model_not_allowed|not have access to( the)? model/i
const NO_ENDPOINT =
  /^(not found|404 page not found|file not found|)$|unexpected endpoint|does not support (embeddings|rerank)|not supported on this/i

/** An answer with a status that is not 2xx, or an error inside a 2xx. */
export function answerFault(
  backend: BackendSpec,
  status: number,
  fault: UpstreamFault,
  retryAfterMs: number | null = null,
): GatewayError {
  const message = redact(fault.message, backend)
  const blamed = backend.provider.response.callerErrors.some(
    (rule) => rule.status === status && new RegExp(rule.pattern, 'i').test(fault.message),
  )
  const code = codeOf(blamed ? 400 : status, fault)
  const passed = code === 'invalid_request' ? (blamed || status < 400 || status > 499 ? 400 : status) : undefined
  return new GatewayError(code, wording(code, backend.name, status, message), {
    param: fault.param === null ? null : redact(fault.param, backend),
    retryAfterMs: code === 'overloaded' || code === 'upstream_rate_limited' ? retryAfterMs : null,
    upstreamStatus: status,
    ...(passed === undefined ? {} : { status: passed }),
  })
}

/** Status of an error that came inside a 200: what it says itself, else what its words mean. */
export function statusOf(fault: UpstreamFault): number {
  if (fault.status !== null) return fault.status
  const words = `${fault.type ?? ''} ${fault.code ?? ''}`.toLowerCase()
  if (/insufficient_quota|rate_limit|too.?many/.test(words)) return 429
  if (/content_filter|content_policy/.test(words)) return 400
  if (NO_ENDPOINT.test(fault.message) && fault.message !== '') return 404
  if (/overloaded|unavailable/.test(words)) return 503
  if (/auth|permission/.test(words)) return 401
  if (/not_?found/.test(words)) return 404
  if (/invalid|bad.?request|context|exceed_context/.test(words)) return 400
  return 500
}

type Rule = (status: number, words: string, message: string) => boolean

const isOneOf =
  (...statuses: readonly number[]): Rule =>
  (status) =>
    statuses.includes(status)

/** The first rule that holds names the error; the last one always does. */
const RULES: readonly (readonly [ErrorCode, Rule])[] = [
  // Not the key is refused but one model of many, which a caller may have named.
  ['upstream_model_missing', (status, words, message) => status === 403 && NO_MODEL.test(`${words} ${message}`)],
  ['upstream_auth', isOneOf(401, 403)],
  ['upstream_auth', (status, _words, message) => status === 400 && BAD_KEY.test(message)],
  ['upstream_quota', isOneOf(402)],
  ['upstream_quota', (status, words, message) => status === 429 && NO_CREDIT.test(`${words} ${message}`)],
  ['upstream_rate_limited', isOneOf(429)],
  ['context_length_exceeded', (_status, words) => /exceed_context_size|context_length_exceeded/.test(words)],
  [
    'context_length_exceeded',
    (status, _words, message) => [400, 413, 422, 500].includes(status) && OVERFLOW.test(message),
  ],
  ['content_filter', (status, words) => status < 500 && FILTERED.test(words)],
  ['upstream_unsupported', (status, _words, message) => status === 404 && NO_ENDPOINT.test(message)],
  ['upstream_model_missing', isOneOf(404)],
  ['upstream_unsupported', isOneOf(405, 501)],
  ['overloaded', isOneOf(503, 529, 498)],
  ['upstream_error', isOneOf(408, 409, 425, 499)],
  ['invalid_request', (status) => status >= 400 && status < 500],
  ['upstream_error', (status) => status >= 500 && status < 600],
  ['upstream_bad_response', () => true],
]

function codeOf(status: number, fault: UpstreamFault): ErrorCode {
  const words = `${fault.code ?? ''} ${fault.type ?? ''}`
  return RULES.find(([, holds]) => holds(status, words, fault.message))![0]
}

function wording(code: ErrorCode, name: string, status: number, message: string): string {
  const said = message === '' ? '' : `: ${message}`
  switch (code) {
    case 'invalid_request':
    case 'context_length_exceeded':
    case 'content_filter':
      return message === '' ? `Backend "${name}" refused the request with status ${status}.` : message
    // The backend's own text often quotes the key that it refused.
    case 'upstream_auth':
      return `Backend "${name}" refuses the gateway's credentials (status ${status}); check its \`key\` in the configuration.`
    case 'upstream_bad_response':
      return `Backend "${name}" answered with status ${status}, which is not an answer of its protocol.`
    default:
      return `Backend "${name}" answered with status ${status}${said}`
  }
}

/** The backend answered something that its protocol does not allow. */
export function badAnswer(backend: BackendSpec, what: string, status: number | null = null): GatewayError {
  return new GatewayError('upstream_bad_response', `Backend "${backend.name}" ${what}.`, { upstreamStatus: status })
}

/** No backend text may carry the key or the address that the operator configured, nor the beginning of one at which it was cut. */
export function redact(text: string, backend: BackendSpec): string {
  const host = backend.root.replace(/^https?:\/\//, '').replace(/\/.*$/, '')
  const bare = host.replace(/:\d+$/, '')
  // A name without a dot may be an ordinary word of the message.
  const places = [backend.root, host, ...(bare.includes('.') ? [bare] : [])]
  const secrets: [string, string][] = [[backend.key ?? '', '***']]
  for (const place of places) secrets.push([place, backend.name])
  let safe = text
  for (const [secret, instead] of secrets) if (secret !== '') safe = safe.replaceAll(secret, instead)
  for (const [secret] of secrets) safe = withoutEnd(safe, secret)
  return safe
}

const SHORTEST_END = 4

/** Without the beginning of `secret` that `text` ends with. */
function withoutEnd(text: string, secret: string): string {
  const end = text.endsWith('…') ? text.length - 1 : text.length
  for (let length = Math.min(secret.length - 1, end); length >= SHORTEST_END; length--)
    if (text.startsWith(secret.slice(0, length), end - length)) return `${text.slice(0, end - length)}…`
  return text
}

/** The connection failed: refused, reset, timed out, unknown host, TLS. The raw text names hosts and stays in `cause`. */
export function transportFault(backend: BackendSpec, thrown: unknown, answered: boolean): GatewayError {
  const code = transportCode(thrown)
  const name = backend.name
  if (answered) {
    return new GatewayError('upstream_incomplete', `Backend "${name}" broke off its answer.`, { cause: thrown })
  }
  if (code === 'UND_ERR_CONNECT_TIMEOUT' || code === 'ETIMEDOUT') {
    return new GatewayError('connect_timeout', `No connection to backend "${name}" in time.`, { cause: thrown })
  }
  if (isNotHttp(code)) {
    return new GatewayError('upstream_bad_response', `Backend "${name}" answered with something that is not HTTP.`, {
      cause: thrown,
    })
  }
  return new GatewayError('upstream_unreachable', `Backend "${name}" cannot be reached (${transportWords(code)}).`, {
    cause: thrown,
  })
}

/** A limit of the configuration ran out, or the caller's own. */
export function limitFault(
  { backend, limits, totalMs, ownDeadline }: Pick<Call, 'backend' | 'limits' | 'totalMs' | 'ownDeadline'>,
  phase: Phase,
): GatewayError {
  const name = `backend "${backend.name}"`
  switch (phase) {
    case 'connect':
      return new GatewayError('connect_timeout', `No connection to ${name} within ${limits.connectMs} ms.`)
    case 'headers':
      return new GatewayError('headers_timeout', `No status line from ${name} within ${limits.headersMs} ms.`)
    case 'ttft':
      return new GatewayError('ttft_timeout', `No token from ${name} within ${limits.ttftMs} ms.`)
    case 'idle':
      return new GatewayError('idle_timeout', `No further token from ${name} for ${limits.idleMs} ms.`)
    case 'total': {
      const code = ownDeadline ? 'deadline_exceeded' : 'total_timeout'
      return new GatewayError(code, `No complete answer from ${name} within ${Math.round(totalMs)} ms.`)
    }
  }
}
