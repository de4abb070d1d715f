/** Writes an answer that came in another format as OpenAI's clients expect it. */
import type { Seal } from '../../core/prompt.ts'
import { EMBEDDINGS } from '../../core/endpoints.ts'
import { atOnce } from '../../core/slices.ts'
import type { Finish } from '../../core/finish.ts'
import type { GatewayRequest } from '../../core/types.ts'
import type { AnswerState } from '../answer-state.ts'
import type { AnswerWriter } from '../format.ts'
import { writtenLogprobs } from '../logprobs.ts'
import type { CallPiece, CitationPiece, Piece } from '../piece.ts'
import { encodeEvent } from '../sse.ts'
import { chunkHead } from './chunk.ts'
import { isStandard } from './finish.ts'
import { OpenAIPrompt } from './prompt.ts'
import { recode, recoderOf } from './recode.ts'
import { writeUsage } from './usage.ts'

export class OpenAIWriter implements AnswerWriter {
  readonly #request: GatewayRequest
  readonly #nowMs: number
  /** Choices that have said whose they are. */
  readonly #begun = new Set<number>()
  readonly #free = new Set<string>()

  constructor(request: GatewayRequest, nowMs: number) {
    this.#request = request
    this.#nowMs = nowMs
  }

  events(pieces: readonly Piece[], state: AnswerState): Buffer | null {
    const written = pieces.filter(isWritten)
    if (written.length === 0) return null
    const head = chunkHead(this.#request, state, this.#nowMs)
    const events = written.map((piece) => encodeEvent(JSON.stringify({ ...head, choices: [this.#choice(piece)] })))
    return Buffer.concat(events)
  }

  #choice(piece: Piece): object {
    const finish_reason = piece.kind === 'end' ? reasonOf(piece.finish) : null
    if (this.#isCompletion) return { index: piece.choice, text: piece.kind === 'text' ? piece.text : '', finish_reason }
    const role = this.#begun.has(piece.choice) ? {} : { role: 'assistant' }
    this.#begun.add(piece.choice)
    const delta = { ...role, ...deltaOf(piece, this.#isFree) }
    return { index: piece.choice, delta, ...toldLogprobs([piece]), finish_reason }
  }

  /** Calls whose arguments are free text. */
  readonly #isFree = ({ choice, slot, begins }: CallPiece): boolean => {
    const key = `${choice} ${slot}`
    if (begins?.free === true) this.#free.add(key)
    return this.#free.has(key)
  }

  get #isCompletion(): boolean {
    return this.#request.endpoint.id === 'completions'
  }

  last(state: AnswerState): Buffer | null {
    const { prompt } = this.#request
    const known = state.settled ?? state.reported
    if (!(prompt instanceof OpenAIPrompt && prompt.wantsUsage) || !this.#request.stream || known === null) return null
    const usage = writeUsage(known)
    return encodeEvent(JSON.stringify({ ...chunkHead(this.#request, state, this.#nowMs), choices: [], usage }))
  }

  body(pieces: readonly Piece[], state: AnswerState): Buffer {
    if (this.#request.endpoint.id === EMBEDDINGS.id) return this.#vectors(pieces, state)
    const { id, created, model } = chunkHead(this.#request, state, this.#nowMs)
    const choices = [...new Set(pieces.map(({ choice }) => choice))].sort((a, b) => a - b)
    // A guess is not reported.
    const known = state.settled ?? state.reported
    const usage = known === null || known.estimated ? {} : { usage: writeUsage(known) }
    const answer = {
      id,
      object: this.#isCompletion ? 'text_completion' : 'chat.completion',
      created,
      model,
      choices: choices.map((index) =>
        this.#wholeChoice(
          index,
          pieces.filter(({ choice }) => choice === index),
        ),
      ),
      ...usage,
    }
    return Buffer.from(JSON.stringify(answer))
  }

  /** As numbers, or in the form that was asked for. */
  #vectors(pieces: readonly Piece[], state: AnswerState): Buffer {
    const { prompt } = this.#request
    const usage = state.settled ?? state.reported
    const answer = {
      object: 'list',
      data: pieces.flatMap((piece) =>
        piece.kind === 'vector' ? [{ object: 'embedding', index: piece.choice, embedding: piece.numbers }] : [],
      ),
      model: state.model ?? this.#request.model,
      ...(usage === null || usage.estimated
        ? {}
        : { usage: { prompt_tokens: usage.input, total_tokens: usage.input } }),
    }
    const body = Buffer.from(JSON.stringify(answer))
    const recoder = prompt instanceof OpenAIPrompt ? recoderOf(prompt) : null
    return recoder === null ? body : atOnce(recode(body, recoder))
  }

  failed(): null {
    return null
  }

  #wholeChoice(index: number, pieces: readonly Piece[]): object {
    const finish_reason = reasonOf(pieces.find((piece) => piece.kind === 'end')?.finish ?? 'stop')
    const [text, thought, refusal] = (['text', 'thought', 'refusal'] as const).map((kind) => joined(pieces, kind))
    if (this.#isCompletion) return { index, text: text ?? '', finish_reason }
    const calls = wholeCalls(pieces)
    const cited = pieces.flatMap((piece) => (piece.kind === 'citation' ? [annotationOf(piece)] : []))
    const message = {
      role: 'assistant',
      content: text,
      refusal,
      ...(cited.length === 0 ? {} : { annotations: cited }),
      ...(thought === null ? {} : { reasoning_content: thought }),
      ...(calls.length === 0 ? {} : { tool_calls: calls }),
    }
    return { index, message, ...toldLogprobs(pieces), finish_reason }
  }
}

function toldLogprobs(pieces: readonly Piece[]): object {
  const told = pieces.flatMap((piece) => (piece.kind === 'text' ? (piece.logprobs ?? []) : []))
  return told.length === 0 ? {} : { logprobs: { content: writtenLogprobs(told), refusal: null } }
}

/** OpenAI's clients know no other word than theirs. */
const reasonOf = (finish: Finish): Finish => (isStandard(finish) ? finish : 'stop')

function deltaOf(piece: Piece, isFree: (call: CallPiece) => boolean): object {
  switch (piece.kind) {
    case 'text':
      return { content: piece.text }
    case 'thought':
      return { reasoning_content: piece.text }
    case 'refusal':
      return { refusal: piece.text }
    case 'call':
      return { tool_calls: [{ index: piece.slot, ...callOf(piece, isFree(piece)) }] }
    case 'seal':
      return piece.slot === null ? {} : { tool_calls: [{ index: piece.slot, ...sealedBy(piece.seal) }] }
    case 'citation':
      return { annotations: [annotationOf(piece)] }
    case 'vector':
    case 'end':
      return {}
  }
}

function callOf({ begins, arguments: text }: CallPiece, free: boolean): object {
  const made = free ? { input: text } : { arguments: text }
  const kind = free ? 'custom' : 'function'
  return begins === null ? { [kind]: made } : { id: begins.id, type: kind, [kind]: { name: begins.name, ...made } }
}

/** Where Gemini's OpenAI-compatible endpoint has it. */
const sealedBy = ({ maker, value }: Seal): object =>
  maker === 'gemini' ? { extra_content: { google: { thought_signature: value } } } : {}

const annotationOf = ({ url, title, range }: CitationPiece): object => ({
  type: 'url_citation',
  url_citation: {
    url,
    title: title ?? '',
    ...(range === null ? {} : { start_index: range[0], end_index: range[1] }),
  },
})

/** What this format has a place for. */
const isWritten = (piece: Piece): boolean =>
  piece.kind !== 'seal' || (piece.slot !== null && piece.seal.maker === 'gemini')

/** Null where there is none. */
function joined(pieces: readonly Piece[], kind: 'text' | 'thought' | 'refusal'): string | null {
  const texts = pieces.flatMap((piece) => (piece.kind === kind ? [piece.text] : []))
  return texts.length === 0 ? null : texts.join('')
}

function wholeCalls(pieces: readonly Piece[]): object[] {
  const calls = pieces.filter((piece) => piece.kind === 'call')
  return calls.flatMap((first) => {
    if (first.begins === null) return []
    const rest = calls.filter((piece) => piece.slot === first.slot && piece.begins === null)
    const whole = { ...first, arguments: first.arguments + rest.map((piece) => piece.arguments).join('') }
    const seal = pieces.find((piece) => piece.kind === 'seal' && piece.slot === first.slot)
    return [{ ...callOf(whole, first.begins.free), ...(seal?.kind === 'seal' ? sealedBy(seal.seal) : {}) }]
  })
}
