/** The decision record inside of an answer, under `turnout`. Pure. */
import type { GatewayRequest } from '../core/types.ts'
import { append, members } from '../formats/json/members.ts'
import type { Relayed } from './relay.ts'

/** A whole answer with the record as its last member; unchanged where it is no object that could hold one. */
export function explainedBody(body: Buffer, record: object): Buffer {
  const list = members(body)
  return list === null ? body : append(body, list, 'turnout', JSON.stringify(record))
}

/**
 * One more chunk of the stream, of the same id and model, without choices: SDKs know such a one as the chunk of usage.
 * `nowMs`: the time of day, for engines that tell none.
 */
export function explainedChunk(
  { id, endpoint, model }: GatewayRequest,
  committed: Relayed | null,
  nowMs: number,
  record: object,
): object {
  const track = committed?.exchange.track
  return {
    id: track?.id ?? id,
    object: endpoint.id === 'completions' ? 'text_completion' : 'chat.completion.chunk',
    created: track?.created ?? Math.floor(nowMs / 1000),
    model: track?.model ?? model,
    choices: [],
    turnout: record,
  }
}
