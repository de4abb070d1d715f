/** What the events, or the body, of an answer bring, in neutral words. */
import { type Fields, isObject } from '../../core/is-object.ts'
import type { CallPiece, Piece } from '../piece.ts'
import { freeText } from '../free-tools.ts'
import { inputIn, NO_INPUT } from './call-input.ts'
import { finishOf } from './finish.ts'
import { redactedSeal, signedSeal } from './sealed.ts'
import { objectIn } from '../json/object-in.ts'

const OPEN_BRACE = 0x7b
const DATA = '\ndata: '

/** The call that is being told. */
interface OpenCall {
  readonly slot: number
  /** Of a tool that takes free text: what of its input has come. Null: all of it is passed on. */
  free: string | null
  filled: boolean
}

/** For one answer. */
export class MessagePieces {
  readonly #isFree: (tool: string) => boolean
  #calls = 0
  #open: OpenCall | null = null

  constructor(isFree: (tool: string) => boolean) {
    this.#isFree = isFree
  }

  /** `bytes`: one event, or a body. */
  of(bytes: Buffer): Piece[] {
    if (bytes[0] === OPEN_BRACE) return this.#message(objectIn(bytes.toString()) ?? NO_FIELDS)
    const text = bytes.toString()
    const value: Fields = objectIn(text.slice(text.indexOf(DATA) + DATA.length)) ?? NO_FIELDS
    switch (value['type']) {
      case 'content_block_start':
        return this.#block(fieldsOf(value['content_block']))
      case 'content_block_delta':
        return this.#delta(fieldsOf(value['delta']))
      case 'content_block_stop':
        return this.#close()
      case 'message_delta':
        return endOf(fieldsOf(value['delta']))
      default:
        return []
    }
  }

  #message(message: Fields): Piece[] {
    const content = Array.isArray(message['content']) ? (message['content'] as readonly unknown[]) : []
    const blocks = content.flatMap((block) => (isObject(block) ? [...this.#block(block), ...this.#close()] : []))
    return [...blocks, ...endOf(message)]
  }

  #block(block: Fields): Piece[] {
    switch (block['type']) {
      case 'text':
        return [...said('text', block['text']), ...listOf(block['citations']).flatMap(citationOf)]
      case 'thinking':
        return [...said('thought', block['thinking']), ...signed(block['signature'])]
      case 'redacted_thinking':
        return typeof block['data'] === 'string' ? [sealPiece(redactedSeal(block['data']))] : []
      case 'tool_use':
        return this.#call(block)
      default:
        return []
    }
  }

  #call(block: Fields): Piece[] {
    const { id, name } = block
    if (typeof id !== 'string' || typeof name !== 'string') return []
    const free = this.#isFree(name)
    const json = inputIn(block)
    const open: OpenCall = { slot: this.#calls++, free: free ? json : null, filled: json !== '' }
    this.#open = open
    return [{ ...more(open, free ? '' : json), begins: { id, name, free } }]
  }

  #delta(delta: Fields): Piece[] {
    switch (delta['type']) {
      case 'text_delta':
        return said('text', delta['text'])
      case 'thinking_delta':
        return said('thought', delta['thinking'])
      case 'signature_delta':
        return signed(delta['signature'])
      case 'input_json_delta':
        return this.#input(delta['partial_json'])
      case 'citations_delta':
        return citationOf(delta['citation'])
      default:
        return []
    }
  }

  #input(json: unknown): Piece[] {
    const open = this.#open
    if (open === null || typeof json !== 'string' || json === '') return []
    open.filled = true
    if (open.free === null) return [more(open, json)]
    open.free += json
    return []
  }

  #close(): Piece[] {
    const open = this.#open
    this.#open = null
    if (open === null) return []
    if (open.free !== null) return [more(open, freeText(open.free))]
    return open.filled ? [] : [more(open, NO_INPUT)]
  }
}

const more = ({ slot }: OpenCall, text: string): CallPiece => ({
  kind: 'call',
  choice: 0,
  slot,
  begins: null,
  arguments: text,
})

const said = (kind: 'text' | 'thought', text: unknown): Piece[] =>
  typeof text === 'string' && text !== '' ? [{ kind, choice: 0, text }] : []

const sealPiece = (seal: ReturnType<typeof signedSeal>): Piece => ({ kind: 'seal', choice: 0, slot: null, seal })

const signed = (signature: unknown): Piece[] =>
  typeof signature === 'string' && signature !== '' ? [sealPiece(signedSeal(signature))] : []

/** Of what was found in the web; places in documents of the caller's have no address. */
function citationOf(citation: unknown): Piece[] {
  if (!isObject(citation) || typeof citation['url'] !== 'string') return []
  const { url, title } = citation
  return [{ kind: 'citation', choice: 0, url, title: typeof title === 'string' ? title : null, range: null }]
}

function endOf({ stop_reason: reason, stop_sequence: stop }: Fields): Piece[] {
  if (typeof reason !== 'string' || reason === '') return []
  return [{ kind: 'end', choice: 0, finish: finishOf(reason), stop: typeof stop === 'string' ? stop : null }]
}

const NO_FIELDS: Fields = {}
const fieldsOf = (value: unknown): Fields => (isObject(value) ? value : NO_FIELDS)
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? (value as readonly unknown[]) : [])
