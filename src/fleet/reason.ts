/** Why a backend did not answer, in a few words without an address: they are shown in /health. */

interface Thrown {
  readonly code?: unknown
  readonly name?: unknown
  readonly errors?: readonly unknown[]
}

/** Nobody answered in time: a busy engine looks like this as well as a dead one. */
export const NO_ANSWER = 'no answer in time'

export function reasonOf(thrown: unknown): string {
  if ((thrown as Thrown | null)?.name === 'TimeoutError') return NO_ANSWER
  const code = codeOf(thrown)
  const known = WORDS[code]
  if (known !== undefined) return known
  if (/CERT|TLS|SSL|SELF_SIGNED|UNABLE_TO/.test(code)) return 'TLS failure'
  if (code.startsWith('HPE_')) return 'not HTTP'
  return 'connection failed'
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
  ANSWER_TOO_LARGE: 'answer too large',
}

function codeOf(thrown: unknown): string {
  const error = thrown as Thrown | null
  if (typeof error?.code === 'string') return error.code
  // A host with an IPv4 and an IPv6 address fails with both errors at once.
  const first = error?.errors?.[0]
  return first === undefined ? '' : codeOf(first)
}
