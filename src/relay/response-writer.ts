/** The caller's side of an answer: headers once, events with backpressure, and an end that says how it ended. */
import type { ServerResponse } from 'node:http'
import type { RequestLife } from '../accounting/request-life.ts'
import type { GatewayError } from '../core/errors.ts'
import type { Limits } from '../core/settings.ts'
import type { CallerSide, StreamMarks } from '../formats/format.ts'
import { ChunkedBody } from './chunked-body.ts'
import { explanationOf } from './explanation.ts'
import { endWith } from './end-with.ts'
import { drainWithin, flushWithin } from './flush.ts'
import { addAnswerHeaders, answerFactsOf, type HeaderList, retryHeaders } from './headers.ts'

/** `idleMs`: how long an answer waits for a caller that takes nothing of it. */
export type WriterLimits = Pick<Limits, 'keepAliveMs' | 'idleMs'>

const JSON_TYPE: HeaderList = ['content-type', 'application/json; charset=utf-8']

export class ResponseWriter {
  readonly #response: ServerResponse
  /** Of a body that comes in pieces. */
  #pieces: ChunkedBody | null = null
  readonly #life: RequestLife
  readonly #format: CallerSide
  readonly #marks: StreamMarks
  /** All headers of the answer, as they become known. */
  readonly #headers: string[]
  readonly #limits: WriterLimits
  #lastWrite: number
  #keepAlive: NodeJS.Timeout | null = null

  /** Notes in `life` what was sent, and when. `headers`: those that are there whatever happens (rate limits); the others are added to them. */
  constructor(
    response: ServerResponse,
    life: RequestLife,
    format: CallerSide,
    headers: string[],
    limits: WriterLimits,
  ) {
    this.#response = response
    this.#life = life
    this.#format = format
    this.#marks = format.streamOf?.(life.request) ?? format.stream
    this.#headers = headers
    this.#limits = limits
    this.#lastWrite = life.now()
    if (life.request.stream) this.#armKeepAlive(limits.keepAliveMs)
  }

  /** A whole answer that is not streamed. */
  json(answer: Buffer, headers: HeaderList): void {
    const record = explanationOf(this.#life)
    const body = record === null ? answer : this.#format.withRecord(answer, record)
    this.#headers.push('content-length', String(body.length), ...headers)
    this.#head(200, JSON_TYPE)
    this.#life.bytesOut += body.length
    endWith(this.#response, body)
    this.#ended()
  }

  /** Bytes of an answer too large to hold. */
  bytesThrough(contentType: string): void {
    this.#head(200, ['content-type', contentType === '' ? 'application/json' : contentType])
  }

  /** Whole events, as they came; false = wait for `drained`. */
  write(bytes: Buffer): boolean {
    if (this.#life.status === null) this.#head(200, this.#marks.headers)
    this.#life.bytesOut += bytes.length
    this.#lastWrite = this.#life.now()
    const taken = this.#chunked.write(bytes)
    if (!taken) drainWithin(this.#response, this.#limits.idleMs)
    return taken
  }

  drained(then: () => void): void {
    this.#chunked.drained(then)
  }

  /** The regular end of a stream: its terminal event. */
  done(): void {
    if (this.#life.status === null) this.#head(200, this.#marks.headers)
    this.#stop()
    const record = explanationOf(this.#life)
    if (record !== null) {
      const { request, answer } = this.#life
      this.write(this.#format.recordEvent(request, answer?.exchange.track ?? null, Date.now(), record))
    }
    const { end } = this.#marks
    this.#life.bytesOut += end.length
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
    if (error.code === 'client_closed') return this.abandon()
    this.#stop()
    if (this.#response.destroyed) {
      this.#life.status ??= error.status
      return
    }
    const turnout = explanationOf(this.#life)
    const plain = this.#format.errorBody(error, {
      id: this.#life.request.id,
      maxOutput: this.#life.request.prompt.maxOutput,
    })
    const answer = turnout === null ? plain : { ...plain, turnout }
    if (this.#life.status === null) {
      const body = JSON.stringify(answer)
      this.#headers.push('content-length', String(Buffer.byteLength(body)), ...retryHeaders(error))
      this.#head(error.status, JSON_TYPE)
      this.#response.end(body)
    } else if (this.#life.request.stream) {
      const { answer: attempt } = this.#life
      this.#response.end(attempt?.exchange.answer.failed(answer) ?? this.#marks.failed(answer))
    } else {
      // Half of a JSON body cannot carry an error: a cut connection is the only honest end.
      this.#response.destroy()
    }
    this.#ended()
  }

  /** The caller left: nothing can be sent any more. */
  abandon(): void {
    this.#stop()
    this.#life.status ??= 499
  }

  get #chunked(): ChunkedBody {
    return (this.#pieces ??= new ChunkedBody(this.#response))
  }

  /** `type`: header of what the body is. */
  #head(status: number, type: HeaderList): void {
    const life = this.#life
    life.status = status
    if (!this.#life.request.stream) this.#stop()
    life.headAt = life.now()
    this.#headers.push(...type)
    addAnswerHeaders(this.#headers, answerFactsOf(life))
    const { answerHeaders } = this.#format
    if (answerHeaders !== null) this.#headers.push(...answerHeaders(this.#headers, Date.now()))
    this.#response.writeHead(status, this.#headers)
  }

  /** A comment after each silence, also before the first event: balancers drop lines that stay quiet. */
  #armKeepAlive(ms: number): void {
    this.#keepAlive = setTimeout(() => {
      // Its caller has left, and the answer is read to its end for its usage alone.
      if (this.#response.destroyed) return
      const silence = this.#life.now() - this.#lastWrite
      const rest = this.#limits.keepAliveMs - silence
      if (rest <= 1 && !this.#chunked.full) this.write(this.#marks.comment)
      this.#armKeepAlive(rest <= 1 ? this.#limits.keepAliveMs : rest)
    }, ms)
  }

  #ended(): void {
    flushWithin(this.#response, this.#limits.idleMs)
  }

  #stop(): void {
    if (this.#keepAlive !== null) clearTimeout(this.#keepAlive)
    this.#keepAlive = null
  }
}
