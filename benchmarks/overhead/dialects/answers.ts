/** The upstream's side of the rows of dialects: what must have arrived, and the answer in the dialect that was asked. */
import type { FormatName } from '../../../src/core/format-names.ts'
import { type Script, SPEAKERS } from '../../../test/support/format-answers.ts'
import { FIRST_NUMBER } from '../numbered.ts'
import { dialectAt } from './bodies.ts'
import { type TalkKind, talkOf, textsOf, VARIANTS } from './talk.ts'

/** Backends of these rows have it before their paths. */
export const PREFIX = '/dialects'
/** Content events of a stream. */
export const STREAM_CHUNKS = 100
const WHOLE_WORDS = 120
const WORDS = 'points signal ballast sleeper fishplate junction siding frog switch crossing gauge bogie'.split(' ')
/** Answers differ by the number of the request, so that one given to the wrong caller is noticed. */
const SEEDS = 16

export const scriptOf = (number: number, stream: boolean): Script & { readonly words: readonly string[] } => {
  const count = stream ? STREAM_CHUNKS : WHOLE_WORDS
  const seed = number % SEEDS
  const words = Array.from({ length: count }, (_, at) => ` ${WORDS[(seed * 5 + at * 7) % WORDS.length]!}${at % 10}`)
  return { words, finish: 'stop', tokens: { input: 240, cached: 0, output: count, reasoning: 0 } }
}

export interface Answer {
  readonly type: string
  /** Of a stream, each event as it is written; of a whole answer its one body. */
  readonly payloads: readonly Buffer[]
  readonly stream: boolean
}

const answers = new Map<string, Answer>()

/** The answer to a request at `path`; else why there is none. */
export function answerAt(path: string, body: Buffer): Answer | string {
  const dialect = dialectAt(path)
  if (dialect === null) return `no such path: ${path}`
  const number = Number(/Case (\d+)\./.exec(body.toString('latin1'))?.[1])
  if (Number.isNaN(number)) return 'the request has no number'
  const lost = lostIn(body, number)
  if (lost !== null) return `this did not arrive: ${lost}`
  const stream = dialect === 'gemini' ? path.includes(':stream') : body.includes('"stream":true')
  const usage = body.includes('"include_usage":true')
  const name = `${dialect} ${number % SEEDS} ${stream} ${usage}`
  const known = answers.get(name) ?? answerIn(dialect, number, stream, usage)
  answers.set(name, known)
  return known
}

function answerIn(dialect: FormatName, number: number, stream: boolean, usage: boolean): Answer {
  const speaker = SPEAKERS[dialect]
  const script = scriptOf(number, stream)
  if (stream)
    return {
      type: speaker.type,
      stream,
      payloads: speaker.events(script, dialect, usage).map((one) => Buffer.from(one)),
    }
  const body = Buffer.from(JSON.stringify(speaker.body(script, dialect)))
  return { type: 'application/json', stream, payloads: [body] }
}

const texts = new Map<string, readonly Buffer[]>()

/** A text of the talk that is not in the body; null: all have come. */
function lostIn(body: Buffer, number: number): string | null {
  const kind: TalkKind = body.includes('"work_0"') ? 'agent' : 'small'
  const variant = number % VARIANTS
  const name = `${kind} ${variant}`
  const known = texts.get(name) ?? textsOf(talkOf(kind, variant)).map((text) => Buffer.from(text))
  texts.set(name, known)
  const numbered = `Case ${FIRST_NUMBER}. `
  for (const text of known) {
    const first = text.indexOf(numbered) === 0
    if (!body.includes(first ? text.subarray(numbered.length) : text)) return text.toString('utf8', 0, 80)
  }
  return null
}
