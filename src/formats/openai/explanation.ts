/** The decision record inside of an answer, under `turnout`. Pure. */
import type { GatewayRequest } from '../../core/types.ts'
import type { AnswerState } from '../answer-state.ts'
import { members } from '../json/members.ts'
import { append } from '../json/splice.ts'
import { encodeEvent } from '../sse.ts'
import { chunkHead } from './chunk.ts'

/** A whole answer with the record as its last member; unchanged where it is no object that could hold one. */
export function withRecord(body: Buffer, record: object): Buffer {
  const list = members(body)
  return list === null ? body : append(body, list, 'turnout', JSON.stringify(record))
}

/** One more chunk of the stream, of the same id and model, without choices: SDKs know such a one as the chunk of usage. */
export function recordEvent(request: GatewayRequest, state: AnswerState | null, nowMs: number, record: object): Buffer {
  return encodeEvent(JSON.stringify({ ...chunkHead(request, state, nowMs), choices: [], turnout: record }))
}
