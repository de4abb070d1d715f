/** A backend that speaks Google's API and nothing else, over real sockets, and answers as told. */
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'
import type { JsonObject } from '../../src/core/json.ts'

export interface Asked {
  readonly method: string
  /** With its query. */
  readonly url: string
  readonly headers: IncomingHttpHeaders
  readonly body: JsonObject
}

/** How one request is answered: with an error, or with events, which are one answer where no stream was asked for. */
export interface GeminiPlan {
  readonly status?: number
  /** In place of the events. */
  readonly body?: object | string
  readonly events?: readonly object[]
  /** So many bytes of the stream come in each packet. */
  readonly packet?: number
  /** Behind so many events the connection breaks. */
  readonly cutAfter?: number
  /** The stream as one array, as it is without `alt=sse`. */
  readonly array?: boolean
}

export interface GeminiUpstream {
  readonly url: string
  readonly asked: readonly Asked[]
  /** Bytes of streams that were taken from it. */
  readonly written: number
  /** For the next request; several queue up. */
  next(...plans: readonly GeminiPlan[]): void
}

/** An event, or a whole answer, with these parts. */
export const answer = (parts: readonly object[], more: object = {}): object => ({
  candidates: [{ content: { parts, role: 'model' }, index: 0, ...more }],
  modelVersion: 'gemini-3-pro-preview',
  responseId: 'resp-1',
})

export const USAGE = {
  promptTokenCount: 12,
  cachedContentTokenCount: 4,
  candidatesTokenCount: 5,
  thoughtsTokenCount: 7,
  totalTokenCount: 24,
}

/** In three events: two words and the end. */
export const HELLO: readonly object[] = [
  answer([{ text: 'Good ' }]),
  answer([{ text: 'day, 水 🚂' }]),
  { ...answer([{ text: '' }], { finishReason: 'STOP' }), usageMetadata: USAGE },
]

export async function geminiUpstream(test: Test): Promise<GeminiUpstream> {
  const asked: Asked[] = []
  const progress = { written: 0 }
  const queue: GeminiPlan[] = []
  const server = createServer((request, response) => {
    void read(request).then((text) => {
      const { method = '', url = '', headers } = request
      // What it has is declared.
      if (method !== 'POST') return void response.writeHead(404).end()
      asked.push({ method, url, headers, body: JSON.parse(text) as JsonObject })
      return play(queue.shift() ?? { events: HELLO }, url, response, progress)
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  test.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url,
    asked,
    get written() {
      return progress.written
    },
    next: (...plans) => void queue.push(...plans),
  }
}

async function read(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = []
  for await (const piece of request) pieces.push(piece as Buffer)
  return Buffer.concat(pieces).toString()
}

async function play(
  plan: GeminiPlan,
  url: string,
  response: ServerResponse,
  progress: { written: number },
): Promise<void> {
  const { status = 200, body, events = [], array = false } = plan
  const type = body === undefined && url.includes('alt=sse') && !array ? 'text/event-stream' : 'application/json'
  response.writeHead(status, { 'content-type': type })
  response.socket?.setNoDelay(true)
  if (body !== undefined) return void response.end(typeof body === 'string' ? body : JSON.stringify(body))
  if (!url.includes(':stream')) return void response.end(JSON.stringify(whole(events)))
  if (array) return void response.end(JSON.stringify(events))
  await stream(plan, response, progress)
}

async function stream(
  { events = [], packet, cutAfter }: GeminiPlan,
  response: ServerResponse,
  progress: { written: number },
): Promise<void> {
  const kept = cutAfter === undefined ? events : events.slice(0, cutAfter)
  const bytes = Buffer.from(kept.map((one) => `data: ${JSON.stringify(one)}\r\n\r\n`).join(''))
  const size = packet ?? bytes.length
  for (let at = 0; at < bytes.length; at += size) {
    const taken = response.write(bytes.subarray(at, at + size))
    if (!taken) await Promise.race([once(response, 'drain'), once(response, 'close')])
    progress.written = Math.min(bytes.length, at + size)
    if (response.destroyed) return
    if (taken && packet !== undefined) await new Promise((resolve) => setImmediate(resolve))
  }
  if (cutAfter === undefined) response.end()
  else response.socket?.destroySoon()
}

interface Answer {
  readonly candidates?: readonly { readonly content?: { readonly parts?: readonly object[] } }[]
}

/** What the events say, as one answer: that of the last one, with the parts of all. */
function whole(events: readonly object[]): object {
  const all = events as readonly Answer[]
  const last = all.at(-1)
  const [candidate] = last?.candidates ?? []
  if (candidate === undefined) return last ?? {}
  const parts = all.flatMap((one) => one.candidates?.[0]?.content?.parts ?? [])
  return { ...last, candidates: [{ ...candidate, content: { parts, role: 'model' } }] }
}
