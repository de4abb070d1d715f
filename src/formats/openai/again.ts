/** Most events of a stream differ from the one before in nothing but a piece of text: those are known without a search. */
import { endOfText } from '../json/text-end.ts'
import type { SseFrame } from '../sse.ts'

const TEXT = /"(?:content|reasoning_content|reasoning|text)"\s*:\s*"(?!")/

const ARGUMENTS = /"arguments"\s*:\s*"(?!")/

const DATA_BYTES = 6

interface Around {
  readonly before: Buffer
  readonly after: Buffer
}

/** An event that brought a piece of text, or of one call's arguments, and nothing else: what is around it. One character for each byte. */
export class Again {
  readonly brings: 'text' | 'arguments'
  readonly #before: string
  readonly #after: string
  /** What goes out around the text; null where the event goes out as it came. */
  readonly #out: Around | null

  private constructor(before: string, after: string, brings: 'text' | 'arguments', out: Around | null) {
    this.#before = before
    this.#after = after
    this.brings = brings
    this.#out = out
  }

  /** `sent`: what went out for `frame`. Null where its text cannot be found in both. */
  static of(frame: SseFrame, sent: Buffer, brings: 'text' | 'arguments'): Again | null {
    const data = frame.data!
    const piece = (brings === 'text' ? TEXT : ARGUMENTS).exec(data)
    if (piece === null) return null
    const start = piece.index + piece[0].length
    const end = endOfText(data, start)
    if (end >= data.length) return null
    const before = data.slice(0, start)
    const after = data.slice(end)
    if (sent === frame.raw) return new Again(before, after, brings, null)
    const head = DATA_BYTES + start
    if (!sent.subarray(DATA_BYTES, head).equals(frame.raw.subarray(frame.dataStart, frame.dataStart + start)))
      return null
    const out = { before: sent.subarray(0, head), after: sent.subarray(head + end - start) }
    return new Again(before, after, brings, out)
  }

  /** What to send for `frame`; null where it is another one than that, but for its text. */
  take(frame: SseFrame, data: string): Buffer | null {
    const start = this.#before.length
    const end = data.length - this.#after.length
    // Cut and compared it takes half of what `startsWith` does.
    if (end <= start || data.slice(0, start) !== this.#before || !data.endsWith(this.#after)) return null
    if (endOfText(data, start) !== end) return null
    if (this.#out === null) return frame.raw
    const { before, after } = this.#out
    return Buffer.concat([before, frame.raw.subarray(frame.dataStart + start, frame.dataStart + end), after])
  }

  /** The piece of an event that was taken; null where it is no JSON. */
  piece(frame: SseFrame, data: string): string | null {
    const start = this.#before.length
    const end = data.length - this.#after.length
    const json = data.slice(start, end)
    if (PLAIN.test(json)) return json
    try {
      return JSON.parse(`"${frame.raw.toString('utf8', frame.dataStart + start, frame.dataStart + end)}"`) as string
    } catch {
      return null
    }
  }
}

const PLAIN = /^[ -[\]-~]*$/
