/** Writes an answer that came in another format as OpenAI's clients expect it. */
import type { Finish } from '../../core/finish.ts'
import type { GatewayRequest } from '../../core/types.ts'
import type { AnswerState } from '../answer-state.ts'
import type { AnswerWriter } from '../format.ts'
import type { CallPiece, Piece } from '../piece.ts'
import { encodeEvent } from '../sse.ts'
import { chunkHead } from './chunk.ts'
import { isStandard } from './finish.ts'
import { OpenAIPrompt } from './prompt.ts'
import { writeUsage } from './usage.ts'

export class OpenAIWriter implements AnswerWriter {
  readonly #request: GatewayRequest
  readonly #nowMs: number
  /** Choices that have said whose they are. */
  readonly #begun = new Set<number>()

  constructor(request: GatewayRequest, nowMs: number) {
    this.#request = request
    this.#nowMs = nowMs
  }

  events(pieces: readonly Piece[], state: AnswerState): Buffer | null {
    if (pieces.length === 0) return null
    const head = chunkHead(this.#request, state, this.#nowMs)
    const events = pieces.map((piece) => encodeEvent(JSON.stringify({ ...head, choices: [this.#choice(piece)] })))
    return Buffer.concat(events)
  }

  #choice(piece: Piece): object {
    const finish_reason = piece.kind === 'end' ? reasonOf(piece.finish) : null
    if (this.#isCompletion) return { index: piece.choice, text: piece.kind === 'text' ? piece.text : '', finish_reason }
    const role = this.#begun.has(piece.choice) ? {} : { role: 'assistant' }
    this.#begun.add(piece.choice)
    return { index: piece.choice, delta: { ...role, ...deltaOf(piece) }, finish_reason }
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

  #wholeChoice(index: number, pieces: readonly Piece[]): object {
    const finish_reason = reasonOf(pieces.find((piece) => piece.kind === 'end')?.finish ?? 'stop')
    const [text, thought, refusal] = (['text', 'thought', 'refusal'] as const).map((kind) => joined(pieces, kind))
    if (this.#isCompletion) return { index, text: text ?? '', finish_reason }
    const calls = wholeCalls(pieces)
    const message = {
      role: 'assistant',
      content: text,
      refusal,
      ...(thought === null ? {} : { reasoning_content: thought }),
      ...(calls.length === 0 ? {} : { tool_calls: calls }),
    }
    return { index, message, finish_reason }
  }
}

/** OpenAI's clients know no other word than theirs. */
const reasonOf = (finish: Finish): Finish => (isStandard(finish) ? finish : 'stop')

function deltaOf(piece: Piece): object {
  switch (piece.kind) {
    case 'text':
      return { content: piece.text }
    case 'thought':
      return { reasoning_content: piece.text }
    case 'refusal':
      return { refusal: piece.text }
    case 'call':
      return { tool_calls: [{ index: piece.slot, ...callOf(piece) }] }
    case 'end':
      return {}
  }
}

const callOf = ({ begins, arguments: text }: CallPiece): object =>
  begins === null
    ? { function: { arguments: text } }
    : { id: begins.id, type: 'function', function: { name: begins.name, arguments: text } }

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
    return [callOf({ ...first, arguments: first.arguments + rest.map((piece) => piece.arguments).join('') })]
  })
}
