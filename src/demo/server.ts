/** One simulated model behind HTTP, as an engine would be. */
import { isObject } from '../core/is-object.ts'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { answerChat } from './chat.ts'
import { answerCompletion } from './completions.ts'
import { answerEmbeddings } from './embeddings.ts'
import type { Exchange } from './exchange.ts'
import { DemoFault } from './fault.ts'
import type { Body } from './fields.ts'
import { CAPABILITIES, type DemoModel } from './models.ts'
import { Pace } from './pace.ts'

export interface DemoServer {
  readonly root: string
  close(): Promise<void>
}

export interface DemoSettings {
  readonly seed: number
  readonly speed: number
}

const POSTS: Readonly<Record<string, (exchange: Exchange) => Promise<void>>> = {
  '/v1/chat/completions': answerChat,
  '/v1/completions': answerCompletion,
  '/v1/embeddings': answerEmbeddings,
}

/** Far more than the context of any simulation. */
const MOST_BYTES = 4 * 1024 * 1024

/** Listens on a free port of the loopback interface. `/health` says how many requests are being worked on. */
export async function serveModel(model: DemoModel, settings: DemoSettings): Promise<DemoServer> {
  let running = 0
  const startedAt = Math.floor(Date.now() / 1000)
  const gets: Readonly<Record<string, () => object>> = {
    '/health': () => ({ status: 'ok', running }),
    '/v1/models': () => ({ object: 'list', data: [describe(model, startedAt)] }),
    [`/v1/models/${model.id}`]: () => describe(model, startedAt),
  }
  const server = createServer((request, response) => {
    const abort = new AbortController()
    running++
    response.on('close', () => abort.abort())
    answer(request, response, abort.signal)
      .catch((thrown: unknown) => refuse(response, thrown))
      .finally(() => running--)
  })

  async function answer(request: IncomingMessage, response: ServerResponse, signal: AbortSignal): Promise<void> {
    const path = (request.url ?? '').replace(/\?.*$/, '')
    const get = gets[path]
    const post = POSTS[path]
    if (get === undefined && post === undefined) throw new DemoFault(`Unknown path: ${path}`, null, 'not_found', 404)
    if (request.method !== (get === undefined ? 'POST' : 'GET'))
      throw new DemoFault(`Not allowed to ${request.method} on ${path}.`, null, 'method_not_allowed', 405)
    if (get !== undefined) sendJson(response, 200, get())
    else if (post !== undefined) {
      const body = await readBody(request)
      checkModel(body, model)
      const pace = new Pace(model, settings.speed, signal)
      const json = (status: number, value: object): void => sendJson(response, status, value)
      await post({ model, seed: settings.seed, body, response, pace, signal, json })
    }
  }

  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    root: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

const describe = (model: DemoModel, created: number): object => ({
  id: model.id,
  object: 'model',
  created,
  owned_by: 'turnout-demo',
  context_length: model.context,
  capabilities: CAPABILITIES,
})

async function readBody(request: IncomingMessage): Promise<Body> {
  const parts: Buffer[] = []
  let size = 0
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length
    if (size > MOST_BYTES) throw new DemoFault('The request is too large.', null, null, 413)
    parts.push(part)
  }
  let body: unknown
  try {
    body = JSON.parse(Buffer.concat(parts).toString())
  } catch {
    throw new DemoFault('We could not parse the JSON body of your request.')
  }
  if (!isObject(body)) throw new DemoFault('The body of the request has to be a JSON object.')
  return body
}

function checkModel(body: Body, model: DemoModel): void {
  if (typeof body['model'] !== 'string') throw new DemoFault("Missing required parameter: 'model'.", 'model')
  if (body['model'] === model.id) return
  throw new DemoFault(`The model '${body['model']}' does not exist.`, 'model', 'model_not_found', 404)
}

function sendJson(response: ServerResponse, status: number, value: object): void {
  const text = JSON.stringify(value)
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) })
  response.end(text)
}

/** An answer where one is still possible; who has gone gets none. */
function refuse(response: ServerResponse, thrown: unknown): void {
  if (response.destroyed) return
  if (response.headersSent) response.destroy()
  else {
    const fault = thrown instanceof DemoFault ? thrown : new DemoFault('The simulation failed.', null, null, 500)
    sendJson(response, fault.status, fault.body)
  }
}
