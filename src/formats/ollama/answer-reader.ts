/** One answer of a backend that is asked by Ollama's API. */
import type { Fields } from '../../core/is-object.ts'
import type { Steps } from '../../core/slices.ts'
import type { GatewayRequest } from '../../core/types.ts'
import { AnswerCollector } from '../answer-collector.ts'
import type { AnswerReader, BodyVerdict, EventVerdict, Reading } from '../format.ts'
import { outlineOf } from '../json/outline.ts'
import type { Piece } from '../piece.ts'
import { frameText, type SseFrame } from '../sse.ts'
import { embeddedFault } from '../read-fault.ts'
import { PlainReader } from '../plain-reader.ts'
import { usageSoFar } from '../usage-so-far.ts'
import { createdIn, finishOf, loadMsIn, outputIn, saidIn, usageIn, vectorsIn } from './answer.ts'
import { OllamaAnswerState } from './answer-state.ts'
import { PieceReader } from './pieces.ts'
import { objectIn } from '../json/object-in.ts'

const GARBAGE: EventVerdict = { kind: 'garbage' }
const NEWLINE = Buffer.from('\n')

export class OllamaAnswerReader extends PlainReader implements AnswerReader {
  readonly state = new OllamaAnswerState()
  readonly expectsFinishReason: boolean
  readonly #stream: boolean
  readonly #inputTokens: number
  readonly #pieces: PieceReader

  constructor(request: GatewayRequest, { inputTokens, checks }: Reading) {
    super()
    const { stream, endpoint } = request
    this.#stream = stream
    this.#inputTokens = inputTokens
    this.expectsFinishReason = endpoint.streams
    this.state.collected = checks && new AnswerCollector(checks)
    this.#pieces = new PieceReader(request)
  }

  /** Lines that only bring more text are searched, not parsed: names end with their quote, so that no text holds them. */
  event(frame: SseFrame): EventVerdict {
    const data = frame.data ?? ''
    const { state } = this
    state.size.events++
    if (state.begun && state.sense.sure && state.collected === null && isMoreText(data)) {
      state.size.text(1)
      return { kind: 'send', raw: frame.raw }
    }
    const answer = objectIn(frameText(frame))
    if (answer === null) return GARBAGE
    const fault = embeddedFault(answer)
    if (fault !== null) return { kind: 'fault', fault }
    this.#note(answer)
    return { kind: 'send', raw: frame.raw }
  }

  #note(answer: Fields): void {
    const { state } = this
    const { model, done, done_reason: word } = answer
    if (state.model === null && typeof model === 'string' && model !== '') state.model = model
    state.created ??= createdIn(answer)
    const { text, thought, calls } = saidIn(answer)
    state.size.text(Buffer.byteLength(text + thought))
    state.sense.push(text)
    state.content = state.calls + calls.length > 0 || state.sense.found
    if (text !== '' || thought !== '' || calls.length > 0) state.begun = true
    state.collected?.addText(text)
    for (const call of calls) state.collected?.addCall(state.calls++, call.name, call.arguments, false)
    if (state.collected === null) state.calls += calls.length
    if (done === true) this.#end(answer, typeof word === 'string' && word !== '' ? word : null)
  }

  #end(answer: Fields, word: string | null): void {
    const { state } = this
    state.done = true
    state.finishWord = word
    state.finish = word === null ? 'unknown' : finishOf(word, state.calls > 0)
    state.loadMs = loadMsIn(answer)
    state.reported = usageIn(answer)
    if (state.reported === null) state.size.told = outputIn(answer)
    // All that was asked for.
    if (word === 'load' || word === 'unload') state.content = true
  }

  get begun(): boolean {
    return this.state.begun || this.state.done
  }

  get finished(): boolean {
    return this.state.done
  }

  readonly torn = false

  brings(frame: SseFrame): boolean {
    const answer = frame.data === null ? null : objectIn(frameText(frame))
    if (answer === null) return false
    const { text, thought, calls } = saidIn(answer)
    return text !== '' || thought !== '' || calls.length > 0 || answer['done'] === true
  }

  isWhole(frame: SseFrame): boolean {
    return frame.data === null || objectIn(frameText(frame)) !== null
  }

  body(body: Buffer): BodyVerdict {
    const answer = objectIn(body.toString())
    return answer === null ? 'garbage' : this.#judged(answer)
  }

  *bodyInSteps(body: Buffer): Steps<BodyVerdict> {
    const outline = yield* outlineOf(body, true)
    const answer = outline === null ? null : objectIn(outline.json.toString())
    if (outline === null || answer === null) return 'garbage'
    this.state.size.text(outline.cut)
    return this.#judged(answer)
  }

  #judged(answer: Fields): BodyVerdict {
    const fault = embeddedFault(answer)
    if (fault !== null) return fault
    const isAnswer = VECTORS.some((name) => answer[name] !== undefined)
    if (isAnswer) this.#noteVectors(answer)
    else if (answer['done'] === undefined) return 'garbage'
    else if (!this.#stream) this.#note(answer)
    return null
  }

  #noteVectors(answer: Fields): void {
    const { state } = this
    const { model } = answer
    if (typeof model === 'string' && model !== '') state.model = model
    state.reported = usageIn(answer)
    // Of a large answer the vectors are not read.
    state.content = vectorsIn(answer)?.length !== 0
  }

  asEvents(body: Buffer): Buffer | null {
    return objectIn(body.toString())?.['done'] === true ? Buffer.concat([body, NEWLINE]) : null
  }

  complete(): null {
    this.state.settled = usageSoFar(this.state, this.#inputTokens, true)
    return null
  }

  failed(): null {
    return null
  }

  pieces(bytes: Buffer): readonly Piece[] {
    return this.#pieces.read(bytes, this.state)
  }
}

const VECTORS = ['embeddings', 'embedding'] as const

const MARKED = /"(?:done"\s*:\s*true|error"|tool_calls"|thinking")/

const isMoreText = (data: string): boolean => data.startsWith('{') && data.endsWith('}') && !MARKED.test(data)
