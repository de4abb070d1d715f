/**
 * The pieces of an answer as blocks, one after another: each is closed before the next begins. Engines that write several calls at
 * the same time have the later ones held back until the one before them is whole.
 */
import { Closure } from '../json/closure.ts'
import type { CallPiece, CitationPiece, Piece } from '../piece.ts'
import { writtenSeal } from '../seal.ts'
import { writtenId } from './call-ids.ts'

export type Block =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'thinking'; readonly thinking: string; readonly signature: string }
  | { readonly type: 'redacted_thinking'; readonly data: string }
  | { readonly type: 'tool_use'; readonly id: string; readonly name: string; readonly input: object }

export type Delta =
  | { readonly type: 'text_delta'; readonly text: string }
  | { readonly type: 'thinking_delta'; readonly thinking: string }
  | { readonly type: 'signature_delta'; readonly signature: string }
  | { readonly type: 'input_json_delta'; readonly partial_json: string }
  | { readonly type: 'citations_delta'; readonly citation: object }

/** Hears of one block at a time. */
export interface BlockSink {
  begins(block: Block): void
  brings(delta: Delta): void
  ends(): void
}

interface OpenCall {
  readonly slot: number
  readonly json: Closure
}

export class BlockWriter {
  readonly #sink: BlockSink
  readonly #hidesThoughts: boolean
  #open: 'text' | 'thinking' | 'hidden' | OpenCall | null = null
  /** What came for others while a call was not whole. */
  #waiting: Piece[] = []

  /** `hidesThoughts`: of what was thought only the proof is told. */
  constructor(sink: BlockSink, hidesThoughts: boolean) {
    this.#sink = sink
    this.#hidesThoughts = hidesThoughts
  }

  take(piece: Piece): void {
    const open = this.#openCall
    if (open === null || open.json.closed) return this.#write(piece)
    if (!(piece.kind === 'call' && piece.slot === open.slot)) {
      this.#waiting.push(piece)
      return
    }
    this.#write(piece)
    if (!open.json.closed || this.#waiting.length === 0) return
    const waiting = this.#waiting
    this.#waiting = []
    for (const next of waiting) this.take(next)
  }

  /** The answer has ended: what waits is written, each call as a whole. */
  end(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const piece of inOrder(waiting)) this.#write(piece)
    this.#close()
  }

  get #openCall(): OpenCall | null {
    return typeof this.#open === 'object' ? this.#open : null
  }

  #write(piece: Piece): void {
    switch (piece.kind) {
      case 'text':
      case 'refusal':
        if (piece.text === '') return
        this.#text()
        return this.#sink.brings({ type: 'text_delta', text: piece.text })
      case 'thought':
        return this.#thought(piece.text)
      case 'call':
        return this.#call(piece)
      case 'citation':
        this.#text()
        return this.#sink.brings({ type: 'citations_delta', citation: citationOf(piece) })
      case 'seal':
        return this.#seal(writtenSeal(piece.seal, 'anthropic-messages'))
      case 'end':
    }
  }

  #text(): void {
    if (this.#open !== 'text') this.#begin({ type: 'text', text: '' }, 'text')
  }

  #thought(text: string): void {
    if (this.#hidesThoughts) {
      if (this.#open !== 'hidden') this.#close()
      this.#open = 'hidden'
      return
    }
    if (this.#open !== 'thinking') this.#begin(THINKING, 'thinking')
    this.#sink.brings({ type: 'thinking_delta', thinking: text })
  }

  /** The last of a thought; without one it stands for what was thought. */
  #seal(signature: string): void {
    if (this.#open === 'hidden') this.#begin(THINKING, 'thinking')
    if (this.#open === 'thinking') this.#sink.brings({ type: 'signature_delta', signature })
    else this.#begin({ type: 'redacted_thinking', data: signature }, 'thinking')
    this.#close()
  }

  #call({ slot, begins, arguments: json }: CallPiece): void {
    if (begins !== null)
      this.#begin(
        { type: 'tool_use', id: writtenId(begins.id), name: begins.name, input: {} },
        { slot, json: new Closure() },
      )
    const open = this.#openCall
    // What comes for a call that is whole and closed is not JSON any more.
    if (open === null || open.slot !== slot || json === '') return
    open.json.push(Buffer.from(json))
    this.#sink.brings({ type: 'input_json_delta', partial_json: json })
  }

  #begin(block: Block, open: 'text' | 'thinking' | OpenCall): void {
    this.#close()
    this.#sink.begins(block)
    this.#open = open
  }

  #close(): void {
    if (this.#open !== null && this.#open !== 'hidden') this.#sink.ends()
    this.#open = null
  }
}

const THINKING: Block = { type: 'thinking', thinking: '', signature: '' }

/** The quoted text, and the proof of it that Anthropic has, are not known. */
const citationOf = ({ url, title }: CitationPiece): object => ({
  type: 'web_search_result_location',
  url,
  title,
  cited_text: '',
  encrypted_index: '',
})

/** The pieces of each call behind its beginning, all others where they are. */
function inOrder(pieces: readonly Piece[]): Piece[] {
  const calls = pieces.filter((piece) => piece.kind === 'call')
  const begun = new Set<number>()
  return pieces.flatMap((piece): Piece[] => {
    if (piece.kind !== 'call') return [piece]
    if (piece.begins === null) return begun.has(piece.slot) ? [] : [piece]
    begun.add(piece.slot)
    return [piece, ...calls.filter(({ begins, slot }) => begins === null && slot === piece.slot)]
  })
}
