/** The content of a message that is not streamed. */
import type { JsonObject } from '../../core/json.ts'
import type { Block, BlockSink, Delta } from './block-writer.ts'
import { objectIn } from '../json/object-in.ts'

export class WholeContent implements BlockSink {
  readonly blocks: object[] = []
  #block: Block | null = null
  /** Of that block, as far as it came. */
  #text = ''
  #signature = ''
  #citations: object[] = []

  begins(block: Block): void {
    this.#block = block
    this.#text = ''
    this.#signature = ''
    this.#citations = []
  }

  brings(delta: Delta): void {
    switch (delta.type) {
      case 'text_delta':
        this.#text += delta.text
        return
      case 'thinking_delta':
        this.#text += delta.thinking
        return
      case 'input_json_delta':
        this.#text += delta.partial_json
        return
      case 'signature_delta':
        this.#signature = delta.signature
        return
      case 'citations_delta':
        this.#citations.push(delta.citation)
    }
  }

  ends(): void {
    const block = this.#block
    if (block !== null) this.blocks.push(this.#whole(block))
  }

  #whole(block: Block): object {
    switch (block.type) {
      case 'text':
        return { ...block, text: this.#text, ...(this.#citations.length === 0 ? {} : { citations: this.#citations }) }
      case 'thinking':
        return { ...block, thinking: this.#text, signature: this.#signature }
      case 'tool_use':
        return { ...block, input: inputOf(this.#text) }
      case 'redacted_thinking':
        return block
    }
  }
}

/** Clients take an object. Of arguments that are none the verdict on the answer tells. */
const inputOf = (json: string): JsonObject => objectIn(json) ?? {}
