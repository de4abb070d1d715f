/** One block of an SSE stream, up to and with its blank line. */
export interface SseBlock {
  /** The exact bytes, blank line included. */
  readonly raw: Buffer
  /** Joined `data` lines; null where the block has none. */
  readonly data: string | null
  readonly event: string | null
  /** Comment lines without the colon. */
  readonly comments: readonly string[]
  /** Names of all other fields in the block. */
  readonly fields: readonly string[]
  /** performance.now() when its last byte arrived. */
  readonly at: number
}

const LF = 10
const CR = 13

/**
 * Cuts a byte stream into SSE blocks and keeps everything, comments too: what a test of a relay must see and an SDK hides.
 * Any of LF, CRLF and CR ends a line.
 */
export class SseReader {
  #bytes: Buffer = Buffer.alloc(0)
  #scanned = 0
  #lineStart = 0

  /** Bytes of a block that has not ended yet. */
  get rest(): Buffer {
    return this.#bytes
  }

  push(chunk: Buffer, at = performance.now()): SseBlock[] {
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk])
    const blocks: SseBlock[] = []
    let start = 0
    let i = this.#scanned
    while (i < this.#bytes.length) {
      const byte = this.#bytes[i]
      if (byte !== LF && byte !== CR) {
        i++
        continue
      }
      if (byte === CR && i + 1 === this.#bytes.length) break
      const next = byte === CR && this.#bytes[i + 1] === LF ? i + 2 : i + 1
      if (i === this.#lineStart) {
        blocks.push(parseBlock(this.#bytes.subarray(start, next), at))
        start = next
      }
      this.#lineStart = next
      i = next
    }
    this.#bytes = this.#bytes.subarray(start)
    this.#scanned = i - start
    this.#lineStart -= start
    return blocks
  }
}

function parseBlock(raw: Buffer, at: number): SseBlock {
  const data: string[] = []
  const comments: string[] = []
  const fields: string[] = []
  let event: string | null = null
  for (const line of raw.toString('utf8').split(/\r\n|\n|\r/)) {
    if (line === '') continue
    const colon = line.indexOf(':')
    const name = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '')
    if (name === '') comments.push(value)
    else if (name === 'data') data.push(value)
    else if (name === 'event') event = value
    else fields.push(name)
  }
  return { raw, data: data.length === 0 ? null : data.join('\n'), event, comments, fields, at }
}
