/** What the events, or the body, of an answer bring, in neutral words. One for each answer. */
import { type Fields, isObject } from '../../core/is-object.ts'
import { logprobsIn } from '../logprobs.ts'
import type { CallPiece, Piece } from '../piece.ts'
import { readSeal } from '../seal.ts'
import { CALL_SEAL_ID } from './ids.ts'
import { finishOf } from './note.ts'
import { plainName } from './tools.ts'

const CHOICE = { choice: 0 } as const

export class PieceReader {
  /** Slots of calls, by the ids of their items. */
  readonly #slots = new Map<string, number>()
  /** Items of which some text has come: the rest of their events repeat it. */
  readonly #told = new Set<string>()

  /** Of an event. */
  event(event: Fields): Piece[] {
    const { type, delta } = event
    const item = isObject(event['item']) ? event['item'] : null
    switch (type) {
      case 'response.output_text.delta':
        return this.#text('text', event)
      case 'response.refusal.delta':
        return this.#text('refusal', event)
      case 'response.reasoning_text.delta':
      case 'response.reasoning_summary_text.delta':
        return this.#text('thought', event)
      case 'response.reasoning_summary_part.added':
        return Number(event['summary_index']) > 0 ? [{ kind: 'thought', ...CHOICE, text: '\n\n' }] : []
      case 'response.function_call_arguments.delta':
      case 'response.custom_tool_call_input.delta':
        return typeof delta === 'string' ? this.#more(event['item_id'], delta) : []
      case 'response.output_text.annotation.added':
        return citationOf(event['annotation'])
      case 'response.output_item.added':
        return item === null ? [] : this.#begun(item)
      case 'response.output_item.done':
        return item === null ? [] : this.#done(item)
      case 'response.completed':
      case 'response.incomplete':
        return isObject(event['response']) ? [endOf(event['response'])] : []
      default:
        return []
    }
  }

  /** Of a whole answer. */
  body(response: Fields): Piece[] {
    const output = Array.isArray(response['output']) ? (response['output'] as readonly unknown[]) : []
    const items = output.filter((item): item is Fields => isObject(item))
    return [...items.flatMap((item) => [...this.#begun(item), ...this.#done(item)]), endOf(response)]
  }

  #text(kind: 'text' | 'refusal' | 'thought', { delta, item_id: id, logprobs }: Fields): Piece[] {
    const likely = kind === 'text' ? logprobsIn(logprobs) : undefined
    if (typeof delta !== 'string' || (delta === '' && likely === undefined)) return []
    this.#told.add(String(id))
    return [{ kind, ...CHOICE, text: delta, ...(likely === undefined ? {} : { logprobs: likely }) }]
  }

  #more(id: unknown, text: string): Piece[] {
    const slot = this.#slots.get(String(id))
    if (slot === undefined || text === '') return []
    this.#told.add(String(id))
    return [{ kind: 'call', ...CHOICE, slot, begins: null, arguments: text }]
  }

  #begun(item: Fields): Piece[] {
    const { type, call_id: call, name, namespace } = item
    if (typeof call !== 'string') return []
    const begins =
      type === 'tool_search_call'
        ? { id: call, name: 'tool_search', free: false }
        : typeof name === 'string' && (type === 'function_call' || type === 'custom_tool_call')
          ? {
              id: call,
              name: plainName(name, typeof namespace === 'string' ? namespace : null),
              free: type === 'custom_tool_call',
            }
          : null
    if (begins === null) return []
    const slot = this.#slots.size
    this.#slots.set(idOf(item), slot)
    return [{ kind: 'call', ...CHOICE, slot, begins, arguments: '' } satisfies CallPiece]
  }

  /** What its events have not told. */
  #done(item: Fields): Piece[] {
    const id = idOf(item)
    const told = this.#told.has(id)
    switch (item['type']) {
      case 'message':
        return told ? [] : partsOf(item['content']).flatMap(saidIn)
      case 'reasoning':
        return [...(told ? [] : thoughtIn(item)), ...this.#sealOf(item)]
      case 'tool_search_call':
        return told ? [] : this.#more(id, JSON.stringify(item['arguments'] ?? {}))
      default: {
        const given = item['arguments'] ?? item['input']
        return told || typeof given !== 'string' ? [] : this.#more(id, given)
      }
    }
  }

  /** What is behind a call may seal it. */
  #sealOf({ encrypted_content: sealed, id }: Fields): Piece[] {
    if (typeof sealed !== 'string' || sealed === '') return []
    const own = typeof id === 'string' ? id : null
    const slot = own?.startsWith(CALL_SEAL_ID) === true ? this.#slots.size - 1 : null
    return [{ kind: 'seal', ...CHOICE, slot, seal: readSeal(sealed, 'openai-responses', own) }]
  }
}

const idOf = ({ id, call_id: call }: Fields): string =>
  typeof id === 'string' ? id : typeof call === 'string' ? call : ''

const partsOf = (content: unknown): readonly Fields[] =>
  Array.isArray(content) ? (content as readonly unknown[]).filter((part): part is Fields => isObject(part)) : []

function saidIn(part: Fields): Piece[] {
  const { text, refusal, annotations } = part
  const logprobs = logprobsIn(part['logprobs'])
  const cited = partsOf(annotations).flatMap(citationOf)
  if (typeof refusal === 'string' && refusal !== '') return [{ kind: 'refusal', ...CHOICE, text: refusal }]
  if (typeof text !== 'string' || text === '') return cited
  return [{ kind: 'text', ...CHOICE, text, ...(logprobs === undefined ? {} : { logprobs }) }, ...cited]
}

function thoughtIn({ content, summary }: Fields): Piece[] {
  const texts = (list: unknown): string =>
    partsOf(list)
      .flatMap(({ text }) => (typeof text === 'string' ? [text] : []))
      .join('\n\n')
  const text = texts(content) || texts(summary)
  return text === '' ? [] : [{ kind: 'thought', ...CHOICE, text }]
}

function citationOf(value: unknown): Piece[] {
  if (!isObject(value) || typeof value['url'] !== 'string') return []
  const { url, title, start_index: from, end_index: to } = value
  const range = typeof from === 'number' && typeof to === 'number' ? ([from, to] as const) : null
  return [{ kind: 'citation', ...CHOICE, url, title: typeof title === 'string' ? title : null, range }]
}

function endOf({ status, incomplete_details: details, output }: Fields): Piece {
  const reason = isObject(details) ? details['reason'] : null
  return { kind: 'end', ...CHOICE, finish: finishOf(status, reason, Array.isArray(output) ? output : []), stop: null }
}
