/**
 * What went wrong at a backend, as one error of the table. Total: any status, body and exception has a row.
 * A caller's mistake must not look like a fault of the backend (it would cost its health), and the reverse neither.
 */
import { ERRORS, GatewayError, type ErrorCode } from '../../core/errors.ts'
import type { BackendSpec } from '../../core/settings.ts'
import { isNotHttp, transportCode, transportWords } from '../../core/transport.ts'
import type { UpstreamFault } from '../../formats/upstream-fault.ts'
import type { Call } from './call.ts'
import type { Phase } from './deadline.ts'
import { isFlagged, isNoEndpoint, meaningOf } from './meaning.ts'
import { overflowOf } from './overflow.ts'

/** Whatever may be lacking counts. */
const ANYTHING = (): boolean => true

/**
 * An answer with a status that is not 2xx, or an error inside a 2xx. `asks`: whether the request asks for what goes by a name of
 * decision/classify/lacking.ts: a refusal of anything else is a mistake of the caller, or quotes one.
 */
export function answerFault(
  backend: BackendSpec,
  status: number,
  fault: UpstreamFault,
  retryAfterMs: number | null = null,
  asks: (lack: string) => boolean = ANYTHING,
): GatewayError {
  const message = redact(fault.message, backend)
  const blamed = backend.provider.response.callerErrors.some(
    (rule) => rule.status === status && new RegExp(rule.pattern, 'i').test(fault.message),
  )
  const { code, about, lack } = meaningOf(blamed ? 400 : status, fault, backend, asks)
  const passed = passedStatus(code, blamed ? 400 : status)
  return new GatewayError(code, wording(code, backend.name, status, message), {
    param: fault.param === null ? null : redact(fault.param, backend),
    retryAfterMs:
      about !== 'request' && ERRORS[code].health === 'busy' ? (retryAfterMs ?? fault.retryAfterMs ?? null) : null,
    upstreamStatus: status,
    upstreamCode: ERRORS[code].passed ? plainCode(fault.code, backend) : null,
    about,
    lack,
    overflow: code === 'context_length_exceeded' ? overflowOf(message) : null,
    ...(passed === null ? {} : { status: passed }),
  })
}

/** A 4xx of the backend is passed on as it is, where it cannot be taken for one of the gateway's own about keys and limits. */
function passedStatus(code: ErrorCode, status: number): number | null {
  if (code === 'upstream_rate_limited') return status === 413 ? status : null
  if (!ERRORS[code].passed) return null
  return status < 400 || status > 499 || OURS.has(status) ? 400 : status
}

const OURS: ReadonlySet<number> = new Set([401, 403, 407, 408, 429])

const PLAIN = /^[a-zA-Z][\w.-]{0,63}$/

/** Numbers and phrases are no codes to branch on, and a code of ours means what our table says. */
const plainCode = (code: string | null, backend: BackendSpec): string | null =>
  code !== null && PLAIN.test(code) && !Object.hasOwn(ERRORS, code) && redact(code, backend) === code ? code : null

/** Status of an error that came inside a 200: what it says itself, else what its words mean. */
export function statusOf(fault: UpstreamFault): number {
  if (fault.status !== null) return fault.status
  const words = `${fault.type ?? ''} ${fault.code ?? ''}`.toLowerCase()
  if (/insufficient_quota|rate_limit|too.?many/.test(words)) return 429
  if (isFlagged(fault)) return 400
  if (isNoEndpoint(fault.message) && fault.message !== '') return 404
  if (/\bbilling/.test(words)) return 402
  if (/too_large/.test(words)) return 413
  if (/overloaded|unavailable/.test(words)) return 503
  if (/auth|permission/.test(words)) return 401
  if (/not_?found/.test(words)) return 404
  if (/invalid|bad.?request|context|exceed_context/.test(words)) return 400
  return 500
}

function wording(code: ErrorCode, name: string, status: number, message: string): string {
  const said = message === '' ? '' : `: ${message}`
  switch (code) {
    case 'invalid_request':
    case 'upstream_cannot':
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

/** The answer ended before its end. */
export const brokenOff = (backend: BackendSpec, cause?: unknown): GatewayError =>
  new GatewayError('upstream_incomplete', `Backend "${backend.name}" broke off its answer.`, { cause })

/** Its answer is good, and larger than what may be held: of a whole one to put it into the shape that was asked for, of a stream one event. */
export const tooLarge = (backend: BackendSpec, what: 'answer' | 'event'): GatewayError =>
  new GatewayError('answer_too_large', `${TOO_LARGE[what](backend.name)}: request less at once, or raise the limit.`)

const TOO_LARGE = {
  answer: (name: string): string =>
    `The answer of backend "${name}" must be rewritten for the caller and is larger than \`limits.buffer\``,
  event: (name: string): string => `One event of the answer of backend "${name}" is larger than \`limits.buffer\``,
} as const

/** No backend text may carry the key or the address that the operator configured, nor the beginning of one at which it was cut. */
export function redact(text: string, backend: BackendSpec): string {
  const host = backend.root.replace(/^https?:\/\//, '').replace(/\/.*$/, '')
  const bare = host.replace(/:\d+$/, '')
  // A name without a dot may be an ordinary word of the message.
  const places = [backend.root, host, ...(bare.includes('.') ? [bare] : [])]
  const secrets: [string, string][] = [backend.key, ...backend.keys.map(({ secret }) => secret)].map((secret) => [
    secret ?? '',
    '***',
  ])
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
  if (answered) return brokenOff(backend, thrown)
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
