/** What is asked and what must come back, byte for byte; upstream and load generator both derive it from here. */
import type { FormatName } from '../../src/core/format-names.ts'
import type { TalkKind } from './dialects/talk.ts'
import { FIRST_NUMBER, Numbered } from './numbered.ts'
import { prose } from './prose.ts'

export const MODEL = 'bench-model'
/** Models of the upstream, by number; it answers as the one that was asked. */
export const modelName = (index: number): string => (index === 0 ? MODEL : `${MODEL}-${index}`)

/** Answers differ by seed, so that an answer given to the wrong caller is noticed. */
export const SEEDS = 16

export interface Ask {
  readonly prompt: 'small' | 'large'
  readonly stream: boolean
  /** Content events of a stream. */
  readonly chunks: number
  /** Between two events; 0 = as fast as the socket takes them. */
  readonly delayMs: number
  /** In a dialect, where the rows of dialects ask; then the prompt is this one, and `prompt` says nothing. */
  readonly talk?: { readonly caller: FormatName; readonly kind: TalkKind }
}

/** An answer and the usage that it reports. */
export interface Expected {
  /** Payload without transfer coding. */
  readonly body: Buffer
  /** Where each content event of a stream ends; empty for JSON. */
  readonly ends: readonly number[]
  readonly text: string
  readonly outputTokens: number
}

const WORDS = 'points signal ballast sleeper fishplate junction siding frog switch crossing gauge bogie'.split(' ')
const JSON_ANSWER_TOKENS = 120
const SMALL_BYTES = 1_000
const LARGE_BYTES = 400_000
const MAX_TOKENS = 1_000
const CREATED = 1_760_000_000

const word = (seed: number, index: number): string =>
  ` ${WORDS[(seed * 5 + index * 7) % WORDS.length] ?? ''}${index % 10}`

/** Each prompt holds the number of its request near its beginning, so that no two conversations are the same. */
function conversation(bytes: number, turns: number, variant: number): string {
  const messages: { role: string; content: string }[] = [{ role: 'system', content: 'Answer briefly.' }]
  for (let turn = 0; turn < turns; turn++) {
    const text = prose(Math.floor(bytes / turns), variant * turns + turn)
    messages.push({
      role: turn % 2 === 0 ? 'user' : 'assistant',
      content: turn === 0 ? `Case ${FIRST_NUMBER}. ${text}` : text,
    })
  }
  return JSON.stringify(messages)
}

/** Different texts, so that nothing that remembers words, prompts or conversations looks faster than it is. */
const VARIANTS: Readonly<Record<Ask['prompt'], number>> = { small: 512, large: 16 }
const TURNS: Readonly<Record<Ask['prompt'], number>> = { small: 1, large: 41 }
const BYTES: Readonly<Record<Ask['prompt'], number>> = { small: SMALL_BYTES - 200, large: LARGE_BYTES - 6_000 }
const PROMPT_TOKENS: Readonly<Record<Ask['prompt'], number>> = { small: 240, large: 96_000 }

const prompts = new Map<string, Numbered>()

/** Which of the texts a request has. */
export const variantOf = (kind: Ask['prompt'], number: number): number => number % VARIANTS[kind]

/** The `messages` of one variant as JSON text. */
export function promptOf(kind: Ask['prompt'], variant: number): Numbered {
  const name = `${kind}/${variant}`
  let found = prompts.get(name)
  if (found === undefined)
    prompts.set(name, (found = new Numbered(Buffer.from(conversation(BYTES[kind], TURNS[kind], variant)))))
  return found
}

/** The body of a request, not yet numbered. Only fields of the public API, in an order that lets the upstream read them at the front. */
export function requestBody(ask: Ask, model: string, variant: number): Buffer {
  const front = {
    model,
    seed: FIRST_NUMBER,
    max_tokens: MAX_TOKENS,
    user: `chunks-${ask.chunks}-delay-${ask.delayMs}`,
    ...(ask.stream ? { stream: true } : {}),
  }
  return Buffer.concat([
    Buffer.from(`${JSON.stringify(front).slice(0, -1)},"messages":`),
    promptOf(ask.prompt, variant).with(FIRST_NUMBER),
    Buffer.from('}'),
  ])
}

/** What the upstream reads at the front of a body; null where it is not there. */
export function askedOf(front: string): { model: string; number: number; chunks: number; delayMs: number } | null {
  const model = /"model":"([^"]+)"/.exec(front)?.[1]
  const number = /"seed":(\d+)/.exec(front)?.[1]
  const [, chunks, delayMs] = /"user":"chunks-(\d+)-delay-(\d+)"/.exec(front) ?? []
  if (model === undefined || number === undefined || chunks === undefined) return null
  return { model, number: Number(number), chunks: Number(chunks), delayMs: Number(delayMs) }
}

const usageOf = (prompt: Ask['prompt'], output: number): object => ({
  prompt_tokens: PROMPT_TOKENS[prompt],
  completion_tokens: output,
  total_tokens: PROMPT_TOKENS[prompt] + output,
})

const kept = new Map<string, Expected>()

/** What a caller who asked this must receive of that model. */
export function expected(ask: Ask, model: string, number: number): Expected {
  const seed = number % SEEDS
  const name = `${model}/${ask.prompt}/${seed}/${ask.stream ? ask.chunks : 'json'}`
  let found = kept.get(name)
  if (found === undefined) {
    found = ask.stream ? streamed(ask.chunks, model, seed) : whole(ask.prompt, model, seed)
    kept.set(name, found)
  }
  return found
}

function whole(prompt: Ask['prompt'], model: string, seed: number): Expected {
  const text = Array.from({ length: JSON_ANSWER_TOKENS }, (_, index) => word(seed, index))
    .join('')
    .slice(0, 720)
  const answer = {
    id: `chatcmpl-bench-${seed}`,
    object: 'chat.completion',
    created: CREATED,
    model,
    choices: [{ index: 0, message: { role: 'assistant', content: text }, logprobs: null, finish_reason: 'stop' }],
    usage: usageOf(prompt, JSON_ANSWER_TOKENS),
  }
  return { body: Buffer.from(JSON.stringify(answer)), ends: [], text, outputTokens: JSON_ANSWER_TOKENS }
}

function streamed(chunks: number, model: string, seed: number): Expected {
  const events = contentEvents(chunks, model, seed)
  const ends: number[] = []
  let end = 0
  for (const event of events) ends.push((end += event.length))
  const text = Array.from({ length: chunks }, (_, index) => word(seed, index)).join('')
  return { body: Buffer.concat([...events, finishEvent(model, seed), DONE]), ends, text, outputTokens: chunks }
}

const event = (model: string, seed: number, rest: object): Buffer =>
  Buffer.from(
    `data: ${JSON.stringify({ id: `chatcmpl-bench-${seed}`, object: 'chat.completion.chunk', created: CREATED, model, ...rest })}\n\n`,
  )

const choice = (delta: object, finish: string | null): object => ({
  choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
})

/** One event for each token. */
export const contentEvents = (chunks: number, model: string, seed: number): Buffer[] =>
  Array.from({ length: chunks }, (_, index) =>
    event(model, seed, choice({ ...(index === 0 ? { role: 'assistant' } : {}), content: word(seed, index) }, null)),
  )

export const finishEvent = (model: string, seed: number): Buffer => event(model, seed, choice({}, 'stop'))

export const usageEvent = (ask: Pick<Ask, 'prompt' | 'chunks'>, model: string, seed: number): Buffer =>
  event(model, seed, { choices: [], usage: usageOf(ask.prompt, ask.chunks) })

export const DONE = Buffer.from('data: [DONE]\n\n')
