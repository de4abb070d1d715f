/** POST /v1/chat/completions of a simulation. */
import { readConversation, type Tool } from './conversation.ts'
import { type Exchange, roomFor } from './exchange.ts'
import { shapeOf } from './fields.ts'
import { generate, type Generation } from './generation.ts'
import { occasionOf } from './occasion.ts'
import { hash } from '../core/random.ts'
import { answerText } from './say.ts'
import { example } from './schema-example.ts'
import { answerWithText, type Wording } from './text-answer.ts'

export async function answerChat(exchange: Exchange): Promise<void> {
  const { body, model, seed } = exchange
  const shape = shapeOf(body)
  const { question, promptTokens, call, schema } = readConversation(body)
  const room = roomFor(promptTokens, shape.maxTokens, model, 'messages')
  const occasion = occasionOf(seed, body)
  const choice = (index: number): Generation => {
    if (call !== null) return generate(JSON.stringify(example(call.parameters)), [], room, 'tool_calls')
    if (schema !== null) return generate(JSON.stringify(example(schema)), shape.stops, room, 'stop')
    return generate(answerText(model, question, `${index} ${occasion}`), shape.stops, room, 'stop')
  }
  const generations = Array.from({ length: shape.n }, (_, index) => choice(index))
  const wording = call === null ? TEXT : toolWording(call, occasion)
  await answerWithText(exchange, shape, promptTokens, generations, wording)
}

const COMMON = { prefix: 'chatcmpl', object: 'chat.completion', chunkObject: 'chat.completion.chunk' } as const

const chunk = (index: number, delta: object, finish: string | null = null): object => ({
  index,
  delta,
  logprobs: null,
  finish_reason: finish,
})

const closing = (index: number, finish: string): object => chunk(index, {}, finish)

const TEXT: Wording = {
  ...COMMON,
  choice: (index, { tokens, finish }) => ({
    index,
    message: { role: 'assistant', content: tokens.join(''), refusal: null },
    logprobs: null,
    finish_reason: finish,
  }),
  opening: (index) => chunk(index, { role: 'assistant', content: '', refusal: null }),
  piece: (index, token) => chunk(index, { content: token }),
  closing,
}

function toolWording({ name }: Tool, occasion: string): Wording {
  const toolCall = (index: number, args: string): object => ({
    id: `call_demo_${hash(`${index} ${occasion}`).toString(36)}`,
    type: 'function',
    function: { name, arguments: args },
  })
  return {
    ...COMMON,
    choice: (index, { tokens, finish }) => ({
      index,
      message: { role: 'assistant', content: null, refusal: null, tool_calls: [toolCall(index, tokens.join(''))] },
      logprobs: null,
      finish_reason: finish,
    }),
    opening: (index) =>
      chunk(index, { role: 'assistant', content: null, tool_calls: [{ index: 0, ...toolCall(index, '') }] }),
    piece: (index, token) => chunk(index, { tool_calls: [{ index: 0, function: { arguments: token } }] }),
    closing,
  }
}
