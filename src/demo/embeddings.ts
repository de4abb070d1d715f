/** POST /v1/embeddings of a simulation: texts that share words lie near each other, and that is all there is to it. */
import { setImmediate } from 'node:timers/promises'
import { type Exchange, roomFor } from './exchange.ts'
import { DemoFault } from './fault.ts'
import { integer } from './fields.ts'
import { readInputs } from './inputs.ts'
import { randomFrom } from '../core/random.ts'

export async function answerEmbeddings(exchange: Exchange): Promise<void> {
  const { body, model, seed } = exchange
  const inputs = readInputs(body, 'input')
  const dimensions = integer(body, 'dimensions', 1, model.dimensions) ?? model.dimensions
  const format = body['encoding_format'] ?? 'float'
  if (format !== 'float' && format !== 'base64')
    throw new DemoFault("Invalid 'encoding_format': expected float or base64.", 'encoding_format')
  for (const { tokens } of inputs) roomFor(tokens, null, model, 'input')
  await exchange.pace.firstToken()
  const data: object[] = []
  for (const [index, { text }] of inputs.entries()) {
    // The gateway runs in the same process: a large batch must not stop it.
    await setImmediate()
    exchange.signal.throwIfAborted()
    const vector = unitVector(text, dimensions, `${seed} ${model.id}`)
    data.push({ object: 'embedding', index, embedding: format === 'float' ? [...vector] : toBase64(vector) })
  }
  const tokens = inputs.reduce((sum, input) => sum + input.tokens, 0)
  const usage = { prompt_tokens: tokens, total_tokens: tokens }
  exchange.json(200, { object: 'list', data, model: model.id, usage })
}

/** The sum of a direction for each word, of length 1. */
function unitVector(text: string, dimensions: number, salt: string): Float32Array {
  const sum = new Float64Array(dimensions)
  for (const word of text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [text]) {
    const random = randomFrom(`${salt} ${word}`)
    for (let i = 0; i < dimensions; i++) sum[i]! += random() * 2 - 1
  }
  const length = Math.hypot(...sum)
  return Float32Array.from(sum, (value) => value / length)
}

/** Little-endian float32, whatever the machine. */
function toBase64(vector: Float32Array): string {
  const bytes = Buffer.alloc(vector.length * 4)
  vector.forEach((value, index) => bytes.writeFloatLE(value, index * 4))
  return bytes.toString('base64')
}
