/** A stream of bytes in lines, however large it is: no more than one line is held. */

/** A longer line is given as an empty one. */
const MOST_BYTES = 16 << 20
const LINE_END = 10

export interface Line {
  readonly text: string
  /** From 1. */
  readonly number: number
  /** False: the stream ended within it. */
  readonly ended: boolean
}

export async function* linesOf(stream: AsyncIterable<Buffer | string>): AsyncGenerator<Line, void> {
  let number = 0
  let held: Buffer[] = []
  let size = 0
  const line = (rest: Buffer, ended: boolean): Line => {
    const text = size + rest.length > MOST_BYTES ? '' : Buffer.concat([...held, rest]).toString()
    held = []
    size = 0
    return { text, number: ++number, ended }
  }
  for await (const chunk of stream) {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk
    let from = 0
    for (let end = bytes.indexOf(LINE_END); end >= 0; end = bytes.indexOf(LINE_END, from)) {
      yield line(bytes.subarray(from, end), true)
      from = end + 1
    }
    const rest = bytes.subarray(from)
    size += rest.length
    if (size > MOST_BYTES) held = []
    else if (rest.length > 0) held.push(rest)
  }
  if (size > 0) yield line(Buffer.alloc(0), false)
}
