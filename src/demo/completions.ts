/** POST /v1/completions of a simulation. */
import { type Exchange, roomFor } from './exchange.ts'
import { flag, shapeOf } from './fields.ts'
import { generate, type Generation } from './generation.ts'
import { readInputs } from './inputs.ts'
import { occasionOf } from './occasion.ts'
import { answerText } from './say.ts'
import { answerWithText, type Wording } from './text-answer.ts'

/** OpenAI's own default for this endpoint. */
const DEFAULT_MAX_TOKENS = 16

export async function answerCompletion(exchange: Exchange): Promise<void> {
  const { body, model, seed } = exchange
  const shape = shapeOf(body)
  const echo = flag(body, 'echo')
  const prompts = readInputs(body, 'prompt')
  const promptTokens = prompts.reduce((sum, { tokens }) => sum + tokens, 0)
  const longest = Math.max(...prompts.map(({ tokens }) => tokens))
  const room = roomFor(longest, shape.maxTokens ?? DEFAULT_MAX_TOKENS, model, 'prompt')
  const occasion = occasionOf(seed, body)
  const generations: Generation[] = []
  for (const { text } of prompts) {
    for (let k = 0; k < shape.n; k++) {
      const said = answerText(model, text, `${k} ${text} ${occasion}`)
      generations.push(generate(said, shape.stops, room, 'stop'))
    }
  }
  const echoed = (index: number): string => (echo ? prompts[Math.floor(index / shape.n)]!.text : '')
  await answerWithText(exchange, shape, promptTokens, generations, wording(echoed))
}

const choice = (index: number, text: string, finish: string | null): object => ({
  index,
  text,
  logprobs: null,
  finish_reason: finish,
})

const wording = (echoed: (index: number) => string): Wording => ({
  prefix: 'cmpl',
  object: 'text_completion',
  chunkObject: 'text_completion',
  choice: (index, { tokens, finish }) => choice(index, echoed(index) + tokens.join(''), finish),
  opening: (index) => (echoed(index) === '' ? null : choice(index, echoed(index), null)),
  piece: (index, token) => choice(index, token, null),
  closing: (index, finish) => choice(index, '', finish),
})
