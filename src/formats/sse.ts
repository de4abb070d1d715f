/**
 * Server-sent events, bytes in, whole events out. The one parser of the gateway: a network chunk may end anywhere
 * (inside a UTF-8 character, between CR and LF), and the events must come out the same.
 *
 * What goes out is limited to what the official SDKs survive: one `data:` line for each event and comments. They
 * crash on an event without data, and the Python one on every blank line once an `id:` was seen, so those are left out.
 */
import { type Form, formOf } from './form.ts'

export interface SseFrame {
  /** The whole event, blank line included, as it may be sent on. */
  readonly raw: Buffer
  /** The payload, one byte a character (cut cheaply, good for a search); null for a comment. Text: `frameText`. */
  readonly data: string | null
  /** Where the payload lies in `raw`. */
  readonly dataStart: number
  readonly dataEnd: number
  /** Its `event:` name, where it had one. */
  readonly event: string | null
}

export const KEEP_ALIVE_EVENT = Buffer.from(': keep-alive\n\n')

const LF = 0x0a
const CR = 0x0d
const SPACE = 0x20
const END = Buffer.from('\n\n')
const BLANK_LINE = Buffer.from('\n')

/** The payload as text. */
export const frameText = (frame: SseFrame): string => frame.raw.toString('utf8', frame.dataStart, frame.dataEnd)

/** An event of ours. `json` must not hold line ends outside of strings (JSON.stringify never makes any). */
export function encodeEvent(json: string, event: string | null = null): Buffer {
  return Buffer.from(event === null ? `data: ${json}\n\n` : `event: ${event}\ndata: ${json}\n\n`)
}

/** How the answers of a wire format that come live are cut into events. */
export interface Framing {
  /** What is asked for in `accept`. */
  readonly type: string
  /** For one stream. */
  splitter(): Splitter
  /** What a body that was asked for as a stream begins as; null: too little has come to tell. */
  formOf(head: Buffer): Form | null
}

export interface Splitter {
  /** Bytes held back because their event has not ended. */
  readonly pending: number
  /** Adds the events that `chunk` completes to `out`. */
  push(chunk: Buffer, out: SseFrame[]): void
  /** The stream has ended: what is left counts as an event. */
  flush(out: SseFrame[]): void
}

const EVENT_STREAM = 'text/event-stream'

/** Events without names, as OpenAI's clients take them. */
export const EVENTS: Framing = { type: EVENT_STREAM, splitter: () => new SseSplitter(false), formOf }
/** Events with names, as clients of Anthropic and of Responses need them. */
export const NAMED_EVENTS: Framing = { type: EVENT_STREAM, splitter: () => new SseSplitter(true), formOf }

/** Incremental splitter; one for each stream. Time and memory are linear in the bytes, an event of megabytes included. */
export class SseSplitter implements Splitter {
  /** Pieces of the event that has not ended yet. */
  #tail: Buffer[] = []
  #tailBytes = 0
  /** Bytes of the unfinished line that came with earlier chunks. */
  #carried = 0
  #afterCr = false
  #started = false
  readonly #named: boolean

  /** `named`: the names of events are sent on. */
  constructor(named = false) {
    this.#named = named
  }

  /** Bytes held back because their event has not ended. */
  get pending(): number {
    return this.#tailBytes
  }

  /** Adds the events that `chunk` completes to `out`. */
  push(chunk: Buffer, out: SseFrame[]): void {
    if (chunk.length === 0) return
    let bytes = chunk
    if (!this.#started) bytes = this.#withoutMark(bytes)
    if (this.#afterCr || bytes.includes(CR)) bytes = this.#unifyLineEnds(bytes)
    let eventStart = 0
    let lineStart = -this.#carried
    let newline = bytes.indexOf(LF)
    while (newline >= 0) {
      if (newline === lineStart) {
        this.#emit(bytes.subarray(eventStart, newline + 1), out)
        eventStart = newline + 1
      }
      lineStart = newline + 1
      newline = bytes.indexOf(LF, lineStart)
    }
    this.#carried = bytes.length - lineStart
    if (eventStart < bytes.length) {
      this.#tail.push(eventStart === 0 ? bytes : bytes.subarray(eventStart))
      this.#tailBytes += bytes.length - eventStart
    }
  }

  /** The stream has ended: what is left counts as an event (some engines forget the last blank line). */
  flush(out: SseFrame[]): void {
    if (this.#tailBytes > 0) this.#emit(this.#carried > 0 ? END : BLANK_LINE, out)
    this.#carried = 0
  }

  #emit(last: Buffer, out: SseFrame[]): void {
    let raw = last
    if (this.#tailBytes > 0) {
      this.#tail.push(last)
      raw = Buffer.concat(this.#tail, this.#tailBytes + last.length)
      this.#tail = []
      this.#tailBytes = 0
    }
    const frame = toFrame(raw, this.#named)
    if (frame !== null) out.push(frame)
  }

  /** One byte order mark at the very start is not content; Python clients lose the first event to it. */
  #withoutMark(chunk: Buffer): Buffer {
    const bytes = this.#tailBytes > 0 ? Buffer.concat([...this.#tail, chunk]) : chunk
    this.#tail = []
    this.#tailBytes = 0
    this.#carried = 0
    if (bytes.length < 3 && bytes[0] === 0xef) return bytes
    this.#started = true
    return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes
  }

  /** CRLF and lone CR become LF; the CR of a CRLF may be the last byte of a chunk. */
  #unifyLineEnds(chunk: Buffer): Buffer {
    const out = Buffer.allocUnsafe(chunk.length)
    let length = 0
    let afterCr = this.#afterCr
    for (const byte of chunk) {
      if (byte === LF && afterCr) {
        afterCr = false
        continue
      }
      afterCr = byte === CR
      out[length++] = afterCr ? LF : byte
    }
    this.#afterCr = afterCr
    return out.subarray(0, length)
  }
}

/** `raw` ends with a blank line. Null for a block that has nothing to send on. */
function toFrame(raw: Buffer, named: boolean): SseFrame | null {
  // The common case, and the only one on the hot path: exactly one data line.
  if (startsWithData(raw) && raw.indexOf(LF, 5) === raw.length - 2) {
    const dataStart = raw[5] === SPACE ? 6 : 5
    const dataEnd = raw.length - 2
    if (dataEnd === dataStart) return null
    return { raw, data: raw.toString('latin1', dataStart, dataEnd), dataStart, dataEnd, event: null }
  }
  return (named ? namedFrame(raw) : null) ?? toFrameByLine(raw, named)
}

const startsWithData = (raw: Buffer): boolean =>
  raw[0] === 0x64 && raw[1] === 0x61 && raw[2] === 0x74 && raw[3] === 0x61 && raw[4] === 0x3a

const NO_NAME = Buffer.alloc(0)
const EVENT = Buffer.from('event: ')
const DATA_LINE = Buffer.from('data: ')

/** The common case of a format with names: `event: NAME`, one data line and no more; null for any other. */
function namedFrame(raw: Buffer): SseFrame | null {
  if (!hasAt(raw, EVENT, 0)) return null
  const line = raw.indexOf(LF) + 1
  const dataStart = line + DATA_LINE.length
  if (!hasAt(raw, DATA_LINE, line)) return null
  const dataEnd = raw.length - 2
  if (raw.indexOf(LF, dataStart) !== dataEnd || dataEnd === dataStart) return null
  const event = raw.toString('utf8', EVENT.length, line - 1)
  return { raw, data: raw.toString('latin1', dataStart, dataEnd), dataStart, dataEnd, event }
}

const hasAt = (raw: Buffer, text: Buffer, at: number): boolean =>
  raw.length >= at + text.length && raw.compare(text, 0, text.length, at, at + text.length) === 0

function toFrameByLine(raw: Buffer, named: boolean): SseFrame | null {
  const data: Buffer[] = []
  const comments: Buffer[] = []
  let event: string | null = null
  let start = 0
  for (let end = raw.indexOf(LF); end >= 0; start = end + 1, end = raw.indexOf(LF, start)) {
    const line = raw.subarray(start, end)
    if (line.length === 0) continue
    if (line[0] === 0x3a) {
      comments.push(line)
      continue
    }
    const colon = line.indexOf(0x3a)
    const name = colon < 0 ? line.toString('latin1') : line.toString('latin1', 0, colon)
    const value =
      colon < 0 ? line.subarray(line.length) : line.subarray(line[colon + 1] === SPACE ? colon + 2 : colon + 1)
    if (name === 'data') data.push(value)
    else if (name === 'event') event = value.toString()
  }
  const payload = joinLines(data)
  if (payload.length > 0) {
    const name = named && event !== null ? Buffer.from(`event: ${event}\n`) : NO_NAME
    const dataStart = name.length + DATA_LINE.length
    const rebuilt = Buffer.concat([name, DATA_LINE, payload, END])
    return { raw: rebuilt, data: payload.toString('latin1'), dataStart, dataEnd: dataStart + payload.length, event }
  }
  if (comments.length === 0) return null
  return {
    raw: Buffer.concat([...comments.flatMap((line) => [line, BLANK_LINE]), BLANK_LINE]),
    data: null,
    dataStart: 0,
    dataEnd: 0,
    event: null,
  }
}

/** A line end between two data lines is white space to JSON, and a space keeps the payload on one line. */
function joinLines(lines: readonly Buffer[]): Buffer {
  if (lines.length <= 1) return lines[0] ?? Buffer.alloc(0)
  return Buffer.concat(lines.flatMap((line, index) => (index === 0 ? [line] : [Buffer.from(' '), line])))
}
