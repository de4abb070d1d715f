/** One answer of a backend that speaks the Responses API. */
import { type Fields, isObject } from '../../core/is-object.ts'
import type { Steps } from '../../core/slices.ts'
import type { GatewayRequest } from '../../core/types.ts'
import { AnswerCollector } from '../answer-collector.ts'
import { embeddedFault, readFault } from '../read-fault.ts'
import type { AnswerReader, BodyVerdict, EventVerdict, Reading } from '../format.ts'
import { members } from '../json/members.ts'
import { outlineOf } from '../json/outline.ts'
import type { Piece } from '../piece.ts'
import { encodeEvent, frameText, type SseFrame } from '../sse.ts'
import { PlainReader } from '../plain-reader.ts'
import { usageSoFar } from '../usage-so-far.ts'
import { ResponsesState } from './answer-state.ts'
import { asEvents } from './as-events.ts'
import { failedEvent } from './failed-event.ts'
import { Mender } from './mend.ts'
import { noteEnd, noteOrigin } from './note.ts'
import { PieceReader } from './pieces.ts'
import { isOwn } from './request.ts'
import { objectIn } from '../json/object-in.ts'

const SWALLOW: EventVerdict = { kind: 'swallow' }
const GARBAGE: EventVerdict = { kind: 'garbage' }
const OPEN_BRACE = 0x7b

/** Brings nothing but more of a text. */
const DELTA = /^response\.(?:output_text|reasoning_text|reasoning_summary_text|function_call_arguments)\.delta$/
/** `type` of an event that does not say it beside its data. */
const TYPE = /"type"\s*:\s*"([a-z_.]+)"/

export class ResponsesAnswerReader extends PlainReader implements AnswerReader {
  readonly state = new ResponsesState()
  readonly expectsFinishReason = true
  readonly #inputTokens: number
  readonly #stream: boolean
  /** The caller gets events as they come. */
  readonly #own: boolean
  readonly #pieces = new PieceReader()
  /** Puts the events of this stream right; undefined before the first, null where they are. */
  #mender: Mender | null | undefined
  /** The event that was parsed last: what it brings is asked for next. */
  #parsed: { readonly raw: Buffer; readonly event: Fields } | null = null
  /** How the answer stood when it began. */
  #begun: Fields | null = null
  #last: SseFrame | null = null
  whole: Buffer | null = null

  constructor(request: GatewayRequest, { inputTokens, checks }: Reading) {
    super()
    this.#inputTokens = inputTokens
    this.#stream = request.stream
    this.#own = isOwn(request)
    this.state.collected = checks && new AnswerCollector(checks)
  }

  event(frame: SseFrame): EventVerdict {
    const { data } = frame
    if (data === null) return { kind: 'send', raw: frame.raw }
    if (data.startsWith('[DONE]')) return SWALLOW
    const type = frame.event ?? TYPE.exec(data)?.[1] ?? ''
    if (this.#own && this.#mender === null && DELTA.test(type) && data.endsWith('}')) return this.#delta(frame, data)
    const event = objectIn(frameText(frame))
    if (event === null) return type === 'error' ? fault(readFault(frameText(frame))) : GARBAGE
    return this.#read(frame, event, typeof event['type'] === 'string' ? event['type'] : type)
  }

  /** The common case: it is not parsed. */
  #delta(frame: SseFrame, data: string): EventVerdict {
    this.state.usageIsOld = true
    this.state.substance = true
    this.state.grow(deltaBytes(data))
    this.#last = frame
    return { kind: 'send', raw: frame.raw }
  }

  #read(frame: SseFrame, event: Fields, type: string): EventVerdict {
    const { state } = this
    state.usageIsOld = true
    const { response, delta } = event
    state.grow(typeof delta === 'string' ? delta.length : 0)
    if (type === 'error' || event['error']) return fault(embeddedFault({ error: event['error'] ?? event }))
    if (isObject(response)) {
      if (this.#begun === null) this.#begun = response
      noteOrigin(response, state)
    }
    if (this.#mender === undefined) this.#mender = Mender.isNeeded(event) ? new Mender() : null
    const raw = this.#mender === null ? frame.raw : encodeEvent(JSON.stringify(this.#mender.mend(event)), type)
    this.#parsed = { raw, event }
    if (type === 'response.failed' && isObject(response)) return fault(noteEnd(response, state))
    if ((type === 'response.completed' || type === 'response.incomplete') && isObject(response)) {
      const failure = noteEnd(response, state)
      if (failure !== null) return fault(failure)
      this.whole = responseIn(raw)
      return { kind: 'send', raw, last: true }
    }
    this.#last = frame
    if (type.endsWith('.delta') || isCallItem(event['item'])) state.substance = true
    return { kind: 'send', raw }
  }

  get begun(): boolean {
    return this.state.substance
  }

  get finished(): boolean {
    return this.state.done
  }

  readonly torn = false

  brings({ data, event }: SseFrame): boolean {
    if (data === null) return false
    const type = event ?? TYPE.exec(data)?.[1] ?? ''
    return type.endsWith('.delta') || type.includes('output_item') || type === 'response.completed'
  }

  isWhole(frame: SseFrame): boolean {
    return frame.data === null || frame.data.startsWith('[DONE]') || objectIn(frameText(frame)) !== null
  }

  body(body: Buffer): BodyVerdict {
    const response = objectIn(body.toString())
    if (response === null) return 'garbage'
    this.#parsed = { raw: body, event: response }
    return this.#judged(response, body)
  }

  *bodyInSteps(body: Buffer): Steps<BodyVerdict> {
    const outline = yield* outlineOf(body, true)
    const response = outline === null ? null : objectIn(outline.json.toString())
    if (outline === null || response === null) return 'garbage'
    if (!this.#stream) this.state.grow(outline.cut)
    return this.#judged(response, body)
  }

  #judged(response: Fields, body: Buffer): BodyVerdict {
    const failure = response['error'] ? embeddedFault({ error: response['error'] }) : embeddedFault(response)
    if (failure !== null) return failure
    if (!Array.isArray(response['output'])) return 'garbage'
    if (this.#stream) return null
    const failed = noteEnd(response, this.state)
    if (this.state.reported === null) this.state.grow(JSON.stringify(response['output']).length)
    this.whole = body
    return failed
  }

  asEvents(body: Buffer): Buffer | null {
    return asEvents(body)
  }

  complete(): null {
    this.state.settled = usageSoFar(this.state, this.#inputTokens, true)
    return null
  }

  failed(body: object): Buffer | null {
    return this.#begun === null
      ? null
      : failedEvent(this.#begun, this.#mender?.number ?? numberOf(this.#last) + 1, body)
  }

  pieces(bytes: Buffer): readonly Piece[] {
    const known = this.#parsed?.raw === bytes ? this.#parsed.event : null
    const value = known ?? objectIn(bytes[0] === OPEN_BRACE ? bytes.toString() : dataOf(bytes))
    if (value === null) return []
    return bytes[0] === OPEN_BRACE ? this.#pieces.body(value) : this.#pieces.event(value)
  }
}

const fault = (found: ReturnType<typeof embeddedFault>): EventVerdict => ({
  kind: 'fault',
  fault: found ?? { message: '', code: null, type: null, param: null, status: null },
})

const dataOf = (event: Buffer): string => event.toString().replace(/^(?:event: [^\n]*\n)?data: ?/, '')

const isCallItem = (item: unknown): boolean => isObject(item) && typeof item['call_id'] === 'string'

const DELTA_TEXT = /"delta"\s*:\s*"/

/** Bytes of the text that an event brings, escapes and all. */
function deltaBytes(data: string): number {
  const found = DELTA_TEXT.exec(data)
  if (found === null) return 0
  const start = found.index + found[0].length
  const end = data.indexOf('"', start)
  return Math.max(0, end - start)
}

/** The number of an event; -1 where it has none. */
function numberOf(frame: SseFrame | null): number {
  const event = frame === null ? null : objectIn(frameText(frame))
  const number = event?.['sequence_number']
  return typeof number === 'number' ? number : -1
}

/** The response in a last event, as it was written. */
function responseIn(event: Buffer): Buffer | null {
  const data = event.subarray(event.indexOf(OPEN_BRACE))
  const found = members(data)?.findLast(({ key }) => key === 'response')
  return found === undefined ? null : data.subarray(found.valueStart, found.valueEnd)
}
