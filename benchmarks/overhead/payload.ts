/** What is asked and what must come back, byte for byte; upstream and load generator both derive it from here. */
export const MODEL = 'bench-model'
/** Answers differ by seed, so that an answer given to the wrong caller is noticed. */
export const SEEDS = 16

export interface Ask {
  readonly prompt: 'small' | 'large'
  readonly stream: boolean
  /** Content events of a stream. */
  readonly chunks: number
  /** Between two events; 0 = as fast as the socket takes them. */
  readonly delayMs: number
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
const CREATED = 1_760_000_000

const word = (seed: number, index: number): string =>
  ` ${WORDS[(seed * 5 + index * 7) % WORDS.length] ?? ''}${index % 10}`

/** Prose with line breaks, quotes and now and then a character beyond Latin-1, as prompts have them. */
function prose(bytes: number): string {
  const parts: string[] = []
  let length = 0
  for (let index = 0; length < bytes; index++) {
    const part =
      index % 300 === 299
        ? ' \u2014 \u201cgo\u201d'
        : index % 40 === 39
          ? '\n'
          : index % 50 === 49
            ? ' "so"'
            : word(3, index)
    parts.push(part)
    length += part.length
  }
  return parts.join('')
}

function conversation(bytes: number, turns: number): string {
  const messages: { role: string; content: string }[] = [{ role: 'system', content: 'Answer briefly.' }]
  for (let turn = 0; turn < turns; turn++)
    messages.push({ role: turn % 2 === 0 ? 'user' : 'assistant', content: prose(bytes / turns) })
  return JSON.stringify(messages)
}

/** The `messages` of each prompt, as JSON text. */
export const PROMPTS: Readonly<Record<Ask['prompt'], Buffer>> = {
  small: Buffer.from(conversation(SMALL_BYTES - 200, 1)),
  large: Buffer.from(conversation(LARGE_BYTES - 6_000, 41)),
}

const PROMPT_TOKENS = { small: 240, large: 96_000 } as const

/** The body of a request. Only fields of the public API, in an order that lets the upstream read them at the front. */
export function requestBody(ask: Ask, seed: number): Buffer {
  const front = {
    model: MODEL,
    seed,
    max_tokens: ask.chunks,
    user: `delay-${ask.delayMs}`,
    ...(ask.stream ? { stream: true } : {}),
  }
  return Buffer.concat([
    Buffer.from(`${JSON.stringify(front).slice(0, -1)},"messages":`),
    PROMPTS[ask.prompt],
    Buffer.from('}'),
  ])
}

const usageOf = (prompt: Ask['prompt'], output: number): object => ({
  prompt_tokens: PROMPT_TOKENS[prompt],
  completion_tokens: output,
  total_tokens: PROMPT_TOKENS[prompt] + output,
})

const kept = new Map<string, Expected>()

/** What a caller who asked this must receive. */
export function expected(ask: Ask, seed: number): Expected {
  const name = `${ask.prompt}/${seed}/${ask.stream ? ask.chunks : 'json'}`
  let found = kept.get(name)
  if (found === undefined) {
    found = ask.stream ? streamed(ask.chunks, seed) : whole(ask.prompt, seed)
    kept.set(name, found)
  }
  return found
}

function whole(prompt: Ask['prompt'], seed: number): Expected {
  const text = Array.from({ length: JSON_ANSWER_TOKENS }, (_, index) => word(seed, index))
    .join('')
    .slice(0, 720)
  const answer = {
    id: `chatcmpl-bench-${seed}`,
    object: 'chat.completion',
    created: CREATED,
    model: MODEL,
    choices: [{ index: 0, message: { role: 'assistant', content: text }, logprobs: null, finish_reason: 'stop' }],
    usage: usageOf(prompt, JSON_ANSWER_TOKENS),
  }
  return { body: Buffer.from(JSON.stringify(answer)), ends: [], text, outputTokens: JSON_ANSWER_TOKENS }
}

function streamed(chunks: number, seed: number): Expected {
  const events = contentEvents(chunks, seed)
  const ends: number[] = []
  let end = 0
  for (const event of events) ends.push((end += event.length))
  const text = Array.from({ length: chunks }, (_, index) => word(seed, index)).join('')
  return { body: Buffer.concat([...events, finishEvent(seed), DONE]), ends, text, outputTokens: chunks }
}

const event = (seed: number, rest: object): Buffer =>
  Buffer.from(
    `data: ${JSON.stringify({ id: `chatcmpl-bench-${seed}`, object: 'chat.completion.chunk', created: CREATED, model: MODEL, ...rest })}\n\n`,
  )

const choice = (delta: object, finish: string | null): object => ({
  choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
})

/** One event for each token. */
export const contentEvents = (chunks: number, seed: number): Buffer[] =>
  Array.from({ length: chunks }, (_, index) =>
    event(seed, choice({ ...(index === 0 ? { role: 'assistant' } : {}), content: word(seed, index) }, null)),
  )

export const finishEvent = (seed: number): Buffer => event(seed, choice({}, 'stop'))

export const usageEvent = (ask: Pick<Ask, 'prompt' | 'chunks'>, seed: number): Buffer =>
  event(seed, { choices: [], usage: usageOf(ask.prompt, ask.chunks) })

export const DONE = Buffer.from('data: [DONE]\n\n')
