/** A whole answer as the stream that was asked for. Pure. */
import { type Fields, isObject } from '../../core/is-object.ts'
import { encodeEvent } from '../sse.ts'
import { CallItem, type Item, MessageItem, ReasoningItem, type Tell } from './output.ts'
import { PieceReader } from './pieces.ts'

/** Null where it is no answer. */
export function asEvents(body: Buffer): Buffer | null {
  const events = eventsOf(body)
  return events === null ? null : Buffer.concat(events)
}

/** One by one: the number of each is its place. */
export function eventsOf(body: Buffer): readonly Buffer[] | null {
  let response: unknown
  try {
    response = JSON.parse(body.toString())
  } catch {
    return null
  }
  if (!isObject(response) || !Array.isArray(response['output'])) return null
  const events: Buffer[] = []
  const tell: Tell = (type, fields) =>
    void events.push(encodeEvent(JSON.stringify({ type, sequence_number: events.length, ...fields }), type))
  const begun = { ...response, status: 'in_progress', output: [], usage: null }
  tell('response.created', { response: begun })
  tell('response.in_progress', { response: begun })
  ;(response['output'] as readonly unknown[]).forEach((item, at) => {
    if (isObject(item)) tellItem(item, at, tell)
  })
  tell(response['status'] === 'incomplete' ? 'response.incomplete' : 'response.completed', { response })
  return events
}

/** Its growth, and the item itself at the end. */
function tellItem(item: Fields, at: number, tell: Tell): void {
  // The item is told as it came.
  const own: Tell = (type, fields) =>
    tell(type, type === 'response.output_item.done' ? { output_index: at, item } : fields)
  const grown = growing(item, at, own)
  if (grown !== null) return grown.close('completed')
  tell('response.output_item.added', { output_index: at, item })
  tell('response.output_item.done', { output_index: at, item })
}

/** Null: it is told at once. */
function growing(item: Fields, at: number, tell: Tell): Item | null {
  const { type } = item
  const id = typeof item['id'] === 'string' ? item['id'] : `item_${at}`
  const pieces = new PieceReader().body({ output: [item] })
  if (type === 'message') {
    const message = new MessageItem(id, at, tell)
    for (const piece of pieces)
      if (piece.kind === 'text' || piece.kind === 'refusal') message.add(piece.kind, piece.text, piece.logprobs)
    return message
  }
  if (type === 'reasoning') {
    const { content } = item
    const reasoning = new ReasoningItem(id, at, tell, !(Array.isArray(content) && content.length > 0))
    for (const piece of pieces) if (piece.kind === 'thought') reasoning.add(piece.text)
    return reasoning
  }
  const [first, ...rest] = pieces.filter((piece) => piece.kind === 'call')
  if (first === undefined || first.begins === null || (type !== 'function_call' && type !== 'custom_tool_call'))
    return null
  const { name, namespace } = item
  const home = {
    type: type === 'custom_tool_call' ? ('custom' as const) : ('function' as const),
    name: String(name),
    namespace: typeof namespace === 'string' ? namespace : null,
  }
  const call = new CallItem(id, at, tell, { callId: first.begins.id, home, wrapped: false })
  for (const piece of rest) call.add(piece.arguments)
  return call
}
