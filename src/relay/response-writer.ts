/** The caller's side of an answer: headers once, events with backpressure, and an end that says how it ended. */
import type { ServerResponse } from 'node:http'
import type { GatewayError } from '../core/errors.ts'
import type { CallerSide } from '../formats/format.ts'
import { drainWithin, flushWithin } from './flush.ts'
import { addAnswerHeaders, type AnswerFacts, type HeaderList, retryHeaders } from './headers.ts'

export interface OutletOptions {
  /** That of the caller. */
  readonly format: CallerSide
  readonly stream: boolean
  readonly keepAliveMs: number
  /** How long an answer waits for a caller that takes nothing of it. */
  readonly flushMs: number
  /** Headers that are there whatever happens (rate limits). */
  readonly base: HeaderList | null
  readonly now: () => number
  /** What is known at the moment when the headers go out: a clock reading. */
  readonly facts: (headAt: number) => AnswerFacts
  /** For callers who want the decision record in the answer. */
  readonly explain: Explain | null
}

export interface Explain {
  /** The record, of an answer that is about to end; null where nothing was decided. */
  readonly record: (error: GatewayError | null) => object | null
  /** The event that carries it at the end of a stream. */
  readonly event: (record: object) => Buffer
}

const ONE_WRITE_BYTES = 16 * 1024
const JSON_TYPE: HeaderList = ['content-type', 'application/json; charset=utf-8']

export class ResponseWriter {
  /** Bytes of bodies and events handed to the socket. */
  bytes = 0
  /** Status that the caller saw; null while nothing was sent. */
  status: number | null = null
  /** Clock reading of the moment when the headers went out; null while they did not. */
  headAt: number | null = null
  readonly #response: ServerResponse
  readonly #options: OutletOptions
  #lastWrite: number
  #keepAlive: NodeJS.Timeout | null = null

  constructor(response: ServerResponse, options: OutletOptions) {
    this.#response = response
    this.#options = options
    this.#lastWrite = options.now()
    if (options.stream) this.#armKeepAlive(options.keepAliveMs)
  }

  /** A whole answer that is not streamed. */
  json(answer: Buffer, headers: HeaderList): void {
    const record = this.#options.explain?.record(null) ?? null
    const body = record === null ? answer : this.#options.format.withRecord(answer, record)
    this.#head(200, [...JSON_TYPE, 'content-length', String(body.length), ...headers])
    this.bytes += body.length
    // As text it leaves in one write with the headers; a large copy would cost more than the second write.
    if (body.length <= ONE_WRITE_BYTES) this.#response.end(body.toString('latin1'), 'latin1')
    else this.#response.end(body)
    this.#ended()
  }

  /** Bytes of an answer too large to hold. */
  bytesThrough(contentType: string): void {
    this.#head(200, ['content-type', contentType === '' ? 'application/json' : contentType])
  }

  /** Whole events, as they came; false = wait for `drained`. */
  write(bytes: Buffer): boolean {
    if (this.status === null) this.#head(200, this.#options.format.stream.headers)
    this.bytes += bytes.length
    this.#lastWrite = this.#options.now()
    const taken = this.#response.write(bytes)
    if (!taken) drainWithin(this.#response, this.#options.flushMs)
    return taken
  }

  drained(then: () => void): void {
    this.#response.once('drain', then)
  }

  /** The regular end of a stream: its terminal event. */
  done(): void {
    if (this.status === null) this.#head(200, this.#options.format.stream.headers)
    this.#stop()
    const { explain } = this.#options
    const record = explain?.record(null) ?? null
    if (explain !== null && record !== null) this.write(explain.event(record))
    const { end } = this.#options.format.stream
    this.bytes += end.length
    this.#response.end(end)
    this.#ended()
  }

  /** End of an answer that was passed through as bytes. */
  close(): void {
    this.#stop()
    this.#response.end()
    this.#ended()
  }

  /** An error answer, or, where the stream has begun, an error event and the terminal event. It never just stops. */
  fail(error: GatewayError): void {
    this.#stop()
    if (this.#response.destroyed) {
      this.status ??= error.status
      return
    }
    const turnout = this.#options.explain?.record(error) ?? null
    const { format, stream } = this.#options
    const plain = format.errorBody(error)
    const answer = turnout === null ? plain : { ...plain, turnout }
    if (this.status === null) {
      const body = JSON.stringify(answer)
      this.#head(error.status, [
        ...JSON_TYPE,
        'content-length',
        String(Buffer.byteLength(body)),
        ...retryHeaders(error),
      ])
      this.#response.end(body)
    } else if (stream) {
      this.#response.end(format.stream.failed(answer))
    } else {
      // Half of a JSON body cannot carry an error: a cut connection is the only honest end.
      this.#response.destroy()
    }
    this.#ended()
  }

  /** The caller left: nothing can be sent any more. */
  abandon(): void {
    this.#stop()
    this.status ??= 499
  }

  #head(status: number, headers: HeaderList): void {
    this.status = status
    if (!this.#options.stream) this.#stop()
    const all = [...headers, ...(this.#options.base ?? [])]
    this.headAt = this.#options.now()
    addAnswerHeaders(all, this.#options.facts(this.headAt))
    this.#response.writeHead(status, all)
  }

  /** A comment after each silence, also before the first event: balancers drop lines that stay quiet. */
  #armKeepAlive(ms: number): void {
    this.#keepAlive = setTimeout(() => {
      // Its caller has left, and the answer is read to its end for its usage alone.
      if (this.#response.destroyed) return
      const silence = this.#options.now() - this.#lastWrite
      const rest = this.#options.keepAliveMs - silence
      if (rest <= 1 && !this.#response.writableNeedDrain) this.write(this.#options.format.stream.comment)
      this.#armKeepAlive(rest <= 1 ? this.#options.keepAliveMs : rest)
    }, ms)
  }

  #ended(): void {
    flushWithin(this.#response, this.#options.flushMs)
  }

  #stop(): void {
    if (this.#keepAlive !== null) clearTimeout(this.#keepAlive)
    this.#keepAlive = null
  }
}
