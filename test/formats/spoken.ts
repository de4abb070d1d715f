/** An answer as a wire format's caller side writes it, and as its backend side reads it again. */
import type { Finish } from '../../src/core/finish.ts'
import type { Usage } from '../../src/core/settlement.ts'
import type { AnswerState } from '../../src/formats/answer-state.ts'
import type { AnswerReader, Format } from '../../src/formats/format.ts'
import type { Piece } from '../../src/formats/piece.ts'
import type { SseFrame } from '../../src/formats/sse.ts'
import { type AnswerCase, asked, CLOCK, NOTE, user, WEATHER } from './format-cases.ts'
import { MODEL, requestOf } from './neutral-prompt.ts'

const NOW = Date.UTC(2026, 10, 1)

/** What a backend of any format has told so far. */
export class Told implements AnswerState {
  reported: Usage | null = null
  settled: Usage | null = null
  readonly usageIsOld = false
  readonly cutShort = false
  readonly charge = null
  readonly tier = null
  finish: Finish | null = null
  finishWord: string | null = null
  readonly model = MODEL
  readonly id = 'answer-1'
  readonly created = NOW / 1000
  content = false
  readonly unread = false
  readonly size = { events: 0, tokens: 0 }
  done = false
  readonly refused = false
  readonly collected = null
}

/** Answers may call these. */
const CONTENTS = asked([user('Go on.')], {
  tools: [WEATHER, CLOCK, NOTE],
  stop: ['END'],
  thinking: { effort: 'high', budget: null, shown: 'whole' },
})

/** When the backend tells its usage: before the first part of the answer, or behind the last. */
export type UsageComes = 'first' | 'last'

export function streamOf(format: Format, { events, finish, usage }: AnswerCase, comes: UsageComes = 'last'): Buffer {
  const state = new Told()
  const writer = format.caller.writer(requestOf(CONTENTS, format, true), NOW, () => 0)
  if (comes === 'first') state.reported = usage
  const out: (Buffer | null)[] = []
  for (const pieces of events) {
    if (pieces.some(({ kind }) => kind === 'end')) state.finish = finish
    else state.content = true
    out.push(writer.events(pieces, state))
  }
  state.reported = usage
  state.settled = usage
  state.done = true
  out.push(writer.last(state), format.caller.stream.end)
  return Buffer.concat(out.flatMap((bytes) => (bytes === null ? [] : [bytes])))
}

export function bodyOf(format: Format, { events, finish, usage }: AnswerCase): Buffer {
  const state = new Told()
  Object.assign(state, { finish, reported: usage, settled: usage, content: true, done: true })
  return format.caller.writer(requestOf(CONTENTS, format, false), NOW, () => 0).body(events.flat(), state)
}

export const readerOf = (format: Format, stream: boolean): AnswerReader =>
  format.backend.reader(requestOf(CONTENTS, format, stream), {
    inputTokens: 1,
    checks: null,
    nowMs: NOW,
    clock: () => 0,
  })

/** The events of a stream, which came in these chunks. */
export function framesOf(format: Format, chunks: readonly Buffer[]): SseFrame[] {
  const splitter = format.backend.framing.splitter()
  const frames: SseFrame[] = []
  for (const chunk of chunks) splitter.push(chunk, frames)
  splitter.flush(frames)
  return frames
}

export interface Read {
  readonly pieces: readonly Piece[]
  readonly reader: AnswerReader
  /** What a caller of the same format gets. */
  readonly sent: Buffer
  /** The mark of the end came. */
  readonly done: boolean
}

export function readStream(format: Format, frames: readonly SseFrame[]): Read {
  const reader = readerOf(format, true)
  const pieces: Piece[] = []
  const sent: Buffer[] = []
  let done = false
  for (const frame of frames) {
    if (done) throw new Error('an event behind the end')
    const verdict = reader.event(frame)
    if (verdict.kind === 'fault') throw new Error(`fault: ${verdict.fault.message}`)
    if (verdict.kind === 'garbage') throw new Error(`garbage: ${frame.raw.toString()}`)
    if (verdict.kind === 'done') done = true
    if (verdict.kind !== 'send') continue
    sent.push(verdict.raw)
    pieces.push(...reader.pieces(verdict.raw))
  }
  const last = reader.complete(NOW)
  if (last !== null) sent.push(last)
  return { pieces, reader, sent: Buffer.concat([...sent, format.caller.stream.end]), done }
}

export async function readBody(format: Format, body: Buffer): Promise<Read> {
  const reader = readerOf(format, false)
  const verdict = reader.body(body)
  if (verdict !== null) throw new Error(verdict === 'garbage' ? verdict : `fault: ${verdict.message}`)
  const sent = await reader.finishedBody(body)
  const pieces = reader.pieces(sent)
  reader.complete(NOW)
  return { pieces, reader, sent, done: true }
}
