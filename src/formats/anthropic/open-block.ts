/** The block of a stream that is being written. Most events bring nothing but more of it: those are known without a parse. */
import { endOfText } from '../json/text-end.ts'

/** `other`: nothing of it is looked at. */
export type BlockKind = 'text' | 'thinking' | 'call' | 'other'

const TEXT = /"(?:text|thinking|partial_json)"\s*:\s*"/

export class OpenBlock {
  readonly kind: BlockKind
  /** Of a call: its place among them. */
  readonly slot: number
  /** Something of it has come behind its beginning. */
  filled = false
  /** Around the piece of the last event that was parsed; null: it has none. One character for each byte. */
  #before: string | null = null
  #after = ''

  constructor(kind: BlockKind, slot = 0) {
    this.kind = kind
    this.slot = slot
  }

  /** `data`: of an event that brought more of this block and nothing else. */
  learn(data: string): void {
    const piece = TEXT.exec(data)
    if (piece === null) return
    const start = piece.index + piece[0].length
    const end = endOfText(data, start)
    if (end >= data.length) return
    this.#before = data.slice(0, start)
    this.#after = data.slice(end)
  }

  /** Bytes of the piece of an event that is like the last one but for it; null: it is another one. */
  more(data: string): number | null {
    const before = this.#before
    if (before === null) return null
    const start = before.length
    const end = data.length - this.#after.length
    // Cut and compared it takes half of what `startsWith` does.
    if (end <= start || data.slice(0, start) !== before || !data.endsWith(this.#after)) return null
    return endOfText(data, start) === end ? end - start : null
  }
}
