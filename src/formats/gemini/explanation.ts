/** The decision record inside of an answer, under `turnout`. Pure. */
import type { GatewayRequest } from '../../core/types.ts'
import type { AnswerState } from '../answer-state.ts'
import { members } from '../json/members.ts'
import { append } from '../json/splice.ts'
import { encodeEvent } from '../sse.ts'
import { wantsArray } from './prompt.ts'

/** A whole answer with the record as its last member; unchanged where it is no object that could hold one. */
export function withRecord(body: Buffer, record: object): Buffer {
  const list = members(body)
  return list === null ? body : append(body, list, 'turnout', JSON.stringify(record))
}

/** One more event, of the same answer, without candidates. */
export function recordEvent(
  request: GatewayRequest,
  state: AnswerState | null,
  _nowMs: number,
  record: object,
): Buffer {
  const head = { modelVersion: state?.model ?? request.model, responseId: state?.id ?? request.id }
  const json = JSON.stringify({ candidates: [], ...head, turnout: record })
  return wantsArray(request) ? Buffer.from(`,\n${json}`) : encodeEvent(json)
}
