/** A whole answer as the events of the stream that was asked for. Pure. */
import { type Fields, isObject } from '../../core/is-object.ts'
import { encodeEvent } from '../sse.ts'

export function asEvents(message: Fields, content: readonly unknown[]): Buffer {
  const { stop_reason, stop_sequence, stop_details, usage, ...head } = message
  const started = { ...head, content: [], stop_reason: null, stop_sequence: null, usage }
  const ending = { stop_reason, stop_sequence, ...(stop_details === undefined ? {} : { stop_details }) }
  const events: Event[] = [
    { type: 'message_start', message: started },
    ...content.flatMap((block, index) => (isObject(block) ? eventsOf(block, index) : [])),
    { type: 'message_delta', delta: ending, usage },
    { type: 'message_stop' },
  ]
  return Buffer.concat(events.map((event) => encodeEvent(JSON.stringify(event), event.type)))
}

type Event = { readonly type: string } & Fields

function eventsOf(block: Fields, index: number): Event[] {
  const { start, deltas } = partsOf(block)
  return [
    { type: 'content_block_start', index, content_block: start },
    ...deltas.map((delta) => ({ type: 'content_block_delta', index, delta })),
    { type: 'content_block_stop', index },
  ]
}

/** A block as it begins, and what follows. Of a kind that is not known it is all there at once. */
function partsOf(block: Fields): { readonly start: object; readonly deltas: readonly object[] } {
  switch (block['type']) {
    case 'text': {
      const { citations, text } = block
      const cited = Array.isArray(citations) ? (citations as readonly unknown[]) : []
      return {
        start: { type: 'text', text: '' },
        deltas: [{ type: 'text_delta', text }, ...cited.map((citation) => ({ type: 'citations_delta', citation }))],
      }
    }
    case 'thinking': {
      const { thinking, signature } = block
      return {
        start: { type: 'thinking', thinking: '', signature: '' },
        deltas: [
          { type: 'thinking_delta', thinking },
          ...(typeof signature === 'string' && signature !== '' ? [{ type: 'signature_delta', signature }] : []),
        ],
      }
    }
    case 'tool_use':
      return {
        start: { ...block, input: {} },
        deltas: [{ type: 'input_json_delta', partial_json: JSON.stringify(block['input'] ?? {}) }],
      }
    default:
      return { start: block, deltas: [] }
  }
}
