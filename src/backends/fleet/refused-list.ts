/** Why a backend's list of models did not come, in a few words with what to do. Short, without an address, and without the answer's own text: it may quote the key. */
import type { BackendSpec } from '../../core/settings.ts'
import { NO_ANSWER, transportCode, transportReason } from '../../core/transport.ts'

/** `text`: the body of an answer that holds no list. */
export function refusalOf(status: number, text: string, spec: BackendSpec): string {
  if (blamesKey(status, text)) return `HTTP ${status}: ${keyWords(spec)}`
  if (status === 400 && /https|\btls\b|\bssl\b/i.test(text)) return WANTS_TLS
  if (/^\s*<(?:!doctype html|html)\b/i.test(text))
    return `HTTP ${status} with a web page, such as a login: check \`url\``
  if (status >= 300 && status < 400) return `HTTP ${status} to another place, such as a login: check \`url\``
  if (status === 404 || status === 405) return `HTTP ${status}: no list of models there, check \`url\` and \`kind\``
  return status === 200 ? 'not an engine of this kind: check `url` and `kind`' : `HTTP ${status}`
}

/** Gemini answers a wrong key with 400. */
export const blamesKey = (status: number, text: string): boolean =>
  status === 401 || status === 403 || (status === 400 && /api[ _-]?key/i.test(text))

/** What to do about a refused key. */
export function keyWords({ key, keyFrom, provider }: BackendSpec): string {
  if (key !== null) return keyFrom === null ? 'its `key` is refused' : `the key in ${keyFrom} is refused`
  return `it wants a key, write \`key: "\${${provider.keyEnv ?? 'NAME'}}"\``
}

export const WANTS_TLS = 'it speaks TLS: write "https://" in `url`'

export const WANTS_PLAIN = 'it speaks no TLS: write "http://" in `url`'

/** No answer came. */
export function silenceOf(thrown: unknown, { root }: BackendSpec): { reason: string; late: boolean } {
  const reason = transportReason(thrown)
  if (root.startsWith('https:') && NO_TLS.test(transportCode(thrown))) return { reason: WANTS_PLAIN, late: false }
  return { reason, late: reason === NO_ANSWER }
}

/** What comes where TLS should begin is something else. */
const NO_TLS = /WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST|EPROTO/

/** Who speaks TLS hangs up on plain HTTP, or answers in bytes that are none. */
export const MAY_WANT_TLS: ReadonlySet<string> = new Set(['connection closed', 'not HTTP'])
