import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { FaultConnection } from './fault-connection.ts'
import type { FaultOptions, Plan } from './fault-plan.ts'
import { failing } from './fault-plan.ts'
import { play } from './fault-play.ts'
import type { LiveRequest, RecordedRequest } from './fault-record.ts'
import { liveRequest } from './fault-record.ts'
import type { Head } from './http-message.ts'
import { MessageReader } from './http-message.ts'
import { unknownFields } from './openai-fields.ts'

const INFERENCE = ['/chat/completions', '/completions', '/embeddings', '/rerank', '/responses']

/** An OpenAI-compatible server that misbehaves as told. It is driven by calls in this process, so no fault reaches the control. */
export interface FaultUpstream {
  /** Without a slash at the end, and without /v1. */
  readonly url: string
  readonly port: number
  /** Inference requests, in order of arrival. */
  readonly requests: readonly RecordedRequest[]
  /** All others: model lists, health, unknown paths. */
  readonly probes: readonly RecordedRequest[]
  readonly openSockets: number
  /** Plan for one coming request; several queue up. */
  next(...plans: readonly Plan[]): void
  /** Replaces the traits of the server from now on. */
  set(options: FaultOptions): void
  /** The n-th inference request (1 = first), now or when it comes. */
  waitRequest(n: number): Promise<RecordedRequest>
  /** Breaks every connection. */
  cut(how: 'fin' | 'reset'): void
  /** Closes every connection that carries no request, before the system takes another byte from it. */
  closeIdle(how: 'fin' | 'reset'): void
  /** Resolves when that many connections are open. */
  waitSockets(n: number): Promise<void>
  close(): Promise<void>
}

/** Starts the server on a free port of 127.0.0.1, or on the given one. */
export async function startFaultUpstream(initial: FaultOptions = {}, port = 0): Promise<FaultUpstream> {
  let options = initial
  let sockets = 0
  const queue: Plan[] = []
  const requests: LiveRequest[] = []
  const probes: LiveRequest[] = []
  const open = new Set<FaultConnection>()
  const watchers = new Set<() => boolean>()
  const changed = (): void => watchers.forEach((check) => check() && watchers.delete(check))
  const when = <T>(look: () => T | undefined): Promise<T> =>
    new Promise((resolve) => {
      const check = (): boolean => {
        const value = look()
        if (value !== undefined) resolve(value)
        return value !== undefined
      }
      if (!check()) watchers.add(check)
    })

  function receive(connection: FaultConnection, head: Head, bytes: Buffer): void {
    const request = record(connection, head, bytes, requests.length + 1)
    connection.requests++
    connection.busy()
    connection.current = request
    request.plan = request.number === 0 ? probePlan(request, options) : inferencePlan(request, options, queue)
    ;(request.number === 0 ? probes : requests).push(request)
    changed()
    void play(connection, request).then(() => connection.idle(options.idleMs?.()))
  }

  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const connection = new FaultConnection(++sockets, socket)
    open.add(connection)
    let head: Head | null = null
    let body: Buffer[] = []
    const reader = new MessageReader('request', {
      head: (value) => (head = value),
      data: (bytes) => body.push(bytes),
      end: (complete) => {
        if (complete && head !== null) receive(connection, head, Buffer.concat(body))
        body = []
      },
    })
    socket.on('data', (bytes: Buffer) => reader.push(bytes))
    socket.on('close', () => {
      open.delete(connection)
      changed()
    })
    changed()
  })
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve))
  const bound = (server.address() as AddressInfo).port
  return {
    url: `http://127.0.0.1:${bound}`,
    port: bound,
    requests,
    probes,
    get openSockets() {
      return open.size
    },
    next: (...plans) => void queue.push(...plans),
    set: (changes) => (options = changes),
    waitRequest: (n) => when(() => requests[n - 1]),
    waitSockets: (n) => when(() => (open.size === n ? true : undefined)).then(() => undefined),
    cut: (how) => [...open].forEach((connection) => connection.destroy(how)),
    closeIdle: (how) => [...open].forEach((connection) => connection.current === null && connection.destroy(how)),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const connection of open) connection.destroy()
      }),
  }
}

function record(connection: FaultConnection, head: Head, bytes: Buffer, number: number): LiveRequest {
  const [method = '', target = ''] = head.start.split(' ')
  const path = target.split('?')[0] ?? ''
  const json = parseObject(bytes)
  const endpoint = INFERENCE.find((end) => path.endsWith(end)) ?? ''
  const inference = method === 'POST' && endpoint !== ''
  return liveRequest({
    number: inference ? number : 0,
    method,
    path,
    rawHeaders: head.rawHeaders,
    headers: head.headers,
    bytes,
    json,
    socket: connection.id,
    reused: connection.requests > 0,
    at: performance.now(),
    unknown: unknownFields(endpoint, json),
  })
}

function parseObject(bytes: Buffer): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'))
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined
  } catch {
    return undefined
  }
}

function probePlan(request: RecordedRequest, options: FaultOptions): Plan {
  const own = options.probe?.(request)
  if (own !== undefined) return own
  if (options.key !== undefined && !authorized(request, options.key)) return failing(401, { code: 'invalid_api_key' })
  if (request.path.endsWith('/health')) return { body: { status: 'ok' } }
  if (!request.path.endsWith('/models')) return { status: 404, body: { detail: 'Not Found' } }
  const data = (options.models ?? ['tiny']).map((id) => ({
    id,
    object: 'model',
    created: 1_700_000_000,
    owned_by: 'fault',
  }))
  return options.modelsPlan ?? { body: { object: 'list', data } }
}

function inferencePlan(request: RecordedRequest, options: FaultOptions, queue: Plan[]): Plan {
  if (options.key !== undefined && !authorized(request, options.key)) return failing(401, { code: 'invalid_api_key' })
  if (options.refusesStreamOptions && request.json?.stream_options !== undefined)
    return refusal(request.json.stream_options)
  if (options.strict && request.unknown.length > 0)
    return failing(400, { message: `unknown fields: ${request.unknown.join(', ')}` })
  const named = typeof request.json?.model === 'string' ? options.byModel?.[request.json.model] : undefined
  return options.rule?.(request) ?? queue.shift() ?? named ?? options.plan ?? {}
}

function authorized(request: RecordedRequest, key: string): boolean {
  return request.headers.authorization === `Bearer ${key}`
}

/** What vLLM of early 2024 answers. */
function refusal(input: unknown): Plan {
  const detail = JSON.stringify([
    { type: 'extra_forbidden', loc: ['body', 'stream_options'], msg: 'Extra inputs are not permitted', input },
  ])
  return { status: 400, body: { object: 'error', message: detail, type: 'BadRequestError', param: null, code: 400 } }
}
