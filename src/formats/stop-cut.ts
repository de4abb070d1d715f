/** Ends an answer where it meets a stop sequence, for backends that have no word for some of them. One for each answer. */
import type { Piece, TextPiece } from './piece.ts'

/** A choice of which some text may be the beginning of a sequence. */
interface Held {
  text: string
  logprobs: TextPiece['logprobs']
}

export class StopCut {
  readonly #stops: readonly string[]
  readonly #choices: number
  readonly #held = new Map<number, Held>()
  readonly #over = new Set<number>()
  /** Some text, or a call, has gone on. */
  content = false

  /** `stops`: one at least, none of them empty. `choices`: that were asked for. */
  constructor(stops: readonly string[], choices: number) {
    this.#stops = stops
    this.#choices = choices
  }

  /** All choices have met one: nothing more of the answer is wanted. */
  get met(): boolean {
    return this.#over.size >= this.#choices
  }

  /** What goes on of these pieces: nothing behind a sequence, nor what may be the beginning of one. */
  take(pieces: readonly Piece[]): readonly Piece[] {
    const wanted = pieces.flatMap((piece) => {
      if (this.#over.has(piece.choice)) return []
      return piece.kind === 'text' ? this.#text(piece) : [...this.#released(piece.choice), piece]
    })
    this.content ||= wanted.some((piece) => piece.kind === 'call' || (piece.kind === 'text' && /\S/.test(piece.text)))
    return wanted
  }

  /** What is still held, of an answer that has no word for its end. */
  rest(): readonly Piece[] {
    return [...this.#held.keys()].flatMap((choice) => this.#released(choice))
  }

  #text(piece: TextPiece): Piece[] {
    const { choice } = piece
    const before = this.#held.get(choice)
    const text = (before?.text ?? '') + piece.text
    const logprobs = [...(before?.logprobs ?? []), ...(piece.logprobs ?? [])]
    this.#held.delete(choice)
    const found = this.#first(text)
    if (found !== null) {
      this.#over.add(choice)
      const said = text.slice(0, found.at)
      return [
        ...spoken(choice, said, tokensOf(logprobs, said)),
        { kind: 'end', choice, finish: 'stop', stop: found.stop },
      ]
    }
    const safe = text.length - this.#begun(text)
    if (safe === text.length) return spoken(choice, text, logprobs)
    const sure = tokensOf(logprobs, text.slice(0, safe))
    this.#held.set(choice, { text: text.slice(safe), logprobs: logprobs.slice(sure.length) })
    return spoken(choice, text.slice(0, safe), sure)
  }

  #released(choice: number): Piece[] {
    const held = this.#held.get(choice)
    this.#held.delete(choice)
    return held === undefined ? [] : spoken(choice, held.text, held.logprobs ?? [])
  }

  /** The one that is whole first, as if its letters came one by one; of several that end there the longest. */
  #first(text: string): { readonly at: number; readonly stop: string } | null {
    let first: { readonly at: number; readonly stop: string } | null = null
    for (const stop of this.#stops) {
      const at = text.indexOf(stop)
      const end = at + stop.length
      const known = first === null ? Infinity : first.at + first.stop.length
      if (at >= 0 && (end < known || (end === known && at < first!.at))) first = { at, stop }
    }
    return first
  }

  /** Length of the end of the text that a sequence may begin with. */
  #begun(text: string): number {
    let longest = 0
    for (const stop of this.#stops)
      for (let length = Math.min(stop.length - 1, text.length); length > longest; length--)
        if (stop.startsWith(text.slice(text.length - length))) longest = length
    return longest
  }
}

type Logprobs = NonNullable<TextPiece['logprobs']>

const spoken = (choice: number, text: string, logprobs: Logprobs): Piece[] =>
  text === '' && logprobs.length === 0
    ? []
    : [{ kind: 'text', choice, text, ...(logprobs.length === 0 ? {} : { logprobs }) }]

/** Of the tokens that end within this text. */
function tokensOf(logprobs: Logprobs, text: string): Logprobs {
  let length = 0
  const beyond = logprobs.findIndex(({ token }) => (length += token.length) > text.length)
  return beyond < 0 ? logprobs : logprobs.slice(0, beyond)
}
