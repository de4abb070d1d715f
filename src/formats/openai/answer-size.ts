/** How much of an answer has come, for those that tell no usage. */
import { endOfText } from '../json/text-end.ts'

/** All of so many events are measured, then each so-many-th: a short answer exactly, a long one for next to nothing. */
const FIRST = 32
const EACH = 32
/** UTF-8 of most languages, and of code. */
const BYTES_PER_TOKEN = 4

const PIECE = /"(?:content|reasoning_content|reasoning|text|refusal|arguments)": ?"/g

export class AnswerSize {
  #events = 0
  #measured = 0
  /** Of the measured ones: those with a part of the answer, and the bytes of those. */
  #filled = 0
  #bytes = 0

  /** One event of a stream, one character for each byte. */
  event(data: string): void {
    this.#events++
    if (this.#events > FIRST && this.#events % EACH !== 0) return
    this.#measured++
    const bytes = longestPiece(data)
    if (bytes === 0) return
    this.#filled++
    this.#bytes += bytes
  }

  /** All of a whole answer. */
  choices(choices: readonly unknown[]): void {
    for (const choice of choices) this.#bytes += bytesOf(choice)
  }

  /** Text that nothing else was read of, in bytes. */
  text(bytes: number): void {
    this.#bytes += bytes
  }

  /** Of the stream. */
  get events(): number {
    return this.#events
  }

  /** A guess: an event is a token, or more where it is longer than one. */
  get tokens(): number {
    const scale = this.#measured === 0 ? 1 : this.#events / this.#measured
    return Math.ceil(scale * Math.max(this.#filled, this.#bytes / BYTES_PER_TOKEN))
  }
}

/** Some send the same text in two fields. */
function longestPiece(data: string): number {
  let longest = 0
  PIECE.lastIndex = 0
  while (PIECE.test(data)) {
    const start = PIECE.lastIndex
    const end = endOfText(data, start)
    longest = Math.max(longest, end - start)
    PIECE.lastIndex = end
  }
  return longest
}

/** Names under which an answer has text of the model, at any depth. */
const TEXTS: ReadonlySet<string> = new Set([
  'content',
  'reasoning_content',
  'reasoning',
  'text',
  'thinking',
  'refusal',
  'arguments',
])
/** Deeper is nothing that a model said. */
const DEEPEST = 6

function bytesOf(value: unknown, depth = 0): number {
  if (typeof value !== 'object' || value === null || depth > DEEPEST) return 0
  if (Array.isArray(value)) return value.reduce<number>((sum, one) => sum + bytesOf(one, depth + 1), 0)
  let bytes = 0
  for (const [key, part] of Object.entries(value)) {
    if (typeof part !== 'string') bytes += key === 'logprobs' ? 0 : bytesOf(part, depth + 1)
    else if (TEXTS.has(key)) bytes += Buffer.byteLength(part)
  }
  return bytes
}
