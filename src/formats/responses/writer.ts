/** Writes an answer that came in another format as clients of the Responses API expect it: every event in order, and numbered. */
import type { Finish } from '../../core/finish.ts'
import type { Seal } from '../../core/prompt.ts'
import type { GatewayRequest } from '../../core/types.ts'
import type { AnswerState } from '../answer-state.ts'
import type { AnswerWriter } from '../format.ts'
import type { ContentsPrompt } from '../contents-prompt.ts'
import type { CallPiece, Piece } from '../piece.ts'
import { encodeEvent } from '../sse.ts'
import { failureIn } from './failed-event.ts'
import { CALL_SEAL_ID, markOf } from './ids.ts'
import { CallItem, type Item, type ItemStatus, MessageItem, ReasoningItem } from './output.ts'
import { responsesPrompt } from './request.ts'
import { echoOf, IN_PROGRESS, type Origin, responseObject, type Standing, standingOf } from './response-object.ts'
import { type ToolHome, toolsOf } from './tools.ts'

export class ResponsesWriter implements AnswerWriter {
  readonly #request: GatewayRequest
  readonly #prompt: ContentsPrompt
  readonly #nowMs: number
  readonly #mark: string
  #homes: ReadonlyMap<string, ToolHome> | null = null
  #echo: string | null = null
  #origin: Origin | null = null
  /** Events that are to be sent. */
  #events: Buffer[] = []
  #number = 0
  readonly #items: Item[] = []
  /** The message or the thought that grows; null: none does. */
  #open: MessageItem | ReasoningItem | null = null
  /** Calls by their place; they grow side by side. */
  readonly #calls = new Map<number, CallItem>()
  readonly #ended: object[] = []
  #finish: Finish | null = null
  whole: Buffer | null = null

  constructor(request: GatewayRequest, nowMs: number) {
    this.#request = request
    this.#prompt = responsesPrompt(request)
    this.#nowMs = nowMs
    this.#mark = markOf(request, nowMs)
  }

  events(pieces: readonly Piece[], state: AnswerState): Buffer | null {
    if (pieces.length === 0) return null
    this.#take(pieces, state)
    return this.#sent()
  }

  last(state: AnswerState): Buffer | null {
    this.#begin(state)
    const standing = standingOf(this.#finish ?? state.finish, state.settled ?? state.reported)
    this.#close(standing)
    const response = this.#object(standing)
    if (standing.status !== 'failed') this.whole = Buffer.from(response)
    this.#tellResponse(`response.${standing.status}`, response)
    return this.#sent()
  }

  body(pieces: readonly Piece[], state: AnswerState): Buffer {
    this.#take(pieces, state)
    const standing = standingOf(this.#finish ?? state.finish, state.settled ?? state.reported)
    this.#close(standing)
    this.#events = []
    return (this.whole = Buffer.from(this.#object(standing)))
  }

  /** With what there is of the answer; null where nothing of it was sent. */
  failed(body: object): Buffer | null {
    if (this.#origin === null) return null
    const { code, message } = failureIn(body)
    this.#events = []
    const standing: Standing = { status: 'failed', reason: null, error: { code, message }, usage: null }
    const output = this.#items.map((item) => this.#ended[item.at] ?? item.whole('incomplete'))
    const response = responseObject(this.#origin, standing, output, this.#echoed)
    const record = 'turnout' in body ? `,"turnout":${JSON.stringify(body.turnout)}` : ''
    const json = `{"type":"response.failed","sequence_number":${this.#number++},"response":${response}${record}}`
    return encodeEvent(json, 'response.failed')
  }

  #take(pieces: readonly Piece[], state: AnswerState): void {
    this.#begin(state)
    // This API has one choice.
    for (const piece of pieces) if (piece.choice === 0) this.#add(piece)
  }

  #begin(state: AnswerState): void {
    if (this.#origin !== null) return
    this.#origin = {
      id: `resp_${this.#mark}`,
      model: state.model ?? this.#request.model,
      created: state.created ?? Math.floor(this.#nowMs / 1000),
    }
    const response = this.#object(IN_PROGRESS)
    this.#tellResponse('response.created', response)
    this.#tellResponse('response.in_progress', response)
  }

  #add(piece: Piece): void {
    switch (piece.kind) {
      case 'text':
      case 'refusal':
        return this.#message().add(piece.kind, piece.text, piece.logprobs)
      case 'thought':
        return this.#thought().add(piece.text)
      case 'call':
        return this.#call(piece)
      case 'seal':
        return this.#seal(piece.seal, piece.slot)
      case 'citation':
        return this.#message().cite(piece.url, piece.title, piece.range)
      case 'end':
        this.#finish = piece.finish
    }
  }

  #message(): MessageItem {
    if (this.#open instanceof MessageItem) return this.#open
    this.#closeOpen('completed')
    const item = new MessageItem(this.#idOf('msg'), this.#items.length, this.#tell)
    this.#items.push(item)
    return (this.#open = item)
  }

  #thought(): ReasoningItem {
    if (this.#open instanceof ReasoningItem && !this.#open.sealed) return this.#open
    this.#closeOpen('completed')
    return (this.#open = this.#reasoning(`rs_${this.#mark}_${this.#items.length}`))
  }

  #reasoning(id: string): ReasoningItem {
    const item = new ReasoningItem(id, this.#items.length, this.#tell, this.#wantsSummary)
    this.#items.push(item)
    return item
  }

  get #wantsSummary(): boolean {
    return this.#prompt.view.thinking?.shown === 'summary'
  }

  #call({ slot, begins, arguments: text }: CallPiece): void {
    const known = this.#calls.get(slot)
    if (begins === null || known !== undefined) return known?.add(text)
    this.#closeOpen('completed')
    const home = this.#homeOf(begins.name, begins.free)
    const called = { callId: begins.id, home, wrapped: home.type === 'custom' && !begins.free }
    const prefix = home.type === 'custom' ? 'ctc' : home.type === 'function' ? 'fc' : 'tsc'
    const item = new CallItem(this.#idOf(prefix), this.#items.length, this.#tell, called)
    this.#items.push(item)
    this.#calls.set(slot, item)
    item.add(text)
  }

  /** A tool that was not offered is called by the name that the model has for it. */
  #homeOf(name: string, free: boolean): ToolHome {
    this.#homes ??= toolsOf(this.#prompt.body).homes
    return this.#homes.get(name) ?? { type: free ? 'custom' : 'function', name, namespace: null }
  }

  /** A seal of a call is in an item of its own behind it: the call has no place for one. */
  #seal(seal: Seal, slot: number | null): void {
    if (slot === null) return this.#thought().seal(seal)
    this.#closeOpen('completed')
    const item = this.#reasoning(`${CALL_SEAL_ID}${this.#mark}_${this.#items.length}`)
    item.seal(seal)
    this.#end(item, 'completed')
  }

  #idOf(prefix: string): string {
    return `${prefix}_${this.#mark}_${this.#items.length}`
  }

  #closeOpen(status: ItemStatus): void {
    const open = this.#open
    this.#open = null
    if (open !== null) this.#end(open, status)
  }

  #end(item: Item, status: ItemStatus): void {
    item.close(status)
    this.#ended[item.at] = item.whole(status)
  }

  /** What was cut is the last of it. */
  #close({ status }: Standing): void {
    const last = status === 'completed' ? 'completed' : 'incomplete'
    for (const item of this.#items) if (this.#ended[item.at] === undefined) this.#end(item, last)
    this.#open = null
  }

  #object(standing: Standing): string {
    return responseObject(this.#origin!, standing, this.#ended, this.#echoed)
  }

  get #echoed(): string {
    return (this.#echo ??= echoOf(this.#prompt))
  }

  readonly #tell = (type: string, fields: object): void => {
    const event = { type, sequence_number: this.#number++, ...fields }
    this.#events.push(encodeEvent(JSON.stringify(event), type))
  }

  #tellResponse(type: string, response: string): void {
    const json = `{"type":"${type}","sequence_number":${this.#number++},"response":${response}}`
    this.#events.push(encodeEvent(json, type))
  }

  #sent(): Buffer | null {
    const events = this.#events
    this.#events = []
    return events.length === 0 ? null : Buffer.concat(events)
  }
}
