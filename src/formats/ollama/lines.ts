/** Answers as lines of JSON, one object a line: bytes in, whole lines out. A network chunk may end anywhere. */
import type { Form } from '../form.ts'
import type { Framing, Splitter, SseFrame } from '../sse.ts'

const LF = 0x0a
const CR = 0x0d
const OPEN_BRACE = 0x7b
const BLANK = 0x20
const END = Buffer.from('\n')

/** A line of ours. */
export const encodeLine = (value: object): Buffer => Buffer.from(`${JSON.stringify(value)}\n`)

export const LINES: Framing = {
  type: 'application/x-ndjson',
  splitter: () => new LineSplitter(),
  formOf,
}

/** A whole answer in place of a stream is one line. */
function formOf(head: Buffer): Form | null {
  const first = head.find((byte) => byte > BLANK)
  if (first === undefined) return null
  return first === OPEN_BRACE ? 'events' : 'other'
}

/** For one stream. Time and memory are linear in the bytes. */
export class LineSplitter implements Splitter {
  /** Pieces of the line that has not ended yet. */
  #tail: Buffer[] = []
  #tailBytes = 0

  get pending(): number {
    return this.#tailBytes
  }

  push(chunk: Buffer, out: SseFrame[]): void {
    let start = 0
    for (let end = chunk.indexOf(LF); end >= 0; end = chunk.indexOf(LF, start)) {
      this.#emit(chunk.subarray(start, end + 1), out)
      start = end + 1
    }
    if (start === chunk.length) return
    this.#tail.push(start === 0 ? chunk : chunk.subarray(start))
    this.#tailBytes += chunk.length - start
  }

  /** The last line may lack its end. */
  flush(out: SseFrame[]): void {
    if (this.#tailBytes > 0) this.#emit(END, out)
  }

  #emit(last: Buffer, out: SseFrame[]): void {
    let raw = last
    if (this.#tailBytes > 0) {
      raw = Buffer.concat([...this.#tail, last])
      this.#tail = []
      this.#tailBytes = 0
    }
    let end = raw.length - 1
    while (end > 0 && (raw[end - 1] === CR || raw[end - 1] === BLANK)) end--
    if (end > 0) out.push({ raw, data: raw.toString('latin1', 0, end), dataStart: 0, dataEnd: end, event: null })
  }
}
