/** What happened to a connection, in a stable name and in a few words without an address. Total. */

interface Thrown {
  readonly code?: unknown
  readonly name?: unknown
  readonly message?: unknown
  readonly errors?: readonly unknown[]
}

/** Stable name of what happened to a socket; '' where there is none. */
export function transportCode(thrown: unknown): string {
  const error = thrown as Thrown | null
  // undici's parser errors have no code of their own, and an interim answer that it did not expect has that of a lost socket.
  if (error?.name === 'HTTPParserError') return NOT_HTTP
  if (error?.code === 'UND_ERR_SOCKET' && error.message === 'bad response') return NOT_HTTP
  if (typeof error?.code === 'string') return error.code
  // A host with an IPv4 and an IPv6 address fails with both errors at once.
  const first = error?.errors?.[0]
  return first === undefined ? '' : transportCode(first)
}

/** The peer answered, but not in HTTP. */
export const NOT_HTTP = 'HPE_NOT_HTTP'

export const isNotHttp = (code: string): boolean =>
  code.startsWith('HPE_') || code === 'UND_ERR_HEADERS_OVERFLOW' || code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH'

/** Nobody answered in time: a busy engine looks like this as well as a dead one. */
export const NO_ANSWER = 'no answer in time'

export function transportWords(code: string): string {
  const known = WORDS[code]
  if (known !== undefined) return known
  if (isNotHttp(code)) return 'not HTTP'
  return /CERT|TLS|SSL|SIGNATURE|EPROTO|UNABLE_TO/.test(code) ? 'TLS failure' : 'connection failed'
}

/** Why no answer came, in a few words. */
export function transportReason(thrown: unknown): string {
  if ((thrown as Thrown | null)?.name === 'TimeoutError') return NO_ANSWER
  const code = transportCode(thrown)
  return code === 'ANSWER_TOO_LARGE' ? 'answer too large' : transportWords(code)
}

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection closed',
  EPIPE: 'connection closed',
  UND_ERR_SOCKET: 'connection closed',
  ENOTFOUND: 'unknown host',
  EAI_AGAIN: 'unknown host',
  EHOSTUNREACH: 'no route to host',
  ENETUNREACH: 'no route to host',
  ETIMEDOUT: NO_ANSWER,
  UND_ERR_CONNECT_TIMEOUT: NO_ANSWER,
  UND_ERR_HEADERS_TIMEOUT: NO_ANSWER,
  UND_ERR_BODY_TIMEOUT: NO_ANSWER,
}
