/** One answer of a backend that speaks Google's API. */
import { type Fields, isObject } from '../../core/is-object.ts'
import type { Steps } from '../../core/slices.ts'
import type { GatewayRequest } from '../../core/types.ts'
import { AnswerCollector } from '../answer-collector.ts'
import type { AnswerReader, BodyVerdict, EventVerdict, Reading } from '../format.ts'
import { withoutMark } from '../form.ts'
import type { Piece } from '../piece.ts'
import { outlineOf } from '../json/outline.ts'
import { encodeEvent, frameText, type SseFrame } from '../sse.ts'
import { PlainReader } from '../plain-reader.ts'
import { usageSoFar } from '../usage-so-far.ts'
import { candidatesIn, GeminiAnswerState, partsOf } from './answer-state.ts'
import { ArrayStream } from './array-stream.ts'
import { embeddedFault } from './fault.ts'
import { PiecesReader } from './pieces.ts'
import { GeminiPrompt, wantsArray } from './prompt.ts'

const SWALLOW: EventVerdict = { kind: 'swallow' }
const GARBAGE: EventVerdict = { kind: 'garbage' }

export class GeminiAnswerReader extends PlainReader implements AnswerReader {
  readonly state = new GeminiAnswerState()
  readonly expectsFinishReason: boolean
  readonly #request: GatewayRequest
  readonly #inputTokens: number
  readonly #pieces: PiecesReader
  /** For callers of this format who want no events; null for all others. */
  readonly #array: ArrayStream | null
  /** The event that was read last, so that it is parsed once. */
  #last: { readonly raw: Buffer; readonly answer: Fields } | null = null
  #freeTools: ReadonlySet<string> | null = null

  constructor(request: GatewayRequest, how: Reading) {
    super()
    const { inputTokens, checks } = how
    this.#request = request
    this.#inputTokens = inputTokens
    this.#array = wantsArray(request) ? new ArrayStream() : null
    this.expectsFinishReason = request.endpoint.streams
    this.state.collected = checks && new AnswerCollector(checks)
    this.#pieces = new PiecesReader({
      isFree: (name) => this.#isFree(name),
      keep: (call, seal) => how.keepSeal?.(call, seal),
    })
  }

  #isFree(name: string): boolean {
    const { prompt } = this.#request
    if (prompt instanceof GeminiPrompt || !prompt.hasTools) return false
    this.#freeTools ??= new Set(prompt.contents().tools.flatMap((tool) => (tool.free === null ? [] : [tool.name])))
    return this.#freeTools.has(name)
  }

  event(frame: SseFrame): EventVerdict {
    // Its clients do not know comments.
    if (frame.data === null) return SWALLOW
    const answer = parsed(frameText(frame))
    const fault = embeddedFault(answer)
    if (fault !== null) return { kind: 'fault', fault }
    if (!isObject(answer)) return GARBAGE
    this.state.take(answer)
    this.#last = { raw: frame.raw, answer }
    return { kind: 'send', raw: this.#array === null ? frame.raw : this.#array.ofFrame(frame) }
  }

  get begun(): boolean {
    return !this.expectsFinishReason || this.state.content || this.finished
  }

  get finished(): boolean {
    return this.expectsFinishReason && this.state.ended(this.#request.prompt.choices)
  }

  get torn(): boolean {
    return this.state.torn
  }

  brings(frame: SseFrame): boolean {
    const answer = frame.data === null ? null : parsed(frameText(frame))
    return isObject(answer) && candidatesIn(answer).some((one) => partsOf(one).length > 0 || 'finishReason' in one)
  }

  isWhole(frame: SseFrame): boolean {
    return frame.data === null || parsed(frameText(frame)) !== undefined
  }

  body(body: Buffer): BodyVerdict {
    return this.#judged(parsed(body.toString()))
  }

  *bodyInSteps(body: Buffer): Steps<BodyVerdict> {
    const outline = yield* outlineOf(body, true)
    if (outline === null) return 'garbage'
    if (!this.#request.stream) this.state.grow(outline.cut)
    return this.#judged(parsed(outline.json.toString()))
  }

  #judged(answer: unknown): BodyVerdict {
    const fault = embeddedFault(answer)
    if (fault !== null) return fault
    const { stream } = this.#request
    if (stream && Array.isArray(answer)) return null
    if (!isObject(answer) || !ANSWERS[this.expectsFinishReason ? 'text' : 'vectors'].some((name) => name in answer))
      return 'garbage'
    if (stream) return null
    this.state.take(answer)
    if (!this.expectsFinishReason) this.state.content = true
    return null
  }

  /** One answer, or the array that is sent where `alt=sse` is not known. */
  asEvents(body: Buffer): Buffer | null {
    const answer = parsed(withoutMark(body).toString())
    const all: readonly unknown[] = Array.isArray(answer) ? answer : [answer]
    if (all.length === 0 || !all.every((one) => isObject(one))) return null
    return Buffer.concat(all.map((one) => encodeEvent(JSON.stringify(one))))
  }

  complete(): null {
    this.state.done = true
    this.state.settled = usageSoFar(this.state, this.#inputTokens, true)
    return null
  }

  failed(body: object): Buffer | null {
    return this.#array?.failed(body) ?? null
  }

  pieces(bytes: Buffer): readonly Piece[] {
    const answer = this.#last?.raw === bytes ? this.#last.answer : parsed(bytes.toString().replace(/^data: ?/, ''))
    return isObject(answer) ? this.#pieces.read(answer) : []
  }
}

/** Members of which an answer has one. */
const ANSWERS = { text: ['candidates', 'promptFeedback'], vectors: ['embedding', 'embeddings'] } as const

/** Undefined where it is no JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
