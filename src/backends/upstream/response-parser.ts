/**
 * Bytes of a connection -> HTTP/1.1 responses. No effects. It is as strict as llhttp, which undici has: no bare line feeds, no folded
 * headers, no second length, so that no other reader can see another end of an answer than this one does.
 */
import { notHttp } from './not-http.ts'
import { ResponseHead } from './response-head.ts'

/** What some bytes brought, in this order. */
export interface Progress {
  /** Of the answer itself, never of an interim one. */
  readonly head: ResponseHead | null
  /** A copy: the bytes themselves may change at once. */
  readonly body: Buffer | null
  readonly failure: Error | null
  /** The response is whole, and the parser waits for the next one. */
  readonly ended: boolean
  /** Bytes that came behind its end: they answer no request. */
  readonly excess: number
}

/** Of one head, of the extensions of a chunk, and of all trailers. */
const HEAD_BYTES = 16 * 1024

const CR = 13
const LF = 10
const SPACE = 32
const TAB = 9
const ZERO = 48
const NINE = 57
const COLON = 58
const SEMICOLON = 59

/** `#` is a digit: one each of the version, three of the status. */
const STATUS_LINE = 'HTTP/#.# ###'
const DIGIT = 35
const VERSIONS: ReadonlySet<number> = new Set([9, 10, 11, 20])

/** The bytes of names, in lower case; 0 for those that no name may have. */
const NAME_BYTES = new Uint8Array(256)
for (const char of "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz") {
  NAME_BYTES[char.charCodeAt(0)] = char.charCodeAt(0)
  NAME_BYTES[char.toUpperCase().charCodeAt(0)] = char.charCodeAt(0)
}

/** 1 for the bytes that a value may have. */
const VALUE_BYTES = new Uint8Array(256).fill(1, SPACE)
VALUE_BYTES[TAB] = 1
VALUE_BYTES[127] = 0

/** 0..15; 255 for what is no hexadecimal digit. */
const HEX = new Uint8Array(256).fill(255)
for (let digit = 0; digit < 16; digit++) {
  HEX[digit.toString(16).charCodeAt(0)] = digit
  HEX[digit.toString(16).toUpperCase().charCodeAt(0)] = digit
}

const TOKEN = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]*"
const QUOTED = '"(?:[\\t \\x21\\x23-\\x5b\\x5d-\\x7f\\x80-\\xff]|\\\\[\\t \\x21-\\x7e\\x80-\\xff])*"'
/** What may stand behind the size of a chunk. It is read by nobody, but an odd one can hide where the chunk begins. */
const EXTENSIONS = new RegExp(`^(?:;${TOKEN}(?:=${TOKEN}(?:${QUOTED})?)?)*(?<!;)$`)

/** Where in a response the next byte is. `name`, `value` and `extensions` are texts, which may come in several reads. */
type Place = HeadPlace | BodyPlace
type HeadPlace =
  'before' | 'line' | 'reason' | 'line-end' | 'field' | 'name' | 'blank' | 'value' | 'value-end' | 'head-end'
type BodyPlace =
  'length' | 'close' | 'size-begin' | 'size' | 'extensions' | 'size-end' | 'chunk' | 'chunk-cr' | 'chunk-lf'

export class ResponseParser {
  #place: Place = 'before'
  /** Of the status line. */
  #column = 0
  #digits = 0
  #response: ResponseHead | null = null
  /** The head is done: what else looks like headers are trailers. */
  #opened = false
  #name = ''
  /** Where the present text begins. */
  #mark = 0
  /** The beginning of a text that the last read has cut. */
  #cut: Buffer | null = null
  #headBytes = 0
  /** Of the body or the chunk; of a size the digits so far. */
  #left = 0

  #head: ResponseHead | null = null
  #body: Buffer | null = null
  #bodyBytes = 0
  #ended = false

  /** The first `length` of `bytes`; names in them are turned into lower case. */
  push(bytes: Buffer, length: number): Progress {
    this.#head = null
    this.#body = null
    this.#bodyBytes = 0
    this.#ended = false
    const cut = this.#cut
    this.#cut = null
    const all = cut === null ? bytes : Buffer.concat([cut, bytes.subarray(0, length)])
    const end = cut === null ? length : all.length
    let at = cut?.length ?? 0
    let failure: Error | null = null
    try {
      while (at < end && !this.#ended) at = this.#step(all, at, end)
      if (this.#ended) at = skipLines(all, at, end)
    } catch (thrown) {
      failure = thrown as Error
    }
    if (failure === null && !this.#ended) this.#keepText(all, end)
    return {
      head: this.#head,
      body: this.#taken,
      failure,
      ended: this.#ended,
      excess: end - at,
    }
  }

  /** Nothing of a response has come. */
  get between(): boolean {
    return this.#place === 'before'
  }

  /** No more bytes come. Whether the response is whole by that. */
  finish(): boolean {
    return this.#place === 'close'
  }

  /** Reads on from `at` within the present place; the place behind what was read. */
  #step(bytes: Buffer, at: number, end: number): number {
    switch (this.#place) {
      case 'before':
        return this.#begin(bytes, at, end)
      case 'line':
        return this.#counted(at, this.#readLine(bytes, at, end))
      case 'reason':
        return this.#counted(at, this.#readReason(bytes, at, end))
      case 'line-end':
        this.#response = new ResponseHead(this.#digits % 1_000, Math.floor(this.#digits / 1_000))
        return this.#expect(bytes, at, LF, 'field')
      case 'field':
        if (bytes[at] === CR) return this.#expect(bytes, at, CR, 'head-end')
        return this.#text('name', at)
      case 'name':
        return this.#counted(at, this.#readName(bytes, at, end))
      case 'blank':
        return this.#counted(at, this.#skipBlanks(bytes, at, end))
      case 'value':
        return this.#counted(at, this.#readValue(bytes, at, end))
      case 'value-end':
        return this.#expect(bytes, at, LF, 'field')
      case 'head-end':
        this.#expect(bytes, at, LF, 'before')
        if (this.#opened) this.#end()
        else this.#open(this.#response!)
        return at + 1
      default:
        return this.#stepBody(bytes, at, end, this.#place)
    }
  }

  #stepBody(bytes: Buffer, at: number, end: number, place: BodyPlace): number {
    switch (place) {
      case 'length':
      case 'close':
      case 'chunk':
        return this.#take(bytes, at, end)
      case 'size-begin':
        if (HEX[bytes[at]!] === 255) throw notHttp('a chunk without a size')
        this.#left = 0
        this.#headBytes = 0
        this.#place = 'size'
        return at
      case 'size':
        return this.#readSize(bytes, at, end)
      case 'extensions':
        return this.#counted(at, this.#readExtensions(bytes, at, end))
      case 'size-end':
        return this.#expect(bytes, at, LF, this.#left === 0 ? 'field' : 'chunk')
      case 'chunk-cr':
        return this.#expect(bytes, at, CR, 'chunk-lf')
      case 'chunk-lf':
        return this.#expect(bytes, at, LF, 'size-begin')
    }
  }

  #expect(bytes: Buffer, at: number, byte: number, place: Place): number {
    if (bytes[at] !== byte) throw notHttp('a byte in the wrong place')
    this.#place = place
    return at + 1
  }

  #text(place: 'name' | 'value' | 'extensions', at: number): number {
    this.#place = place
    this.#mark = at
    return at
  }

  /** A head without an end must not fill the memory. */
  #counted(from: number, to: number): number {
    this.#headBytes += to - from
    if (this.#headBytes > HEAD_BYTES) throw notHttp('headers that are too large')
    return to
  }

  #begin(bytes: Buffer, from: number, end: number): number {
    const at = skipLines(bytes, from, end)
    if (at === end) return at
    this.#place = 'line'
    this.#column = 0
    this.#digits = 0
    this.#headBytes = 0
    this.#opened = false
    return at
  }

  #readLine(bytes: Buffer, from: number, end: number): number {
    let at = from
    for (; at < end && this.#column < STATUS_LINE.length; at++) {
      const byte = bytes[at]!
      const wanted = STATUS_LINE.charCodeAt(this.#column++)
      if (wanted !== DIGIT) {
        if (byte !== wanted) throw notHttp('no status line')
      } else {
        if (byte < ZERO || byte > NINE) throw notHttp('no status')
        this.#digits = this.#digits * 10 + byte - ZERO
      }
    }
    if (at === end) return at
    if (!VERSIONS.has(Math.floor(this.#digits / 1_000))) throw notHttp('an unknown version')
    if (bytes[at] === CR) return this.#expect(bytes, at, CR, 'line-end')
    return this.#expect(bytes, at, SPACE, 'reason')
  }

  #readReason(bytes: Buffer, from: number, end: number): number {
    let at = from
    while (at < end && bytes[at] !== CR && bytes[at] !== LF) at++
    return at === end ? at : this.#expect(bytes, at, CR, 'line-end')
  }

  #readName(bytes: Buffer, from: number, end: number): number {
    for (let at = from; at < end; at++) {
      const lower = NAME_BYTES[bytes[at]!]!
      if (lower !== 0) bytes[at] = lower
      else if (at === this.#mark) throw notHttp('a header without a name')
      else {
        this.#name = bytes.toString('latin1', this.#mark, at)
        return this.#expect(bytes, at, COLON, 'blank')
      }
    }
    return end
  }

  #skipBlanks(bytes: Buffer, from: number, end: number): number {
    let at = from
    while (at < end && (bytes[at] === SPACE || bytes[at] === TAB)) at++
    return at === end ? at : this.#text('value', at)
  }

  #readValue(bytes: Buffer, from: number, end: number): number {
    let at = from
    while (at < end && VALUE_BYTES[bytes[at]!] === 1) at++
    if (at === end) return at
    const next = this.#expect(bytes, at, CR, 'value-end')
    const value = bytes.toString('latin1', this.#mark, at)
    // Of the trailers only what they mean for the connection: the headers have been passed on.
    if (this.#opened) this.#response!.heed(this.#name, value)
    else this.#response!.add(this.#name, value)
    return next
  }

  /** The head is there. */
  #open(response: ResponseHead): void {
    const { status, framing, length } = response
    if (status < 100 || status === 101) throw notHttp('a status that nobody asked for')
    // An interim answer: the real one follows.
    if (status < 200) return
    this.#opened = true
    this.#head = response
    if (framing === 'none') {
      if (length !== null && length > 0) throw notHttp('a length and no body')
      this.#end()
    } else this.#place = framing === 'chunks' ? 'size-begin' : framing
    this.#left = framing === 'length' ? length! : Infinity
  }

  #take(bytes: Buffer, from: number, end: number): number {
    const to = Math.min(end, from + this.#left)
    // One piece for all that is in one read, however many chunks it comes in.
    this.#body ??= Buffer.allocUnsafe(end - from)
    this.#bodyBytes += bytes.copy(this.#body, this.#bodyBytes, from, to)
    this.#left -= to - from
    if (this.#left > 0) return to
    if (this.#place === 'chunk') this.#place = 'chunk-cr'
    else this.#end()
    return to
  }

  #readSize(bytes: Buffer, from: number, end: number): number {
    for (let at = from; at < end; at++) {
      const digit = HEX[bytes[at]!]!
      if (digit !== 255) this.#left = this.#left * 16 + digit
      else if (bytes[at] === SEMICOLON) return this.#text('extensions', at)
      else return this.#expect(bytes, at, CR, 'size-end')
      if (this.#left > Number.MAX_SAFE_INTEGER) throw notHttp('a chunk that is too large')
    }
    return end
  }

  #readExtensions(bytes: Buffer, from: number, end: number): number {
    let at = from
    while (at < end && bytes[at] !== CR && bytes[at] !== LF) at++
    if (at === end) return at
    if (!EXTENSIONS.test(bytes.toString('latin1', this.#mark, at))) throw notHttp('odd extensions of a chunk')
    return this.#expect(bytes, at, CR, 'size-end')
  }

  get #taken(): Buffer | null {
    return this.#body === null ? null : this.#body.subarray(0, this.#bodyBytes)
  }

  #end(): void {
    this.#ended = true
    this.#place = 'before'
  }

  #keepText(bytes: Buffer, end: number): void {
    if (this.#place !== 'name' && this.#place !== 'value' && this.#place !== 'extensions') return
    this.#cut = Buffer.from(bytes.subarray(this.#mark, end))
    this.#mark = 0
  }
}

/** Some servers write an empty line behind a body. */
function skipLines(bytes: Buffer, from: number, end: number): number {
  let at = from
  while (at < end && (bytes[at] === CR || bytes[at] === LF)) at++
  return at
}
