/** A stream as one JSON array that is sent in pieces: what callers get who do not ask for server-sent events. Pure. */
import { frameText, type SseFrame } from '../sse.ts'

/** White space: before, between and behind elements it says nothing. */
export const ARRAY_KEEP_ALIVE = Buffer.from('\n')
export const ARRAY_END = Buffer.from(']\n')

/** One array. */
export class ArrayStream {
  #begun = false

  /** An element, with what stands before it. */
  element(json: string): Buffer {
    const before = this.#begun ? ',\n' : '['
    this.#begun = true
    return Buffer.from(before + json)
  }

  /** The payload of an event. */
  ofFrame(frame: SseFrame): Buffer {
    return this.element(frameText(frame))
  }

  /** An error, and the end. */
  failed(body: object): Buffer {
    return Buffer.concat([this.element(JSON.stringify(body)), ARRAY_END])
  }
}
