/** What an answer, or an event of one, brings in neutral words. It knows which calls came before: they are numbered, and those without an id are given one. */
import { randomBytes } from 'node:crypto'
import { type Fields, isObject } from '../../core/is-object.ts'
import type { Seal } from '../../core/prompt.ts'
import type { Piece, TextPiece } from '../piece.ts'
import { blockReasonIn, candidatesIn, indexOf, partsOf } from './answer-state.ts'
import { FREE_TEXT } from './compose-turns.ts'
import { BLOCKED, finishOf } from './finish.ts'
import { logprobsOf } from './logprobs.ts'
import { sealIn } from './seal.ts'

export interface PiecesTools {
  /** Whether a function stands for a tool that takes free text. */
  readonly isFree: (name: string) => boolean
  /** Hears the seals of calls, by the ids that callers get. */
  readonly keep: (call: string, seal: Seal) => void
}

export class PiecesReader {
  readonly #tools: PiecesTools
  /** Calls so far, by candidate. */
  readonly #calls = new Map<number, number>()

  constructor(tools: PiecesTools) {
    this.#tools = tools
  }

  read(answer: Fields): Piece[] {
    const candidates = candidatesIn(answer)
    if (candidates.length === 0 && blockReasonIn(answer) !== null)
      return [{ kind: 'end', choice: 0, finish: BLOCKED, stop: null }]
    return [...candidates.flatMap((one, at) => this.#candidate(one, indexOf(one, at))), ...vectorsIn(answer)]
  }

  #candidate(candidate: Fields, choice: number): Piece[] {
    const pieces = partsOf(candidate).flatMap((part) => this.#part(part, choice))
    withLogprobs(pieces, logprobsOf(candidate), choice)
    pieces.push(...citationsIn(candidate, choice))
    const { finishReason } = candidate
    if (typeof finishReason === 'string' && finishReason !== '')
      pieces.push({ kind: 'end', choice, finish: finishOf(finishReason, this.#calls.has(choice)), stop: null })
    return pieces
  }

  #part(part: Fields, choice: number): Piece[] {
    const { text, thought, functionCall: call, thoughtSignature: signature } = part
    const seal = typeof signature === 'string' && signature !== '' ? sealIn(signature) : null
    if (isObject(call)) return this.#call(call, choice, seal)
    const pieces: Piece[] = []
    if (typeof text === 'string' && text !== '')
      pieces.push({ kind: thought === true ? 'thought' : 'text', choice, text })
    if (seal !== null) pieces.push({ kind: 'seal', choice, slot: null, seal })
    return pieces
  }

  #call(call: Fields, choice: number, seal: Seal | null): Piece[] {
    const slot = this.#calls.get(choice) ?? 0
    this.#calls.set(choice, slot + 1)
    const name = textOf(call['name'])
    const told = textOf(call['id'])
    const id = told === '' ? `call_${randomBytes(12).toString('hex')}` : told
    const free = this.#tools.isFree(name)
    const { args } = call
    const text = free && isObject(args) ? textOf(args[FREE_TEXT]) : JSON.stringify(args ?? {})
    const begun: Piece = { kind: 'call', choice, slot, begins: { id, name, free }, arguments: text }
    if (seal === null) return [begun]
    this.#tools.keep(id, seal)
    return [begun, { kind: 'seal', choice, slot, seal }]
  }
}

/** They are those of all that the event says: its first text has them. */
function withLogprobs(pieces: Piece[], logprobs: TextPiece['logprobs'], choice: number): void {
  if (logprobs === undefined) return
  const at = pieces.findIndex(({ kind }) => kind === 'text')
  const text = pieces[at]?.kind === 'text' ? pieces[at].text : ''
  pieces.splice(at < 0 ? pieces.length : at, at < 0 ? 0 : 1, { kind: 'text', choice, text, logprobs })
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

/** What was quoted. Where in the text it stands is told in bytes of all that was said before, so it is not said. */
function citationsIn({ citationMetadata: told }: Fields, choice: number): Piece[] {
  const list = isObject(told) ? (told['citationSources'] ?? told['citations']) : null
  if (!Array.isArray(list)) return []
  return (list as readonly unknown[]).flatMap((one): Piece[] => {
    if (!isObject(one) || typeof one['uri'] !== 'string') return []
    return [{ kind: 'citation', choice, url: one['uri'], title: textOf(one['title']) || null, range: null }]
  })
}

/** Of embeddings: one, or a batch of them. */
function vectorsIn({ embedding, embeddings }: Fields): Piece[] {
  const list: readonly unknown[] = Array.isArray(embeddings) ? embeddings : embedding === undefined ? [] : [embedding]
  return list.map((one, choice): Piece => {
    const values = isObject(one) && Array.isArray(one['values']) ? (one['values'] as readonly unknown[]) : []
    return { kind: 'vector', choice, numbers: values.filter((value) => typeof value === 'number') }
  })
}
