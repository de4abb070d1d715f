/** What the lines, or the body, of an answer bring, in neutral words. */
import type { GatewayRequest } from '../../core/types.ts'
import { freeText } from '../free-tools.ts'
import type { Piece } from '../piece.ts'
import { saidIn, vectorsIn } from './answer.ts'
import type { OllamaAnswerState } from './answer-state.ts'
import { isOwn } from './prompt.ts'
import { objectIn } from '../json/object-in.ts'

/** For one answer: calls have no ids in older versions, and are numbered over all lines. */
export class PieceReader {
  readonly #request: GatewayRequest
  #slot = 0

  constructor(request: GatewayRequest) {
    this.#request = request
  }

  /** Its tool takes free text, and was offered as one with a single argument. */
  #isFree(name: string): boolean {
    const { prompt } = this.#request
    if (!prompt.hasTools || isOwn(prompt)) return false
    return prompt.contents().tools.some((tool) => tool.free !== null && tool.name === name)
  }

  /** `bytes`: one line, several, or a body. */
  read(bytes: Buffer, { finish }: Pick<OllamaAnswerState, 'finish'>): Piece[] {
    return linesOf(bytes).flatMap((line): Piece[] => {
      const answer = objectIn(line)
      if (answer === null) return []
      const vectors = vectorsIn(answer)
      if (vectors !== null) return vectors.map((numbers, choice) => ({ kind: 'vector', choice, numbers }))
      const { text, thought, calls } = saidIn(answer)
      return [
        ...(thought === '' ? [] : [{ kind: 'thought' as const, choice: 0, text: thought }]),
        ...(text === '' ? [] : [{ kind: 'text' as const, choice: 0, text }]),
        ...calls.map((call): Piece => {
          const slot = this.#slot++
          const id = call.id ?? `call_${this.#request.id}_${slot}`
          const free = this.#isFree(call.name)
          const given = free ? freeText(call.arguments) : call.arguments
          return { kind: 'call', choice: 0, slot, begins: { id, name: call.name, free }, arguments: given }
        }),
        ...(answer['done'] === true
          ? [{ kind: 'end' as const, choice: 0, finish: finish ?? 'unknown', stop: null }]
          : []),
      ]
    })
  }
}

/** A line end inside of a text is written with an escape; white space between members may hold one. */
function linesOf(bytes: Buffer): string[] {
  const text = bytes.toString()
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  return lines.every((line) => line.trimStart().startsWith('{') && line.trimEnd().endsWith('}')) ? lines : [text]
}
