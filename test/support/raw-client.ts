import type { Socket } from 'node:net'
import { connect } from 'node:net'
import { deferred } from './fault-record.ts'
import type { Head } from './http-message.ts'
import { MessageReader } from './http-message.ts'
import type { SseBlock } from './sse-reader.ts'
import { SseReader } from './sse-reader.ts'

/** One answer, seen byte by byte. */
export interface RawResponse {
  readonly status: number
  readonly head: Head
  readonly headers: Readonly<Record<string, string>>
  /** The next SSE block (comments too); null after the last. */
  next(): Promise<SseBlock | null>
  /** All remaining SSE blocks. */
  blocks(): Promise<SseBlock[]>
  /** The whole body, whenever it has come. Rejects where it breaks off. */
  body(): Promise<Buffer>
  /** The body, of whatever shape the test expects it to have. */
  json<Shape = Record<string, unknown>>(): Promise<Shape>
  /** Decoded body bytes so far. */
  readonly received: number
  /** True: the HTTP body ended as it should. False: the connection closed inside it. */
  readonly complete: Promise<boolean>
}

export interface RawRequest {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  /** An object goes out as JSON. */
  readonly body?: object | string | Buffer
  /** Send FIN right behind the request and go on reading. */
  readonly halfClose?: boolean
}

/** A bare HTTP/1.1 connection for what SDKs and fetch cannot do. One request at a time; it can be kept for the next. */
export class RawClient {
  readonly socket: Socket
  /** The connection is fully closed. */
  readonly closed: Promise<void>
  readonly #host: string
  readonly #reader: MessageReader
  #pending = deferred<RawResponse>()
  #live: LiveResponse | null = null

  private constructor(socket: Socket, host: string) {
    this.socket = socket
    this.#host = host
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()))
    this.#reader = new MessageReader('response', {
      head: (head) => {
        this.#live = new LiveResponse(head)
        this.#pending.resolve(this.#live)
      },
      data: (bytes) => this.#live?.push(bytes),
      end: (complete) => this.#live?.finish(complete),
    })
    socket.on('data', (bytes: Buffer) => this.#reader.push(bytes))
    socket.on('error', () => undefined)
    socket.on('end', () => this.#over())
    socket.on('close', () => this.#over())
  }

  #over(): void {
    this.#reader.close()
    this.#live?.finish(false)
    this.#live = null
  }

  static async open(url: string): Promise<RawClient> {
    const { host, hostname, port } = new URL(url)
    const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true, noDelay: true })
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject))
    return new RawClient(socket, host)
  }

  /** Sends a request; the promise is fulfilled by the status line, rejected by a connection that closes before it. */
  send(
    path: string,
    { method = 'POST', headers = {}, body, halfClose = false }: RawRequest = {},
  ): Promise<RawResponse> {
    const payload =
      body === undefined
        ? Buffer.alloc(0)
        : Buffer.isBuffer(body)
          ? body
          : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
    const all = {
      host: this.#host,
      ...(body === undefined ? {} : { 'content-type': 'application/json', 'content-length': String(payload.length) }),
      ...headers,
    }
    const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
    this.#pending = deferred<RawResponse>()
    this.socket.write(Buffer.concat([Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`), payload]))
    if (halfClose) this.socket.end()
    const answer = this.#pending.promise
    return Promise.race([
      answer,
      this.closed.then(() => Promise.race([answer, Promise.reject(new Error('closed before the status line'))])),
    ])
  }

  /** FIN, and nothing is read any more. */
  destroy(): void {
    this.socket.destroy()
  }

  reset(): void {
    this.socket.resetAndDestroy()
  }
}

/** One POST on its own connection. */
export async function rawPost(
  url: string,
  path: string,
  body: object | string | Buffer,
  headers: Record<string, string> = {},
): Promise<RawResponse> {
  const client = await RawClient.open(url)
  const response = await client.send(path, { body, headers })
  void response.complete.then(() => client.destroy())
  return response
}

class LiveResponse implements RawResponse {
  readonly status: number
  readonly head: Head
  readonly complete: Promise<boolean>
  received = 0
  readonly #done = deferred<boolean>()
  readonly #sse = new SseReader()
  readonly #chunks: Buffer[] = []
  readonly #blocks: SseBlock[] = []
  #waiting: (() => void) | null = null
  #ended = false

  constructor(head: Head) {
    this.head = head
    this.status = Number(head.start.split(' ')[1])
    this.complete = this.#done.promise
  }

  get headers(): Readonly<Record<string, string>> {
    return this.head.headers
  }

  push(bytes: Buffer): void {
    this.received += bytes.length
    this.#chunks.push(bytes)
    if (this.headers['content-type']?.startsWith('text/event-stream')) this.#blocks.push(...this.#sse.push(bytes))
    this.#wake()
  }

  finish(complete: boolean): void {
    if (this.#ended) return
    this.#ended = true
    this.#done.resolve(complete)
    this.#wake()
  }

  #wake(): void {
    const waiting = this.#waiting
    this.#waiting = null
    waiting?.()
  }

  async next(): Promise<SseBlock | null> {
    while (this.#blocks.length === 0 && !this.#ended) await new Promise<void>((resolve) => (this.#waiting = resolve))
    return this.#blocks.shift() ?? null
  }

  async blocks(): Promise<SseBlock[]> {
    await this.complete
    return this.#blocks.splice(0)
  }

  async body(): Promise<Buffer> {
    if (!(await this.complete)) throw new Error(`the body broke off after ${this.received} bytes`)
    return Buffer.concat(this.#chunks)
  }

  async json<Shape = Record<string, unknown>>(): Promise<Shape> {
    return JSON.parse((await this.body()).toString('utf8')) as Shape
  }
}
