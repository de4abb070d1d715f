/** A backend over real sockets that speaks every wire format, each at the paths that its makers have it at, and answers as told. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import type { FormatName } from '../../src/core/format-names.ts'
import type { JsonObject } from '../../src/core/json.ts'
import { OLLAMA_GENERATE, type Script, type Speaker, SPEAKERS } from './format-answers.ts'

/** How a request is answered. */
export interface Play {
  readonly script: Script
  /** In place of the answer. */
  readonly refuse?: {
    readonly status: number
    readonly message: string
    readonly headers?: Readonly<Record<string, string>>
  }
  /** Behind so many events of a stream, or bytes of a body: an error in the format's own words, a connection that breaks, or is left open and silent. */
  readonly fault?: { readonly after: number; readonly how: 'error' | 'reset' | 'end' | 'silent' }
  /** Each event of a stream waits for it. */
  readonly before?: (event: string) => Promise<void>
}

export interface Heard {
  readonly format: FormatName
  /** With the query. */
  readonly url: string
  readonly headers: IncomingMessage['headers']
  readonly body: JsonObject
  readonly stream: boolean
  /** The connection of this request was closed before its answer was whole. */
  readonly left: Promise<boolean>
  /** Bytes of its answer that the system has taken for the reader; the rest waits here. */
  sent(): number
}

export interface FormatUpstream {
  readonly url: string
  /** Requests for an answer, in order of arrival. */
  readonly heard: readonly Heard[]
  /** All headers of all requests, those that only look around too. */
  readonly headers: readonly IncomingMessage['headers'][]
  /** For one coming request; several queue up. */
  next(...plays: readonly Play[]): void
  /** For all requests that nothing else is planned for. */
  always(play: Play): void
  /** The last one. */
  last(): Heard
  close(): Promise<void>
}

const PATHS: readonly (readonly [RegExp, FormatName])[] = [
  [/\/chat\/completions$/, 'openai-chat'],
  [/\/responses$/, 'openai-responses'],
  [/\/messages$/, 'anthropic-messages'],
  [/:(stream)?[gG]enerateContent$/, 'gemini'],
  [/\/api\/(chat|generate)$/, 'ollama'],
]

export const HELLO: Script = {
  words: ['Good ', 'day, ', '水', '🚂'],
  finish: 'stop',
  tokens: { input: 12, cached: 4, output: 6, reasoning: 0 },
}

export async function startFormatUpstream(model = 'parrot'): Promise<FormatUpstream> {
  let usual: Play = { script: HELLO }
  const queue: Play[] = []
  const heard: Heard[] = []
  const headers: IncomingMessage['headers'][] = []
  const server = createServer((request, response) => {
    headers.push(request.headers)
    const path = (request.url ?? '').split('?')[0]!
    const format = request.method === 'POST' ? PATHS.find(([pattern]) => pattern.test(path))?.[1] : undefined
    const pieces: Buffer[] = []
    request.on('data', (piece: Buffer) => pieces.push(piece))
    request.on('end', () => {
      const body = Buffer.concat(pieces).toString()
      if (format === undefined) return look(path, model, response)
      const asked = { format, request, response, body: JSON.parse(body) as JsonObject, path }
      const play = queue.shift() ?? usual
      const stream = streams(asked.format, asked.body, path)
      const left = once(response, 'close').then(() => !response.writableFinished)
      const { socket } = request
      const before = socket.bytesWritten
      const sent = (): number => socket.bytesWritten - before - socket.writableLength
      heard.push({ format, url: request.url ?? '', headers: request.headers, body: asked.body, stream, left, sent })
      void answer(response, path.endsWith('/api/generate') ? OLLAMA_GENERATE : SPEAKERS[format], play, {
        model,
        stream,
        usage: wantsUsage(asked.body),
      })
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    heard,
    headers,
    next: (...plays) => void queue.push(...plays),
    always: (play) => void (usual = play),
    last: () => {
      const one = heard.at(-1)
      if (one === undefined) throw new Error('nothing was asked')
      return one
    },
    close: async () => {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

function streams(format: FormatName, body: JsonObject, path: string): boolean {
  if (format === 'gemini') return path.includes(':stream')
  return format === 'ollama' ? body['stream'] !== false : body['stream'] === true
}

function wantsUsage({ stream_options: options }: JsonObject): boolean {
  return (
    typeof options === 'object' && options !== null && 'include_usage' in options && options['include_usage'] === true
  )
}

interface Wish {
  readonly model: string
  readonly stream: boolean
  readonly usage: boolean
}

async function answer(
  response: ServerResponse,
  speaker: Speaker,
  { script, refuse, fault, before }: Play,
  { model, stream, usage }: Wish,
): Promise<void> {
  if (refuse !== undefined) {
    response.writeHead(refuse.status, { 'content-type': 'application/json', ...refuse.headers })
    response.end(JSON.stringify(speaker.error(refuse.status, refuse.message)))
    return
  }
  if (!stream) {
    const body = Buffer.from(JSON.stringify(speaker.body(script, model)))
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length })
    if (fault === undefined) return void response.end(body)
    response.write(body.subarray(0, fault.after))
    return end(response, speaker, fault.how)
  }
  response.writeHead(200, { 'content-type': speaker.type, 'cache-control': 'no-cache' })
  const events = speaker.events(script, model, usage)
  for (const event of fault === undefined ? events : events.slice(0, fault.after)) {
    await before?.(event)
    if (!response.write(event)) await taken(response)
    // Each in a packet of its own.
    await setImmediate()
  }
  if (fault === undefined) response.end()
  else await end(response, speaker, fault.how)
}

/** Resolves when the reader takes more, or the connection closes. */
async function taken(response: ServerResponse): Promise<void> {
  const over = new AbortController()
  const of = { signal: over.signal }
  await Promise.race([once(response, 'drain', of), once(response, 'close', of)]).finally(() => over.abort())
}

async function end(
  response: ServerResponse,
  speaker: Speaker,
  how: 'error' | 'reset' | 'end' | 'silent',
): Promise<void> {
  if (how === 'silent') return
  if (how === 'error') for (const event of speaker.errorEvents('the engine gave up')) response.write(event)
  await setImmediate()
  if (how === 'reset') response.socket?.resetAndDestroy()
  else response.end()
}

/** What gateways look at beside requests. */
function look(path: string, model: string, response: ServerResponse): void {
  const known: Readonly<Record<string, object>> = {
    '/v1/models': { object: 'list', data: [{ id: model, object: 'model', created: 1, owned_by: 'nobody' }] },
    '/v1beta/models': {
      models: [{ name: `models/${model}`, supportedGenerationMethods: ['generateContent'], inputTokenLimit: 100_000 }],
    },
    '/api/tags': { models: [{ name: model, model, details: {} }] },
    '/api/version': { version: '0.34.4' },
  }
  const found = known[path]
  response.writeHead(found === undefined ? 404 : 200, { 'content-type': 'application/json' })
  response.end(JSON.stringify(found ?? { error: { message: 'not found' } }))
}
