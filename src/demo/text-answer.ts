/** Sends generated choices, whole or token by token: what chat and legacy completions have in common. */
import { randomUUID } from 'node:crypto'
import type { Shape } from './fields.ts'
import { type Generation, usageOf } from './generation.ts'
import { sendEvent } from './pace.ts'
import type { Exchange } from './exchange.ts'

/** How an endpoint words one choice. */
export interface Wording {
  readonly prefix: string
  readonly object: string
  readonly chunkObject: string
  /** The whole choice, without its index. */
  choice(index: number, generation: Generation): object
  /** What comes before the first token; null where nothing does. */
  opening(index: number): object | null
  piece(index: number, token: string): object
  closing(index: number, finish: string): object
}

/** The answer to one request. All choices grow at the same time, as in an engine that batches them. */
export async function answerWithText(
  exchange: Exchange,
  shape: Shape,
  promptTokens: number,
  generations: readonly Generation[],
  wording: Wording,
): Promise<void> {
  const head = {
    id: `${wording.prefix}-${randomUUID()}`,
    created: Math.floor(Date.now() / 1000),
    model: exchange.model.id,
  }
  const usage = usageOf(promptTokens, generations)
  const longest = Math.max(...generations.map(({ tokens }) => tokens.length))
  await exchange.pace.firstToken()
  if (!shape.stream) {
    await exchange.pace.tokens(longest)
    const choices = generations.map((generation, index) => wording.choice(index, generation))
    exchange.json(200, { ...head, object: wording.object, system_fingerprint: FINGERPRINT, choices, usage })
    return
  }
  const { response, signal, pace } = exchange
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' })
  const send = async (
    choices: readonly object[],
    last: object = shape.includeUsage ? { usage: null } : {},
  ): Promise<void> => {
    const chunk = { ...head, object: wording.chunkObject, system_fingerprint: FINGERPRINT, choices, ...last }
    await sendEvent(response, JSON.stringify(chunk), signal)
  }
  for (const index of generations.keys()) {
    const opening = wording.opening(index)
    if (opening !== null) await send([opening])
  }
  for (let at = 0; at < longest; at++) {
    if (at > 0) await pace.tokens(1)
    for (const [index, { tokens }] of generations.entries()) {
      const token = tokens[at]
      if (token !== undefined) await send([wording.piece(index, token)])
    }
  }
  for (const [index, { finish }] of generations.entries()) await send([wording.closing(index, finish)])
  if (shape.includeUsage) await send([], { usage })
  await sendEvent(response, '[DONE]', signal)
  response.end()
}

const FINGERPRINT = 'turnout-demo'
