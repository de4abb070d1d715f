/** Writes an answer that came in another format as Google's clients expect it. */
import type { Finish } from '../../core/finish.ts'
import type { GatewayRequest } from '../../core/types.ts'
import type { AnswerState } from '../answer-state.ts'
import type { AnswerWriter } from '../format.ts'
import type { CallPiece, Piece, SealPiece } from '../piece.ts'
import { encodeEvent } from '../sse.ts'
import { ArrayStream } from './array-stream.ts'
import { wordOf } from './finish.ts'
import { writtenLogprobs } from './logprobs.ts'
import { GeminiPrompt, wantsArray } from './prompt.ts'
import { signatureOf } from './seal.ts'
import { writeUsage } from './usage.ts'
import { objectIn } from '../json/object-in.ts'

/** A call whose arguments come in parts: clients take it whole. */
interface OpenCall {
  readonly id: string
  readonly name: string
  readonly free: boolean
  text: string
  signature: string | null
}

interface WrittenPart {
  readonly text?: string
  readonly thought?: boolean
  readonly functionCall?: object
  readonly thoughtSignature?: string
}

/** A choice that is being written. */
interface Candidate {
  readonly calls: Map<number, OpenCall>
  /** Its end, which is written with the usage. */
  finish: Finish | null
  cited: object[]
}

export class GeminiWriter implements AnswerWriter {
  readonly #request: GatewayRequest
  readonly #array: ArrayStream | null
  readonly #candidates = new Map<number, Candidate>()
  /** Thoughts are told to those who ask for them. */
  readonly #tellsThoughts: boolean

  constructor(request: GatewayRequest) {
    this.#request = request
    this.#array = wantsArray(request) ? new ArrayStream() : null
    const { prompt } = request
    this.#tellsThoughts = prompt instanceof GeminiPrompt && prompt.view.thinking?.shown === 'summary'
  }

  events(pieces: readonly Piece[], state: AnswerState): Buffer | null {
    const events: Buffer[] = []
    for (const [choice, own] of byChoice(pieces)) {
      const parts = this.#parts(choice, own)
      if (parts.length === 0) continue
      const content = { parts, role: 'model' }
      events.push(this.#event({ candidates: [{ content, index: choice, ...toldLogprobs(own) }], ...this.#head(state) }))
    }
    return events.length === 0 ? null : Buffer.concat(events)
  }

  /** Ends stand in the last event, with the usage. */
  last(state: AnswerState): Buffer | null {
    if (!this.#request.stream) return null
    const candidates = [...this.#candidates].map(([choice, candidate]) => ({
      content: { parts: [{ text: '' }], role: 'model' },
      ...endOf(candidate),
      index: choice,
    }))
    return this.#event({ candidates, ...this.#usage(state), ...this.#head(state) })
  }

  body(pieces: readonly Piece[], state: AnswerState): Buffer {
    if (this.#request.endpoint.asks === 'embeddings') return this.#embeddings(pieces)
    const candidates = byChoice(pieces).map(([choice, own]) => {
      const parts = joinedTexts(this.#parts(choice, own))
      const end = endOf(this.#candidate(choice))
      return { content: { parts, role: 'model' }, ...end, index: choice, ...toldLogprobs(own) }
    })
    return Buffer.from(JSON.stringify({ candidates, ...this.#usage(state), ...this.#head(state) }))
  }

  failed(body: object): Buffer | null {
    return this.#array?.failed(body) ?? null
  }

  #embeddings(pieces: readonly Piece[]): Buffer {
    const vectors = pieces
      .filter((piece) => piece.kind === 'vector')
      .sort((a, b) => a.choice - b.choice)
      .map(({ numbers }) => ({ values: numbers }))
    const isBatch = this.#request.endpoint.path.endsWith(':batchEmbedContents')
    return Buffer.from(JSON.stringify(isBatch ? { embeddings: vectors } : { embedding: vectors[0] ?? { values: [] } }))
  }

  #event(answer: object): Buffer {
    const json = JSON.stringify(answer)
    return this.#array?.element(json) ?? encodeEvent(json)
  }

  #head({ model, id }: AnswerState): object {
    return { modelVersion: model ?? this.#request.model, responseId: id ?? this.#request.id }
  }

  #usage({ settled, reported }: AnswerState): object {
    const known = settled ?? reported
    return known === null ? {} : { usageMetadata: writeUsage(known) }
  }

  #candidate(choice: number): Candidate {
    const known = this.#candidates.get(choice) ?? { calls: new Map<number, OpenCall>(), finish: null, cited: [] }
    this.#candidates.set(choice, known)
    return known
  }

  #parts(choice: number, pieces: readonly Piece[]): WrittenPart[] {
    const candidate = this.#candidate(choice)
    return pieces.flatMap((piece): WrittenPart[] => {
      switch (piece.kind) {
        case 'text':
        case 'refusal':
          return [{ text: piece.text }]
        case 'thought':
          return this.#tellsThoughts ? [{ text: piece.text, thought: true }] : []
        case 'call':
          addCall(candidate, piece)
          return []
        case 'seal':
          return sealed(candidate, piece, this.#tellsThoughts)
        case 'citation':
          candidate.cited.push({ uri: piece.url, ...(piece.title === null ? {} : { title: piece.title }) })
          return []
        case 'vector':
          return []
        case 'end':
          candidate.finish = piece.finish
          return wholeCalls(candidate)
      }
    })
  }
}

function toldLogprobs(pieces: readonly Piece[]): object {
  const told = pieces.flatMap((piece) => (piece.kind === 'text' ? (piece.logprobs ?? []) : []))
  return told.length === 0 ? {} : { logprobsResult: writtenLogprobs(told) }
}

function byChoice(pieces: readonly Piece[]): (readonly [number, readonly Piece[]])[] {
  const [first] = pieces
  if (first === undefined) return []
  if (pieces.every(({ choice }) => choice === first.choice)) return [[first.choice, pieces]]
  const choices = [...new Set(pieces.map(({ choice }) => choice))].sort((a, b) => a - b)
  return choices.map((choice) => [choice, pieces.filter((piece) => piece.choice === choice)])
}

function addCall({ calls }: Candidate, { slot, begins, arguments: text }: CallPiece): void {
  const known = calls.get(slot)
  if (known !== undefined) known.text += text
  else if (begins !== null) calls.set(slot, { ...begins, text, signature: null })
}

/** Of a call it waits for that; else it ends the thoughts before it, and is of no use without them. */
function sealed({ calls }: Candidate, { slot, seal }: SealPiece, tellsThoughts: boolean): WrittenPart[] {
  const call = slot === null ? undefined : calls.get(slot)
  if (call !== undefined) call.signature = signatureOf(seal)
  else if (tellsThoughts) return [{ text: '', thought: true, thoughtSignature: signatureOf(seal) }]
  return []
}

/** Those that are whole: what is no object is told as Google tells it, by the word for the end. */
const wholeCalls = ({ calls }: Candidate): WrittenPart[] =>
  [...calls]
    .sort(([a], [b]) => a - b)
    .flatMap(([, { id, name, signature, ...call }]) => {
      const args = argsOf(call)
      if (args === null) return []
      return [{ functionCall: { id, name, args }, ...(signature === null ? {} : { thoughtSignature: signature }) }]
    })

function argsOf({ text, free }: Pick<OpenCall, 'text' | 'free'>): object | null {
  if (free) return { input: text }
  return text.trim() === '' ? {} : objectIn(text)
}

function endOf({ finish, calls, cited }: Candidate): object {
  const broken = [...calls.values()].find((call) => argsOf(call) === null)
  const why =
    broken === undefined
      ? { finishReason: wordOf(finish ?? 'unknown') }
      : {
          finishReason: finish === 'length' ? wordOf(finish) : 'MALFORMED_FUNCTION_CALL',
          finishMessage: `Malformed function call: ${broken.name}`,
        }
  return { ...why, ...(cited.length === 0 ? {} : { citationMetadata: { citationSources: cited } }) }
}

/** Texts that lie side by side as one: in a whole answer clients expect what was said in one piece. */
function joinedTexts(parts: readonly WrittenPart[]): WrittenPart[] {
  const joined: WrittenPart[] = []
  for (const part of parts) {
    const last = joined.at(-1)
    const { text } = part
    if (
      text === undefined ||
      last?.text === undefined ||
      last.thought !== part.thought ||
      last.thoughtSignature !== undefined
    )
      joined.push(part)
    else joined[joined.length - 1] = { ...last, ...part, text: last.text + text }
  }
  return joined
}
