/**
 * One call to one backend: from the connection to the last byte. Until it is *committed* (a whole JSON answer, or the
 * first real event of a stream, is in hand) nothing has reached the caller and another backend may be asked instead.
 *
 * Built straight on undici's dispatch callbacks: a stream object and an async iterator for each answer would cost more
 * than everything else the gateway does with it.
 */
import type { Dispatcher } from 'undici'
import type { GatewayError } from '../core/errors.ts'
import { AnswerTrack } from '../protocol/track.ts'
import { readFault } from '../protocol/upstream-error.ts'
import type { Call, Sink } from './call.ts'
import { Deadline, type Phase } from './deadline.ts'
import { decode } from './decode.ts'
import { answerFault, badAnswer, isStaleSocket, limitFault, transportFault } from './fault.ts'
import { Held } from './held.ts'
import { retryAfter } from './retry-after.ts'
import { type Reading, StreamReader } from './stream-reader.ts'
import { faultOfAnswer } from './answer-fault.ts'

type Headers = Readonly<Record<string, string | string[] | undefined>>
type Mode = 'waiting' | 'events' | 'body' | 'bytes' | 'error' | 'over'
const NO_BODY = Buffer.alloc(0)
const ERROR_BYTES = 64 * 1024
/** The words of an error are worth no longer wait; its status says enough. */
const ERROR_BODY_MS = 1_000
/** A kept-alive socket that the peer had closed breaks at once; one that breaks later broke over our request. */
const STALE_MS = 500
/** How long an upstream may take to close a stream after its own [DONE]. */
const LINGER_MS = 1_000

export class Exchange implements Dispatcher.DispatchHandler {
  readonly track = new AnswerTrack()
  /** HTTP status of the backend; null before one came. */
  status: number | null = null
  /** From the start of the call to the first event of a stream; null for a whole answer. */
  ttftMs: number | null = null
  contentType = ''
  /** The answer is an event stream. */
  streamed = false
  /** The whole answer as it came, where it was not streamed. */
  body: Buffer | null = null

  readonly #call: Call
  readonly #deadline: Deadline
  readonly #startedAt: number
  #controller: Dispatcher.DispatchController | null = null
  #mode: Mode = 'waiting'
  #headers: Headers = {}
  #reader: StreamReader | null = null
  readonly #held = new Held()
  #committed = false
  #ended = false
  #failure: GatewayError | null = null
  #sink: Sink | null = null
  #paused = false
  #reused = false
  #retried = false
  #pooled = false
  #linger: NodeJS.Timeout | null = null
  #resolve: () => void = () => undefined
  #reject: (error: GatewayError) => void = () => undefined

  constructor(call: Call) {
    this.#call = call
    this.#startedAt = call.now()
    this.#deadline = new Deadline(call.totalMs, call.now, (phase) => this.#expired(phase))
  }

  /** Sends the request. Resolves when the answer is committed; rejects with a GatewayError. */
  commit(): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
      this.#deadline.enter('connect', this.#call.limits.connectMs)
      this.#pooled = true
      try {
        this.#reused = this.#call.pool.dispatch(this.#request(), this)
      } catch (thrown) {
        this.#fail(transportFault(this.#call.backend, thrown, false))
      }
    })
  }

  /** Gives the committed answer to the caller. What came in the meantime is written first. */
  attach(sink: Sink): void {
    this.#sink = sink
    if (this.#held.bytes > 0) this.#write(this.#held.take())
    if (this.#failure !== null) sink.fail(this.#failure)
    else if (this.#ended) sink.end()
  }

  /** The sink can take more. */
  resume(): void {
    if (!this.#paused) return
    this.#paused = false
    this.#deadline.extend(this.#call.limits.idleMs)
    this.#controller?.resume()
  }

  /** Ends the call now, whatever its state; the backend's socket is closed, which is what stops its GPU. */
  cancel(error: GatewayError): void {
    this.#fail(error)
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#mode === 'over') return controller.abort(this.#failure ?? new Error('over'))
    if (!this.#call.stream) this.#deadline.enter('total', Infinity)
    else if (this.#call.backend.provider.response.headersWithFirstToken)
      this.#deadline.enter('ttft', this.#call.limits.ttftMs)
    else this.#deadline.enter('headers', this.#call.limits.headersMs)
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: Headers): void {
    if (status < 200 || this.#mode !== 'waiting') return
    this.status = status
    this.#headers = headers
    this.contentType = String(headers['content-type'] ?? '')
    if (status >= 300) {
      this.#mode = 'error'
      this.#deadline.enter('headers', ERROR_BODY_MS)
    } else if (!this.#call.stream || !/text\/event-stream/i.test(this.contentType)) {
      this.#mode = 'body'
      if (this.#call.stream) this.#awaitFirst()
    } else {
      this.#mode = 'events'
      this.streamed = true
      const { backend, finishes, hideUsage, limits } = this.#call
      this.#reader = new StreamReader({
        backend,
        track: this.track,
        finishes,
        hideUsage,
        bufferBytes: limits.bufferBytes,
        retryAfterMs: retryAfter(headers, Date.now()),
      })
      this.#awaitFirst()
    }
    if (this.#mode === 'events' && (headers['content-encoding'] ?? 'identity') !== 'identity') {
      this.#fail(this.#bad('sent a compressed stream that was not asked for'))
    }
  }

  #awaitFirst(): void {
    this.#deadline.enter('ttft', Math.max(0, this.#call.limits.ttftMs - (this.#call.now() - this.#startedAt)))
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    switch (this.#mode) {
      case 'events':
        if (this.#committed) this.#deadline.extend(this.#call.limits.idleMs)
        return this.#advance(this.#reader!.push(chunk))
      case 'body':
        this.#held.add(chunk)
        if (this.#held.bytes > this.#call.limits.bufferBytes) this.#passThrough()
        return
      case 'bytes':
        this.#write(chunk)
        return
      case 'error':
        if (this.#held.bytes < ERROR_BYTES) this.#held.add(chunk)
        return
      default:
    }
  }

  onResponseEnd(): void {
    this.#release()
    switch (this.#mode) {
      case 'events':
        return this.#advance(this.#reader!.finish())
      case 'bytes':
        return this.#end()
      case 'body':
      case 'error':
        return this.#unpack(this.#held.take())
      default:
    }
  }

  onResponseError(_controller: Dispatcher.DispatchController, thrown: Error): void {
    const young = this.#call.now() - this.#startedAt < STALE_MS
    if (this.#mode === 'waiting' && young && this.#reused && !this.#retried && isStaleSocket(thrown)) {
      this.#retried = true
      this.#call.pool.dispatchFresh(this.#request(), this)
      return
    }
    this.#release()
    if (this.#mode === 'over') return
    // What came of it may be half of a compressed body; the status says enough.
    if (this.#mode === 'error') return this.#refused(NO_BODY)
    this.#fail(transportFault(this.#call.backend, thrown, this.status !== null))
  }

  #advance({ out, done, failure }: Reading): void {
    if (out !== null) {
      this.#write(out)
      if (!this.#committed) this.#commitStream()
    }
    if (failure !== null) this.#fail(failure)
    else if (done) this.#end()
  }

  #commitStream(): void {
    this.#committed = true
    this.ttftMs = this.#call.now() - this.#startedAt
    this.#deadline.enter('idle', this.#call.limits.idleMs)
    this.#resolve()
  }

  #unpack(body: Buffer): void {
    const read = (plain: Buffer): void => (this.#mode === 'error' ? this.#refused(plain) : this.#answered(plain))
    const encoding = this.#headers['content-encoding']
    if (encoding === undefined) return read(body)
    decode(body, encoding)
      .catch((thrown: unknown) => (this.#mode === 'error' ? NO_BODY : Promise.reject(thrown as Error)))
      .then(read)
      .catch(() => this.#fail(this.#bad('sent a body that cannot be decompressed')))
  }

  #answered(plain: Buffer): void {
    if (this.#mode !== 'body') return
    const fault = faultOfAnswer(this.#call, plain, this.track, () => retryAfter(this.#headers, Date.now()))
    if (fault !== null) return this.#fail(fault)
    this.body = plain
    this.#committed = true
    this.#resolve()
    this.#end()
  }

  #refused(body: Buffer): void {
    const wait = retryAfter(this.#headers, Date.now())
    this.#fail(answerFault(this.#call.backend, this.status!, readFault(body.toString()), wait))
  }

  /** Too large to hold: from here on the bytes go through as they come, and their tokens stay uncounted. */
  #passThrough(): void {
    if (this.#call.stream || this.#call.reshapes || this.#headers['content-encoding'] !== undefined)
      return this.#fail(this.#bad('sent more than `limits.buffer`'))
    this.#mode = 'bytes'
    this.#committed = true
    this.#resolve()
  }

  #end(): void {
    this.#ended = true
    this.#mode = 'over'
    this.#deadline.stop()
    this.#sink?.end()
    const controller = this.#controller
    if (!this.#pooled || controller === null) return
    const linger = setTimeout(() => controller.abort(new Error('the stream was over')), LINGER_MS)
    linger.unref()
    this.#linger = linger
  }

  #fail(error: GatewayError): void {
    if (this.#mode === 'over') return
    this.#mode = 'over'
    this.#failure = error
    this.#deadline.stop()
    if (!this.#committed) this.#held.take()
    if (this.#committed) this.#sink?.fail(error)
    else this.#reject(error)
    this.#controller?.abort(error)
  }

  /** The connection is free again, or gone. */
  #release(): void {
    // It leads to all that undici holds of the call, and a handler outlives its call: what the collector still reaches it copies.
    this.#controller = null
    if (this.#linger !== null) clearTimeout(this.#linger)
    if (!this.#pooled) return
    this.#pooled = false
    this.#call.pool.done()
  }

  #expired(phase: Phase): void {
    if (this.#mode === 'error') return this.#refused(NO_BODY)
    if (this.#paused && phase === 'idle') return this.#deadline.enter('idle', this.#call.limits.idleMs)
    this.#fail(limitFault(this.#call, phase))
  }

  #write(bytes: Buffer): void {
    if (this.#sink === null) return this.#held.add(bytes)
    if (this.#sink.write(bytes) || this.#mode === 'over') return
    this.#paused = true
    this.#controller?.pause()
  }

  #bad(what: string): GatewayError {
    return badAnswer(this.#call.backend, what, this.status)
  }

  #request(): Dispatcher.DispatchOptions {
    const { pool, path, headers, body } = this.#call
    return { path: pool.prefix + path, method: 'POST', headers, body }
  }
}
