/**
 * A wire format: how callers write requests and read answers, and how backends read requests and write answers. Outside of
 * `formats/` a request is a `Prompt` and an answer is an `AnswerState`: no member of a body is known by name there.
 *
 * Where caller and backend speak the same format its bytes pass: `compose` changes no more than the backend refuses, and an
 * `AnswerReader` gives the events as they came. Where they differ, `translated.ts` goes through `Contents` and `Piece`.
 */
import type { Endpoint } from '../core/endpoints.ts'
import type { GatewayError } from '../core/errors.ts'
import type { JsonObject } from '../core/json.ts'
import type { Prompt, Seal } from '../core/prompt.ts'
import type { EndpointPlace } from '../core/provider.ts'
import type { Effort } from '../core/capabilities.ts'
import type { Steps } from '../core/slices.ts'
import type { Deployment, GatewayRequest } from '../core/types.ts'
import type { Checks } from './answer-collector.ts'
import type { AnswerState } from './answer-state.ts'
import type { Piece } from './piece.ts'
import type { Framing, SseFrame } from './sse.ts'
import type { UpstreamFault } from './upstream-fault.ts'

export interface Format {
  /** As endpoints and provider files name it. */
  readonly name: string
  readonly caller: CallerSide
  readonly backend: BackendSide
}

// ---------------------------------------------------------------- the caller's side

export interface CallerSide {
  /** Reads the body of a request. Throws `invalid_json` or `invalid_request`, which names the member and what it should be. */
  read(raw: Buffer, endpoint: Endpoint, asked: Asked): ReadRequest
  /** The same for a large body. */
  readInSteps(raw: Buffer, endpoint: Endpoint, asked: Asked): Steps<ReadRequest>
  /** Refuses members of a wrong type in what is translated; absent: `read` has done so. Throws `invalid_request`, which names the member. */
  checkTypes?(prompt: Prompt): void
  /** The body of an error answer. */
  errorBody(error: GatewayError, failing: Failing): object
  /** The status of an error answer, where clients of this format know another one for it; absent: all have the error's own. */
  statusOf?(error: GatewayError): number
  readonly stream: StreamMarks
  /** The same for one request, where that says how its stream is to be written; absent: all are alike. */
  streamOf?(request: GatewayRequest): StreamMarks
  /** A whole answer with the decision record in it; unchanged where it has no place for one. */
  withRecord(body: Buffer, record: object): Buffer
  /** The event of a stream that carries the decision record. `state` null: no answer has begun. `nowMs`: epoch, for engines that name no time. */
  recordEvent(request: GatewayRequest, state: AnswerState | null, nowMs: number, record: object): Buffer
  /** A model, as the list of models has it. `serving`: what a request with this name may be given to. `since`: epoch seconds. */
  modelEntry(name: string, serving: readonly Deployment[], since: number, now: number): object
  /** The body of an answer that tells the tokens of a prompt; absent: its clients do not ask for that. */
  counted?(tokens: number): object
  /** `query`: what the list was asked for with. */
  modelList(entries: readonly object[], query: Readonly<Record<string, unknown>>): object
  /** With what names begin under which its clients list the models of local engines as well; null: under their own. */
  readonly modelAlias: string | null
  /** What `list` (name, value, name, value) says, once more under the names of this format; null: they are its own. `nowMs`: epoch. */
  readonly answerHeaders: ((list: readonly string[], nowMs: number) => string[]) | null
  /** What clients ask about models beside their list; absent: nothing. */
  readonly views?: ModelViews
  /** Absent: nothing is kept. */
  readonly kept?: KeptAnswers
  /** Writes the answer to `request` where it comes in another format. `nowMs`: epoch, for engines that name no time. `clock`: for what the answer tells of its own times, ms. */
  writer(request: GatewayRequest, nowMs: number, clock: () => number): AnswerWriter
  /** The answer to a request that says nothing and only wants its model loaded, where no engine loads it; absent: there are no such requests. */
  loaded?(request: GatewayRequest, nowMs: number): Buffer
}

export interface ModelViews {
  /** All that is known of a model. `since`: epoch seconds. */
  shown(name: string, serving: readonly Deployment[], since: number): object
  running(models: readonly RunningModel[], since: number): object
  /** The version of the API that is spoken: clients look for what it has. */
  readonly version: string
}

/** A model that is in the memory of an engine. */
export interface RunningModel {
  readonly name: string
  readonly serving: readonly Deployment[]
  /** Epoch, ms; null: nobody unloads it. */
  readonly untilMs: number | null
}

/** What is kept of answers whose callers may ask for them again, or go on from them. A record is bytes of the format's own. */
export interface KeptAnswers {
  /** The member that names the answer to go on from. */
  readonly member: string
  /** What a body refers to; null: nothing. */
  references(raw: Buffer): Reference | null
  /** The body with all of it inside. `answer`: the record that it goes on from. `holding`: those of items, by their ids. Throws `invalid_request`. */
  continued(raw: Buffer, answer: Buffer | null, holding: ReadonlyMap<string, Buffer>): Buffer
  /** Null where the caller wants nothing kept. */
  record(request: GatewayRequest, whole: Buffer): KeptItem | null
  /** The answer in a record, as it was given. */
  answerIn(record: Buffer): Buffer
  /** The same as a stream: the events, each numbered by its place. */
  eventsIn(record: Buffer): readonly Buffer[]
  /** What it was given to. */
  itemsIn(record: Buffer): readonly JsonObject[]
}

/** Ids. */
export interface Reference {
  readonly answer: string | null
  readonly items: readonly string[]
}

export interface KeptItem {
  /** Of the answer. */
  readonly id: string
  /** Ids of its parts. */
  readonly items: readonly string[]
  readonly record: Buffer
}

/** A request that has failed. */
export interface Failing {
  readonly id: string
  /** Tokens that its answer might have had; null: no limit, or it was not read. */
  readonly maxOutput: number | null
}

/** What a request says beside its body. */
export interface Asked {
  /** Path and query, as the routes have them: percent-encoded. */
  readonly url: string
  /** Names in lower case. */
  readonly headers: GatewayRequest['headers']
  /** What the body refers to has been put into it. */
  readonly continued?: boolean
}

/** For one answer. */
export interface AnswerWriter {
  /** Events for what has come; null: nothing to send. */
  events(pieces: readonly Piece[], state: AnswerState): Buffer | null
  /** The last events, before the mark of the end; null: none. */
  last(state: AnswerState): Buffer | null
  /** A whole answer. */
  body(pieces: readonly Piece[], state: AnswerState): Buffer
  /** The end of a stream that breaks off, where it depends on what was sent; null: `StreamMarks.failed`. `body`: that of an error answer. */
  failed(body: object): Buffer | null
  /** As `AnswerReader` has it. */
  readonly whole?: Buffer | null
}

/** What the body of a request says. */
export interface ReadRequest {
  readonly model: string
  readonly stream: boolean
  readonly prompt: Prompt
  readonly names: Names
  /** What the body asks for, where its path alone does not say; absent: that of the path. */
  readonly endpoint?: Endpoint
}

/** What a body says that its request belongs to; null = it does not say. */
export interface Names {
  readonly session: string | null
  readonly agent: string | null
  readonly user: string | null
}

/** What a stream has beside its events. */
export interface StreamMarks {
  /** Headers of the answer, as a flat list: name, value, name, value. */
  readonly headers: readonly string[]
  /** Keeps a silent connection open; no client takes it for an event. */
  readonly comment: Buffer
  /** Behind the last event of an answer that is complete. */
  readonly end: Buffer
  /** An error event, and what ends the stream behind it. `body`: that of an error answer. */
  failed(body: object): Buffer
}

// ---------------------------------------------------------------- the backend's side

/** Begins the name of a change that helps one request and says nothing of the next. */
export const ONCE = 'once:'

export interface BackendSide {
  readonly framing: Framing
  /** The body to send, in steps and as pieces, one at least: the caller's own bytes where they are of this format and nothing has to change. */
  compose(request: GatewayRequest, deployment: Deployment, how: Composing): Steps<readonly Buffer[]>
  /**
   * A change by which a request suits a backend that refused it, and by which it loses nothing; null: there is none. `tried`: those that
   * were made already. It is remembered by its name, unless that begins with `ONCE`.
   */
  adaptation(error: GatewayError, request: GatewayRequest, tried: readonly string[]): string | null
  /** Whether the call asks for usage in the stream by a field that not every backend takes, */
  asksUsage(request: GatewayRequest, deployment: Deployment): boolean
  /** and whether this field was refused. */
  refusesUsage(error: GatewayError): boolean
  /** Reads the answer of one call. */
  reader(request: GatewayRequest, how: Reading): AnswerReader
  /** What an answer with a bad status says. No body makes it throw. */
  readFault(body: string): UpstreamFault
  /** How backends of this format are asked for the tokens of a prompt; absent: none of them tells. */
  readonly counter?: TokenCounter
  /** How one backend reads a prompt and another one answers it; absent: none of this format can. */
  readonly handover?: Handover
}

/** Bodies are as `compose` writes them. */
export interface Handover {
  /** What makes a backend read the prompt and keep what it has read for another one; null: who reads this request has to answer it. `model`: as that backend names it. */
  reading(composed: Buffer, model: string): readonly Buffer[] | null
  /** Where it keeps that, by its answer, as JSON; null: it does not say. */
  kept(answer: string): string | null
  /** What makes the other one fetch it, and answer. */
  answering(composed: Buffer, kept: string): readonly Buffer[]
}

export interface TokenCounter {
  /** The body that asks. `composed`: a request as `compose` writes it. `model`: as the engine names it. */
  asking(composed: Buffer, model: string): string
  /** What an answer tells; null: nothing. */
  told(body: string): number | null
}

export interface Composing {
  /** Where it is asked. */
  readonly place: EndpointPlace
  /** What the prompt is expected to be. */
  readonly inputTokens: number
  /** Null: the caller's own word, if any, counts. */
  readonly effort: Effort | null
  /** Adaptations to make, by name. */
  readonly changes: readonly string[]
  /** Tokens that an answer may have, where a budget or a learnt limit says so. */
  readonly maxTokens: number | null
  /** `maxTokens` is a learnt limit: an answer has room for the thoughts that are asked for, whatever it is. Absent: it is not. */
  readonly learnt?: boolean
  /** Tokens of thought, where the model is told a number for them and the caller did not set one. Absent, or null: as the effort says. */
  readonly thought?: number | null
  /** What the request says and this format cannot is added here, by its name in the caller's format. */
  readonly lossy: string[]
  /** What sealed a call, for callers who have no place for it; absent, or null: it is not known. */
  sealOf?(call: string): Seal | null
}

export interface Reading {
  /** What the prompt is expected to be, for answers that do not report it. */
  readonly inputTokens: number
  /** What of the answer will be checked; null: nothing. */
  readonly checks: Checks | null
  /** Epoch, for engines that name no time. */
  readonly nowMs: number
  /** ms, for callers who are told how long an answer took. */
  readonly clock: () => number
  /** Hears what seals a call, by the id that the caller gets. */
  keepSeal?(call: string, seal: Seal): void
}

/** Reads one answer, whole or as a stream, and says in `state` what it learns of it. */
export interface AnswerReader {
  readonly state: AnswerState
  /** An answer has a word for its end: one without it is cut. */
  readonly expectsFinishReason: boolean
  /** What the headers of an answer say that it costs. */
  headers(headers: AnswerHeaders): void

  // -- a stream

  /** What to do with one event. */
  event(frame: SseFrame): EventVerdict
  /** Something that a caller could not do without has come: a part of the answer, or its end. */
  readonly begun: boolean
  /** All of the answer has come but for what may follow its finish reasons: usage, the mark of the end. */
  readonly finished: boolean
  /** Some choices have an end, others began and have none. */
  readonly torn: boolean
  /** Whether an event has some of the answer in it; comments, pings and empty deltas have none. Notes nothing. */
  brings(frame: SseFrame): boolean
  /** Half of a last event is a cut, not an event. */
  isWhole(frame: SseFrame): boolean

  // -- a whole answer

  /** Null where it is a good answer. In place of a stream that was asked for nothing is noted: its events are read instead. */
  body(body: Buffer): BodyVerdict
  /** The same for a large one. */
  bodyInSteps(body: Buffer): Steps<BodyVerdict>
  /** A whole answer as the stream that was asked for; null where it is none. */
  asEvents(body: Buffer): Buffer | null
  /** The body as the caller should see it; the same buffer in all common cases. */
  finishedBody(body: Buffer): Buffer | Promise<Buffer>
  /** Whether a body that begins so has to change, so that it must be seen whole. */
  needsRewrite(head: Buffer): boolean
  /** What a body goes through that is too large to be held; null: it passes as it comes. */
  pieceRecoder(): PieceRecoder | null

  /** The answer is complete: its usage is settled. The last events of a stream, before the mark of the end; null: none. `nowMs`: epoch, for engines that name no time. */
  complete(nowMs: number): Buffer | null

  /** The end of a stream that breaks off, where it depends on what came before; null: `StreamMarks.failed`. `body`: that of an error answer. */
  failed(body: object): Buffer | null

  /** All of a complete answer, as its caller may ask for it again; absent or null: it is not kept. */
  readonly whole?: Buffer | null

  /** What an event, or a body, brings: of the bytes that go out to callers of this format. */
  pieces(bytes: Buffer): readonly Piece[]
}

export type AnswerHeaders = Readonly<Record<string, string | string[] | undefined>>

export type EventVerdict =
  /** `last`: it is the end as well, and nothing follows it. */
  | { readonly kind: 'send'; readonly raw: Buffer; readonly last?: boolean }
  | { readonly kind: 'swallow' }
  | { readonly kind: 'done' }
  | { readonly kind: 'fault'; readonly fault: UpstreamFault }
  | { readonly kind: 'garbage' }

/** `garbage`: it is no answer of this format. */
export type BodyVerdict = UpstreamFault | 'garbage' | null

/** Puts the pieces of a body into the form that the caller asked for. */
export interface PieceRecoder {
  /** Adds to `out` what can go on. */
  push(chunk: Buffer, out: Buffer[]): void
  /** The answer has ended. */
  end(out: Buffer[]): void
}
