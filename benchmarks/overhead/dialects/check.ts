/** Reads one answer in its caller's dialect and holds it against what the backend said. */
import type { FormatName } from '../../../src/core/format-names.ts'
import type { Listener } from '../answer-check.ts'
import type { Sink } from '../wire.ts'
import { scriptOf } from './answers.ts'

/** What an answer says. */
interface Said {
  text: string
  /** Null: it does not tell. */
  tokens: number | null
  /** The word for a good end has come. */
  ended: boolean
}

/** A member at a path, whatever lies there. */
function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  let found = value
  for (const step of path) found = (found as Readonly<Record<string | number, unknown>> | null | undefined)?.[step]
  return found
}

/** Adds what one event, or a whole body, brings. */
type Read = (said: Said, value: unknown) => void

const text = (value: unknown): string => (typeof value === 'string' ? value : '')
const count = (value: unknown, before: number | null): number | null => (typeof value === 'number' ? value : before)

const READ: Readonly<Record<FormatName, { readonly event: Read; readonly body: Read }>> = {
  'openai-chat': {
    event(said, value) {
      said.text += text(at(value, 'choices', 0, 'delta', 'content'))
      said.tokens = count(at(value, 'usage', 'completion_tokens'), said.tokens)
      said.ended ||= at(value, 'choices', 0, 'finish_reason') === 'stop'
    },
    body(said, value) {
      said.text = text(at(value, 'choices', 0, 'message', 'content'))
      said.tokens = count(at(value, 'usage', 'completion_tokens'), null)
      said.ended = at(value, 'choices', 0, 'finish_reason') === 'stop'
    },
  },
  'openai-responses': {
    event(said, value) {
      if (at(value, 'type') === 'response.output_text.delta') said.text += text(at(value, 'delta'))
      said.tokens = count(at(value, 'response', 'usage', 'output_tokens'), said.tokens)
      said.ended ||= at(value, 'type') === 'response.completed'
    },
    body(said, value) {
      said.text = text(at(value, 'output', 0, 'content', 0, 'text'))
      said.tokens = count(at(value, 'usage', 'output_tokens'), null)
      said.ended = at(value, 'status') === 'completed'
    },
  },
  'anthropic-messages': {
    event(said, value) {
      said.text += text(at(value, 'delta', 'text'))
      said.tokens = count(at(value, 'usage', 'output_tokens'), said.tokens)
      said.ended ||= at(value, 'delta', 'stop_reason') === 'end_turn'
    },
    body(said, value) {
      said.text = text(at(value, 'content', 0, 'text'))
      said.tokens = count(at(value, 'usage', 'output_tokens'), null)
      said.ended = at(value, 'stop_reason') === 'end_turn'
    },
  },
  gemini: { event: geminiSaid, body: geminiSaid },
  ollama: { event: ollamaSaid, body: ollamaSaid },
}

function geminiSaid(said: Said, value: unknown): void {
  said.text += text(at(value, 'candidates', 0, 'content', 'parts', 0, 'text'))
  said.tokens = count(at(value, 'usageMetadata', 'candidatesTokenCount'), said.tokens)
  said.ended ||= at(value, 'candidates', 0, 'finishReason') === 'STOP'
}

function ollamaSaid(said: Said, value: unknown): void {
  said.text += text(at(value, 'message', 'content'))
  said.tokens = count(at(value, 'eval_count'), said.tokens)
  said.ended ||= at(value, 'done') === true
}

/** Behind the last event of a stream. */
const LAST: Readonly<Partial<Record<FormatName, string>>> = {
  'openai-chat': 'data: [DONE]',
  'anthropic-messages': 'event: message_stop',
}

function payloadsOf(dialect: FormatName, answer: string): string[] {
  if (dialect === 'ollama') return answer.split('\n').filter((line) => line !== '')
  return answer.split('\n').flatMap((line) => (line.startsWith('data: {') ? [line.slice(6)] : []))
}

/** Why an answer is not the one that the backend gave; null where it is. */
export function differs(dialect: FormatName, answer: string, number: number, stream: boolean): string | null {
  const said: Said = { text: '', tokens: null, ended: false }
  try {
    if (stream) for (const payload of payloadsOf(dialect, answer)) READ[dialect].event(said, JSON.parse(payload))
    else READ[dialect].body(said, JSON.parse(answer))
  } catch {
    return `not JSON: ${answer.slice(0, 300)}`
  }
  const { words, tokens } = scriptOf(number, stream)
  if (said.text !== words.join('')) return `another text came: ${answer.slice(0, 300)}`
  if (!said.ended || (stream && !answer.includes(LAST[dialect] ?? ''))) return `no end: ${answer.slice(-300)}`
  // A stream of OpenAI's tells usage only to those who ask.
  const silent = stream && dialect === 'openai-chat' && said.tokens === null
  return silent || said.tokens === tokens.output ? null : `usage of ${said.tokens} tokens came`
}

export class DialectCheck implements Sink {
  readonly #parts: Buffer[] = []
  readonly #judge: (answer: string) => string | null
  readonly #listener: Listener
  #status = 0

  /** `judge`: why an answer is not the right one; null where it is. */
  constructor(judge: (answer: string) => string | null, listener: Listener) {
    this.#judge = judge
    this.#listener = listener
  }

  head(status: number): void {
    this.#status = status
  }

  data(bytes: Buffer, start: number, end: number): void {
    if (this.#parts.length === 0) this.#listener.first()
    this.#parts.push(Buffer.from(bytes.subarray(start, end)))
  }

  end(): void {
    const answer = Buffer.concat(this.#parts).toString()
    const why = this.#status === 200 ? this.#judge(answer) : `status ${this.#status}: ${answer.slice(0, 300)}`
    this.#listener.done(why === null ? 'equivalent' : null, why ?? '')
  }

  fail(why: string): void {
    this.#listener.done(null, `${why} (status ${this.#status})`)
  }
}
