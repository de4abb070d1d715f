/** One answer of a backend that speaks Anthropic's API. */
import { type Fields, isObject } from '../../core/is-object.ts'
import type { GatewayRequest } from '../../core/types.ts'
import type { Steps } from '../../core/slices.ts'
import { AnswerCollector } from '../answer-collector.ts'
import { withoutMark } from '../form.ts'
import type { AnswerReader, BodyVerdict, EventVerdict, Reading } from '../format.ts'
import { outlineOf } from '../json/outline.ts'
import type { Piece } from '../piece.ts'
import { embeddedFault, readFault } from '../read-fault.ts'
import { encodeEvent, frameText, type SseFrame } from '../sse.ts'
import { PlainReader } from '../plain-reader.ts'
import { usageSoFar } from '../usage-so-far.ts'
import { MessageState } from './answer-state.ts'
import { asEvents } from './as-events.ts'
import { freeTools, inputIn, NO_INPUT } from './call-input.ts'
import { OpenBlock } from './open-block.ts'
import { MessagePieces } from './pieces.ts'
import { objectIn } from '../json/object-in.ts'

const DONE: EventVerdict = { kind: 'done' }
const GARBAGE: EventVerdict = { kind: 'garbage' }
/** Of other APIs; some proxies send it behind every stream. */
const FOREIGN_END = '[DONE]'

export class MessageReader extends PlainReader implements AnswerReader {
  readonly state = new MessageState()
  readonly expectsFinishReason = true
  readonly #stream: boolean
  readonly #inputTokens: number
  readonly #pieces: MessagePieces
  readonly #isFree: (tool: string) => boolean
  /** The block that is being written, and its place. */
  #open: OpenBlock | null = null
  #at = -1

  constructor(request: GatewayRequest, { inputTokens, checks }: Reading) {
    super()
    this.#stream = request.stream
    this.#inputTokens = inputTokens
    this.#isFree = freeTools(request)
    this.#pieces = new MessagePieces(this.#isFree)
    this.state.collected = checks && new AnswerCollector(checks)
  }

  // ---------------------------------------------------------------- a stream

  event(frame: SseFrame): EventVerdict {
    const { data, raw } = frame
    if (data === null) return { kind: 'send', raw }
    const bytes = frame.event === DELTA ? (this.#open?.more(data) ?? null) : null
    if (bytes === null) return this.#parsed(frame, data)
    this.state.size.delta(bytes)
    this.state.usageIsOld = true
    return { kind: 'send', raw }
  }

  #parsed(frame: SseFrame, data: string): EventVerdict {
    if (data.trim() === FOREIGN_END) return this.finished ? DONE : GARBAGE
    const text = frameText(frame)
    const value = objectIn(text)
    if (value === null) return frame.event === 'error' ? { kind: 'fault', fault: readFault(text) } : GARBAGE
    const fault = embeddedFault(value) ?? (frame.event === 'error' ? readFault(text) : null)
    if (fault !== null) return { kind: 'fault', fault }
    const type = typeof value['type'] === 'string' ? value['type'] : frame.event
    if (type === null) return GARBAGE
    if (type === STOP) {
      this.state.done = true
      return DONE
    }
    this.#take(type, value, data)
    // Clients drop events without a name.
    return { kind: 'send', raw: frame.event === type ? frame.raw : encodeEvent(text, type) }
  }

  #take(type: string, value: Fields, data: string): void {
    const { state } = this
    switch (type) {
      case 'message_start':
        return state.message(fieldsOf(value['message']))
      case 'content_block_start':
        this.#at = numberOf(value['index'])
        this.#open = this.#block(fieldsOf(value['content_block']))
        return
      case DELTA:
        return this.#delta(numberOf(value['index']), fieldsOf(value['delta']), data)
      case 'content_block_stop':
        return this.#close()
      case 'message_delta':
        state.ends(fieldsOf(value['delta'])['stop_reason'])
        return state.usage(value['usage'])
      default:
    }
  }

  /** Begins one; of a whole answer it is all of it. */
  #block(block: Fields): OpenBlock {
    const { state } = this
    switch (block['type']) {
      case 'text':
        state.text(textOf(block['text']))
        return new OpenBlock('text')
      case 'thinking':
        state.thought(textOf(block['thinking']))
        return new OpenBlock('thinking')
      case 'redacted_thinking':
        return new OpenBlock('other')
      case 'tool_use': {
        const name = textOf(block['name'])
        const json = inputIn(block)
        const open = new OpenBlock('call', state.call(name, json, this.#isFree(name)))
        open.filled = json !== ''
        return open
      }
      default:
        // What its own tools have said and done.
        state.other()
        return new OpenBlock('other')
    }
  }

  #delta(at: number, delta: Fields, data: string): void {
    const { state } = this
    const text = textOf(delta['text'])
    const json = textOf(delta['partial_json'])
    const thought = textOf(delta['thinking'])
    state.text(text)
    state.thought(thought)
    if (json !== '' && this.#open !== null) {
      this.#open.filled = true
      state.more(this.#open.slot, json)
    }
    state.usageIsOld = true
    state.size.delta(Math.max(Buffer.byteLength(text), Buffer.byteLength(json), Buffer.byteLength(thought)))
    if (this.#open !== null && at === this.#at && this.#isPlain(this.#open)) this.#open.learn(data)
  }

  #close(): void {
    const open = this.#open
    this.#open = null
    // A call without arguments may bring no event of them.
    if (open?.kind === 'call' && !open.filled) this.state.more(open.slot, NO_INPUT)
  }

  /** More of the block tells nothing that is still to be known. */
  #isPlain({ kind }: OpenBlock): boolean {
    const { sense, collected, substance } = this.state
    if (!substance) return false
    switch (kind) {
      case 'text':
        return sense.sure && (collected === null || !collected.checks.json || collected.lost)
      case 'call':
        return collected === null || collected.lost
      case 'thinking':
        return true
      case 'other':
        return false
    }
  }

  get begun(): boolean {
    return this.state.substance
  }

  get finished(): boolean {
    return this.state.finish !== null
  }

  get torn(): boolean {
    return this.#open !== null && !this.finished
  }

  brings(frame: SseFrame): boolean {
    const value = frame.data === null ? null : objectIn(frameText(frame))
    if (value === null) return false
    const { text, partial_json: json, thinking } = fieldsOf(value['delta'])
    return [text, json, thinking].some((part) => textOf(part) !== '') || value['type'] === 'content_block_start'
  }

  isWhole(frame: SseFrame): boolean {
    return frame.data === null || objectIn(frameText(frame)) !== null
  }

  // ---------------------------------------------------------------- a whole answer

  body(body: Buffer): BodyVerdict {
    const value = objectIn(withoutMark(body).toString())
    if (value === null) return 'garbage'
    const fault = embeddedFault(value)
    if (fault !== null) return fault
    if (!Array.isArray(value['content'])) return 'garbage'
    if (!this.#stream) this.#message(value, value['content'])
    return null
  }

  *bodyInSteps(body: Buffer): Steps<BodyVerdict> {
    const outline = yield* outlineOf(withoutMark(body), true)
    if (outline === null) return 'garbage'
    this.state.size.text(outline.cut)
    return this.body(outline.json)
  }

  #message(message: Fields, content: readonly unknown[]): void {
    const { state } = this
    for (const block of content) {
      if (!isObject(block)) continue
      this.#open = this.#block(block)
      this.#close()
      const { text, thinking, input } = block
      state.size.text(
        Buffer.byteLength(textOf(text) + textOf(thinking) + (isObject(input) ? JSON.stringify(input) : '')),
      )
    }
    state.message(message)
    state.ends(message['stop_reason'])
  }

  asEvents(body: Buffer): Buffer | null {
    const value = objectIn(withoutMark(body).toString())
    return value === null || !Array.isArray(value['content']) ? null : asEvents(value, value['content'])
  }

  override finishedBody(body: Buffer): Buffer {
    return withoutMark(body)
  }

  /** Its usage stands in the last event but one. */
  complete(): null {
    this.state.settled = usageSoFar(this.state, this.#inputTokens, true)
    return null
  }

  failed(): null {
    return null
  }

  pieces(bytes: Buffer): readonly Piece[] {
    return this.#pieces.of(bytes)
  }
}

const DELTA = 'content_block_delta'
const STOP = 'message_stop'

const NO_FIELDS: Fields = {}
const fieldsOf = (value: unknown): Fields => (isObject(value) ? value : NO_FIELDS)
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')
const numberOf = (value: unknown): number => (typeof value === 'number' ? value : 0)
