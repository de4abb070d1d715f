/** An engine that works on so many calls at a time, the others waiting in line, at an even pace: an OpenAI-compatible server. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'

export interface SlotTraits {
  readonly slots: number
  /** Of a call that has a slot: until its first token, and for each token. */
  readonly ttftMs?: number
  readonly tokenMs?: number
  readonly tokens?: number
  readonly model?: string
}

export class SlotEngine {
  readonly slots: number
  url = ''
  served = 0
  /** Calls that are open, and the most that were at a time. */
  open = 0
  peak = 0
  /** Calls that had to wait for a slot while `others` had a free one. */
  idled = 0
  others: readonly SlotEngine[] = []
  #running = 0
  readonly #line: (() => void)[] = []
  readonly #traits: Required<SlotTraits>
  readonly #server = createServer((request, response) => void this.#answer(request, response))

  constructor(traits: SlotTraits) {
    this.#traits = { ttftMs: 30, tokenMs: 10, tokens: 20, model: 'tiny', ...traits }
    this.slots = traits.slots
  }

  async listen(): Promise<this> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
    return this
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.#server.closeAllConnections()
    await closed
  }

  get free(): boolean {
    return this.#running < this.slots
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body: Buffer[] = []
    for await (const part of request) body.push(part as Buffer)
    if (request.method === 'GET') {
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify({ object: 'list', data: [{ id: this.#traits.model, object: 'model' }] }))
      return
    }
    this.served++
    this.peak = Math.max(this.peak, ++this.open)
    response.once('close', () => this.open--)
    if (!this.free) {
      if (this.others.some(({ free }) => free)) this.idled++
      await new Promise<void>((resolve) => this.#line.push(resolve))
    }
    this.#running++
    try {
      const { stream } = JSON.parse(Buffer.concat(body).toString()) as { stream?: boolean }
      await (stream === true ? this.#stream(response) : this.#whole(response))
    } finally {
      this.#running--
      this.#line.shift()?.()
    }
  }

  async #stream(response: ServerResponse): Promise<void> {
    const { ttftMs, tokenMs, tokens, model } = this.#traits
    const usage = { prompt_tokens: 12, completion_tokens: tokens, total_tokens: 12 + tokens }
    const event = (choices: readonly object[], more: object = {}): void =>
      void response.write(
        `data: ${JSON.stringify({ id: 'x', object: 'chat.completion.chunk', model, choices, ...more })}\n\n`,
      )
    await wait(ttftMs)
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    const startedAt = performance.now()
    for (let token = 0; token < tokens && !response.destroyed; token++) {
      event([{ index: 0, delta: { content: 'word ' }, finish_reason: null }])
      // By the clock: late timers do not add up.
      await wait(Math.max(0, startedAt + (token + 1) * tokenMs - performance.now()))
    }
    event([{ index: 0, delta: {}, finish_reason: 'stop' }])
    event([], { usage })
    response.end('data: [DONE]\n\n')
  }

  async #whole(response: ServerResponse): Promise<void> {
    const { ttftMs, tokenMs, tokens, model } = this.#traits
    await wait(ttftMs + tokens * tokenMs)
    const message = { role: 'assistant', content: 'word '.repeat(tokens) }
    const usage = { prompt_tokens: 12, completion_tokens: tokens, total_tokens: 12 + tokens }
    response.setHeader('content-type', 'application/json')
    response.end(
      JSON.stringify({
        id: 'x',
        object: 'chat.completion',
        model,
        choices: [{ index: 0, message, finish_reason: 'stop' }],
        usage,
      }),
    )
  }
}
