/** Small calls over HTTP, each with a whole answer: looks at engines, exports, the gateway's own commands, prompts that are read for another engine. Never what a caller gets. */
import { Agent, request } from 'undici'

export interface HttpCall {
  readonly url: string | URL
  readonly method: 'GET' | 'POST'
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array | null
  /** A larger answer is none; `call` alone. */
  readonly mostBytes?: number
  /** Ends the whole call. */
  readonly signal: AbortSignal
}

export interface HttpAnswer {
  readonly status: number
  readonly text: string
}

export interface OpenAnswer {
  readonly status: number
  /** By names in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: AsyncIterable<Buffer>
}

const MOST_BYTES = 8 * 1024 * 1024

/** No redirects. */
export class HttpClient {
  readonly #agent: Agent

  constructor(options: { readonly connectMs: number; readonly idleMs?: number; readonly connections?: number }) {
    const { connectMs, idleMs, connections } = options
    this.#agent = new Agent({
      connect: { timeout: connectMs },
      ...(idleMs === undefined ? {} : { keepAliveTimeout: idleMs, keepAliveMaxTimeout: idleMs }),
      ...(connections === undefined ? {} : { connections }),
    })
  }

  /** Any status is an answer; rejects where none came in time, or one that is too large. */
  async call(call: HttpCall): Promise<HttpAnswer> {
    const response = await this.#send(call)
    const parts: Buffer[] = []
    let size = 0
    for await (const part of response.body as AsyncIterable<Buffer>) {
      size += part.length
      if (size > (call.mostBytes ?? MOST_BYTES))
        throw Object.assign(new Error('answer too large'), { code: 'ANSWER_TOO_LARGE' })
      parts.push(part)
    }
    return { status: response.statusCode, text: Buffer.concat(parts).toString() }
  }

  /** The same for an answer of which only the status counts. */
  async status(call: HttpCall): Promise<number> {
    const response = await this.#send(call)
    await response.body.dump()
    return response.statusCode
  }

  /** The same for an answer that is read as it comes: a command that asks the gateway itself, or reads a part of a file. */
  async open(call: HttpCall): Promise<OpenAnswer> {
    const { statusCode, headers, body } = await this.#send(call)
    return { status: statusCode, headers, body: body as AsyncIterable<Buffer> }
  }

  /** Once what is open has ended. */
  async close(): Promise<void> {
    await this.#agent.close()
  }

  /** Cuts what is still open. */
  async destroy(): Promise<void> {
    await this.#agent.destroy()
  }

  #send({ url, method, headers, body = null, signal }: HttpCall): ReturnType<typeof request> {
    return request(url, { dispatcher: this.#agent, method, headers, body, signal })
  }
}
