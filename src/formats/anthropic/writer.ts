/** Writes an answer that came in another format as Anthropic's clients expect it. */
import type { GatewayRequest } from '../../core/types.ts'
import type { AnswerState } from '../answer-state.ts'
import { ContentsPrompt } from '../contents-prompt.ts'
import type { AnswerWriter } from '../format.ts'
import type { Piece } from '../piece.ts'
import { type Block, type BlockSink, BlockWriter, type Delta } from './block-writer.ts'
import { event } from './events.ts'
import { stopReasonOf } from './finish.ts'
import { messageHead } from './head.ts'
import { writeUsage } from './usage.ts'
import { WholeContent } from './whole-message.ts'

export class MessageWriter implements AnswerWriter {
  readonly #request: GatewayRequest
  readonly #hidesThoughts: boolean
  readonly #events = new StreamedContent()
  readonly #blocks: BlockWriter
  #begun = false
  #hasCalls = false
  #refused = false
  #stop: string | null = null

  constructor(request: GatewayRequest) {
    const { prompt } = request
    const view = prompt instanceof ContentsPrompt ? prompt.view : null
    this.#request = request
    this.#hidesThoughts = view?.thinking?.shown === 'hidden'
    this.#blocks = new BlockWriter(this.#events, this.#hidesThoughts)
  }

  /** The first time the message begins, whatever it says first: clients show by it that they are answered. */
  events(pieces: readonly Piece[], state: AnswerState): Buffer | null {
    this.#begin(state)
    this.#take(pieces, this.#blocks)
    return this.#events.taken()
  }

  last(state: AnswerState): Buffer | null {
    this.#begin(state)
    this.#blocks.end()
    const usage = writeUsage(state.settled ?? state.reported)
    this.#events.add({ type: 'message_delta', delta: this.#ending(state), usage })
    return this.#events.taken()
  }

  body(pieces: readonly Piece[], state: AnswerState): Buffer {
    const whole = new WholeContent()
    const blocks = new BlockWriter(whole, this.#hidesThoughts)
    this.#take(pieces, blocks)
    blocks.end()
    const usage = writeUsage(state.settled ?? state.reported)
    const head = messageHead(this.#request, state)
    return Buffer.from(JSON.stringify({ ...head, content: whole.blocks, ...this.#ending(state), usage }))
  }

  failed(): null {
    return null
  }

  #begin(state: AnswerState): void {
    if (this.#begun) return
    this.#begun = true
    const none = { content: [], stop_reason: null, stop_sequence: null, stop_details: null }
    const message = { ...messageHead(this.#request, state), ...none, usage: writeUsage(state.reported) }
    this.#events.add({ type: 'message_start', message })
  }

  #take(pieces: readonly Piece[], blocks: BlockWriter): void {
    for (const piece of pieces) {
      // A message is one answer; seals of calls are kept beside it.
      if (piece.choice !== 0 || (piece.kind === 'seal' && piece.slot !== null)) continue
      if (piece.kind === 'call') this.#hasCalls = true
      else if (piece.kind === 'refusal') this.#refused = true
      else if (piece.kind === 'end') this.#stop ??= piece.stop
      if (piece.kind !== 'end') blocks.take(piece)
    }
  }

  /** Some engines also tell the token that ends every answer. */
  #isStop(stop: string | null): boolean {
    return stop !== null && this.#request.prompt.contents().stop.includes(stop)
  }

  #ending(state: AnswerState): object {
    const stop = this.#isStop(this.#stop) ? this.#stop : null
    const known = { finish: state.finish, word: state.finishWord, stop, hasCalls: this.#hasCalls }
    const stop_reason = stopReasonOf({ ...known, refused: this.#refused || state.refused })
    return {
      stop_reason,
      stop_sequence: stop_reason === 'stop_sequence' ? stop : null,
      stop_details: stop_reason === 'refusal' ? { type: 'refusal', category: null, explanation: null } : null,
    }
  }
}

/** Blocks as events. */
class StreamedContent implements BlockSink {
  #out: Buffer[] = []
  /** Of the block that began last. */
  #index = -1

  add(data: Parameters<typeof event>[0]): void {
    this.#out.push(event(data))
  }

  /** Null: there are none. */
  taken(): Buffer | null {
    const out = this.#out
    this.#out = []
    return out.length === 0 ? null : Buffer.concat(out)
  }

  begins(block: Block): void {
    this.#index++
    this.add({ type: 'content_block_start', index: this.#index, content_block: block })
  }

  brings(delta: Delta): void {
    this.add({ type: 'content_block_delta', index: this.#index, delta })
  }

  ends(): void {
    this.add({ type: 'content_block_stop', index: this.#index })
  }
}
