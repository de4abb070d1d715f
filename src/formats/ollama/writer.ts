/** Writes an answer that came in another format as Ollama's clients expect it. */
import { OLLAMA_EMBEDDINGS, OLLAMA_GENERATE } from '../../core/endpoints.ts'
import type { Finish } from '../../core/finish.ts'
import type { GatewayRequest } from '../../core/types.ts'
import type { AnswerState } from '../answer-state.ts'
import type { AnswerWriter } from '../format.ts'
import type { CallPiece, Piece } from '../piece.ts'
import { encodeLine } from './lines.ts'

const NANOS = 1e6

interface OpenCall {
  readonly id: string
  readonly name: string
  arguments: string
}

export class OllamaWriter implements AnswerWriter {
  readonly #request: GatewayRequest
  readonly #createdAt: string
  readonly #clock: () => number
  readonly #startedAt: number
  /** When the first of it was written. */
  #firstAt: number | null = null
  /** Calls whose arguments have not all come: clients take them whole. */
  #calls = new Map<number, OpenCall>()
  #finish: Finish | null = null

  constructor(request: GatewayRequest, nowMs: number, clock: () => number) {
    this.#request = request
    this.#createdAt = new Date(nowMs).toISOString()
    this.#clock = clock
    this.#startedAt = clock()
  }

  events(pieces: readonly Piece[], state: AnswerState): Buffer | null {
    const lines: Buffer[] = []
    const write = (said: Said): void => {
      this.#firstAt ??= this.#clock()
      lines.push(encodeLine({ ...this.#head(state), ...this.#said(said), done: false }))
    }
    for (const piece of pieces) {
      if (piece.choice !== 0) continue
      if (piece.kind === 'text' || piece.kind === 'refusal') write({ text: piece.text })
      else if (piece.kind === 'thought') write({ thought: piece.text })
      else if (piece.kind === 'call') this.#gather(piece)
      else if (piece.kind === 'end') this.#finish = piece.finish
    }
    if (this.#finish !== null && (this.#calls.size > 0 || this.#firstAt === null)) {
      // An answer that says nothing is one, too.
      write({ calls: [...this.#calls.values()] })
      this.#calls.clear()
    }
    return lines.length === 0 ? null : Buffer.concat(lines)
  }

  #gather({ slot, begins, arguments: text }: CallPiece): void {
    const open = this.#calls.get(slot)
    if (begins !== null) this.#calls.set(slot, { id: begins.id, name: begins.name, arguments: text })
    else if (open !== undefined) open.arguments += text
  }

  /** The line with the word for the end, and the counts, is the last one. */
  last(state: AnswerState): Buffer | null {
    return encodeLine({ ...this.#head(state), ...this.#said({}), ...this.#end(state) })
  }

  body(pieces: readonly Piece[], state: AnswerState): Buffer {
    return Buffer.from(
      JSON.stringify(
        this.#request.endpoint.asks === 'embeddings' ? this.#vectors(pieces, state) : this.#whole(pieces, state),
      ),
    )
  }

  #whole(pieces: readonly Piece[], state: AnswerState): object {
    const own = pieces.filter(({ choice }) => choice === 0)
    for (const piece of own) {
      if (piece.kind === 'call') this.#gather(piece)
      if (piece.kind === 'end') this.#finish = piece.finish
    }
    const text = own.map((piece) => (piece.kind === 'text' || piece.kind === 'refusal' ? piece.text : '')).join('')
    const thought = own.map((piece) => (piece.kind === 'thought' ? piece.text : '')).join('')
    const said = this.#said({ text, thought, calls: [...this.#calls.values()] })
    return { ...this.#head(state), ...said, ...this.#end(state) }
  }

  #vectors(pieces: readonly Piece[], state: AnswerState): object {
    const vectors = pieces
      .flatMap((piece) => (piece.kind === 'vector' ? [piece] : []))
      .sort((a, b) => a.choice - b.choice)
      .map(({ numbers }) => numbers)
    if (this.#request.endpoint.id === OLLAMA_EMBEDDINGS.id) return { embedding: vectors[0] ?? [] }
    const usage = state.settled ?? state.reported
    return {
      model: this.#model(state),
      embeddings: vectors,
      total_duration: this.#since(this.#startedAt),
      ...(usage === null || usage.estimated ? {} : { prompt_eval_count: usage.input }),
    }
  }

  failed(): null {
    return null
  }

  #model({ model }: AnswerState): string {
    return model ?? this.#request.model
  }

  #head(state: AnswerState): object {
    return { model: this.#model(state), created_at: this.#createdAt }
  }

  #said({ text = '', thought = '', calls = [] }: Said): object {
    const more = {
      ...(thought === '' ? {} : { thinking: thought }),
      ...(calls.length === 0 ? {} : { tool_calls: calls.map(callOf) }),
    }
    return this.#request.endpoint.id === OLLAMA_GENERATE.id
      ? { response: text, ...more }
      : { message: { role: 'assistant', content: text, ...more } }
  }

  #end(state: AnswerState): object {
    const usage = state.settled ?? state.reported
    // A guess is not reported.
    const known = usage === null || usage.estimated ? null : usage
    const first = this.#firstAt
    return {
      done: true,
      done_reason: WORDS[this.#finish ?? state.finish ?? 'stop'],
      total_duration: this.#since(this.#startedAt),
      ...(known === null ? {} : { prompt_eval_count: known.input }),
      ...(known === null || known.cachedInput === 0 ? {} : { prompt_eval_cached_count: known.cachedInput }),
      ...(first === null ? {} : { prompt_eval_duration: nanos(first - this.#startedAt) }),
      ...(known === null ? {} : { eval_count: known.output }),
      ...(first === null ? {} : { eval_duration: this.#since(first) }),
    }
  }

  #since(at: number): number {
    return nanos(this.#clock() - at)
  }
}

interface Said {
  readonly text?: string
  readonly thought?: string
  readonly calls?: readonly OpenCall[]
}

const nanos = (ms: number): number => Math.max(1, Math.round(ms * NANOS))

/** Ollama has a word for two of them; the others are told by their own. */
const WORDS: Readonly<Record<Finish, string>> = {
  stop: 'stop',
  tool_calls: 'stop',
  function_call: 'stop',
  unknown: 'stop',
  length: 'length',
  content_filter: 'content_filter',
  error: 'error',
}

const callOf = ({ id, name, arguments: text }: OpenCall, index: number): object => ({
  id,
  function: { index, name, arguments: argumentsOf(text) },
})

/** An object where the model wrote one. */
function argumentsOf(text: string): unknown {
  try {
    return JSON.parse(text === '' ? '{}' : text)
  } catch {
    return { input: text }
  }
}
