/** The head of a request as it goes over the wire. No effects. */
import type { ClientRequest } from './client.ts'

/** A name or a value with anything else in it could begin a header, or a request, of its own. */
const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
const NO_VALUE = /[^\t\x20-\x7e\x80-\xff]/
const NO_PATH = /[^\x21-\xff]/
/** They say where the request ends and what becomes of its connection, and are the client's own. */
const OWN: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'transfer-encoding',
  'upgrade',
])

/** `host`: with its port, where it is not that of the scheme. Throws where the request cannot be written. */
export function requestHead({ path, headers, body }: ClientRequest, host: string): string {
  if (NO_PATH.test(path)) throw new Error('a path that is none')
  let head = `POST ${path} HTTP/1.1\r\nhost: ${host}\r\nconnection: keep-alive\r\n`
  for (const name in headers) {
    const value = headers[name]!
    if (OWN.has(name) || !NAME.test(name) || NO_VALUE.test(value))
      throw new Error(`a header that cannot be sent: ${name}`)
    head += `${name}: ${value}\r\n`
  }
  return `${head}content-length: ${bytesOf(body)}\r\n\r\n`
}

export function bytesOf(pieces: readonly Buffer[]): number {
  let bytes = 0
  for (const piece of pieces) bytes += piece.length
  return bytes
}
