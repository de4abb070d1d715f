/** What the head of a response says: who frames its body, and whether its connection may carry another request. No effects. */
import { notHttp } from './not-http.ts'

/** How the end of a body is known. */
export type Framing = 'none' | 'length' | 'chunks' | 'close'

/** The last coding of a transfer. */
const CHUNKED = /(?:^|,)[ \t]*chunked *$/i

export class ResponseHead {
  readonly status: number
  readonly headers: Record<string, string | string[]>
  /** Bytes of the body; null where no header says so. */
  length: number | null = null
  /** How long the peer keeps the idle connection, in ms; null where it does not say. */
  keepsMs: number | null = null
  readonly #persistent: boolean
  /** It names codings of the transfer. */
  #coded = false
  #chunked = false
  #closes = false
  #keeps = false

  /** `version`: 11 for HTTP/1.1. */
  constructor(status: number, version: number) {
    this.status = status
    this.#persistent = version === 11
    // Names come from outside, and may be those that every other object has.
    this.headers = Object.create(null) as Record<string, string | string[]>
  }

  /** Throws where two headers say different things about where the body ends: whoever reads it otherwise would see other answers. */
  add(name: string, value: string): void {
    const before = this.headers[name]
    if (before === undefined) this.headers[name] = value
    else if (typeof before === 'string') this.headers[name] = [before, value]
    else before.push(value)
    this.heed(name, value)
  }

  /** Only what it means for the connection: that is all that a trailer may say. */
  heed(name: string, value: string): void {
    switch (name) {
      case 'content-length':
        return this.#measured(value)
      case 'transfer-encoding':
        return this.#transferred(value)
      case 'connection':
      case 'proxy-connection':
        return this.#connected(value)
      case 'keep-alive': {
        const seconds = /timeout=(\d+)/.exec(value)?.[1]
        if (seconds !== undefined) this.keepsMs = Number(seconds) * 1_000
      }
    }
  }

  get framing(): Framing {
    if (this.status === 204 || this.status === 304) return 'none'
    if (this.#coded) return this.#chunked ? 'chunks' : 'close'
    if (this.length === null) return 'close'
    return this.length === 0 ? 'none' : 'length'
  }

  /** As far as the peer says. */
  get reusable(): boolean {
    return !this.#closes && (this.#persistent || this.#keeps) && this.framing !== 'close'
  }

  #measured(value: string): void {
    if (this.#coded || this.length !== null) throw notHttp('two lengths')
    const length = /^\d+ *$/.test(value) ? Number(value) : Infinity
    if (length > Number.MAX_SAFE_INTEGER) throw notHttp('a length that is none')
    this.length = length
  }

  #transferred(value: string): void {
    if (this.length !== null) throw notHttp('two lengths')
    this.#coded = true
    this.#chunked = CHUNKED.test(value)
  }

  #connected(value: string): void {
    for (const token of value.split(',')) {
      const option = token.trim().toLowerCase()
      if (option === 'close') this.#closes = true
      else if (option === 'keep-alive') this.#keeps = true
    }
  }
}
