/** The start line and the headers of one HTTP/1.1 message, as they came. */
export interface Head {
  readonly start: string
  readonly rawHeaders: readonly (readonly [string, string])[]
  /** Lower-case names; values of a repeated name joined by ", ". */
  readonly headers: Readonly<Record<string, string>>
}

/** What a reader tells as the bytes come in. `last` of `end` is false where the connection closed inside the message. */
export interface MessageEvents {
  head(head: Head): void
  data(bytes: Buffer): void
  end(complete: boolean): void
}

type State = 'head' | 'length' | 'size' | 'chunk' | 'trailer' | 'until-close'

const EMPTY = Buffer.alloc(0)

/**
 * Reads HTTP/1.1 messages from a byte stream. Written for the tests because node:http hides what they look at:
 * single segments, interim answers, a body that breaks off.
 */
export class MessageReader {
  readonly #kind: 'request' | 'response'
  readonly #events: MessageEvents
  #state: State = 'head'
  #rest: Buffer = EMPTY
  #left = 0

  constructor(kind: 'request' | 'response', events: MessageEvents) {
    this.#kind = kind
    this.#events = events
  }

  /** True between the first byte of a message and its end. */
  get inside(): boolean {
    return this.#state !== 'head' || this.#rest.length > 0
  }

  push(bytes: Buffer): void {
    this.#rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes])
    while (this.#step()) continue
  }

  /** The other side has closed. */
  close(): void {
    if (this.#state === 'until-close') this.#finish(true)
    else if (this.inside) this.#finish(false)
  }

  #finish(complete: boolean): void {
    this.#state = 'head'
    this.#events.end(complete)
  }

  #step(): boolean {
    switch (this.#state) {
      case 'head':
        return this.#head()
      case 'length':
      case 'chunk':
        return this.#body()
      case 'until-close':
        return this.#emit(this.#rest.length)
      case 'size':
      case 'trailer':
        return this.#line()
    }
  }

  #head(): boolean {
    const at = this.#rest.indexOf('\r\n\r\n')
    if (at < 0) return false
    const head = parseHead(this.#rest.subarray(0, at).toString('latin1'))
    this.#rest = this.#rest.subarray(at + 4)
    const status = this.#kind === 'response' ? Number(head.start.split(' ')[1]) : 0
    if (status >= 100 && status < 200) return true
    this.#events.head(head)
    const length = head.headers['content-length']
    if (head.headers['transfer-encoding']?.includes('chunked')) this.#state = 'size'
    else if (length !== undefined) this.#expect(Number(length), 'length')
    else if (this.#kind === 'request' || status === 204 || status === 304) this.#finish(true)
    else this.#state = 'until-close'
    return true
  }

  #expect(bytes: number, state: 'length' | 'chunk'): void {
    this.#left = bytes
    this.#state = state
    if (bytes === 0 && state === 'length') this.#finish(true)
  }

  #body(): boolean {
    if (this.#left > 0 && !this.#emit(Math.min(this.#left, this.#rest.length))) return false
    if (this.#left > 0) return true
    if (this.#state === 'length') {
      this.#finish(true)
      return true
    }
    if (this.#rest.length < 2) return false
    this.#rest = this.#rest.subarray(2)
    this.#state = 'size'
    return true
  }

  #emit(size: number): boolean {
    if (size === 0) return false
    const bytes = this.#rest.subarray(0, size)
    this.#rest = this.#rest.subarray(size)
    if (this.#state !== 'until-close') this.#left -= size
    this.#events.data(bytes)
    return true
  }

  #line(): boolean {
    const at = this.#rest.indexOf('\r\n')
    if (at < 0) return false
    const line = this.#rest.subarray(0, at).toString('latin1')
    this.#rest = this.#rest.subarray(at + 2)
    if (this.#state === 'trailer') {
      if (line === '') this.#finish(true)
      return true
    }
    const size = Number.parseInt(line, 16)
    if (size === 0) this.#state = 'trailer'
    else this.#expect(size, 'chunk')
    return true
  }
}

function parseHead(text: string): Head {
  const [start = '', ...lines] = text.split('\r\n')
  const rawHeaders: [string, string][] = lines.map((line) => {
    const colon = line.indexOf(':')
    return [line.slice(0, colon), line.slice(colon + 1).trim()]
  })
  const headers: Record<string, string> = {}
  for (const [name, value] of rawHeaders) {
    const key = name.toLowerCase()
    headers[key] = headers[key] === undefined ? value : `${headers[key]}, ${value}`
  }
  return { start, rawHeaders, headers }
}
