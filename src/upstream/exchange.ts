/**
 * One call to one backend: from the connection to the last byte. Until it is *committed* (a whole JSON answer, or the
 * first real event of a stream, is in hand) nothing has reached the caller and another backend may be asked instead.
 *
 * Built straight on undici's dispatch callbacks: a stream object and an async iterator for each answer would cost more
 * than everything else the gateway does with it.
 */
import type { Dispatcher } from 'undici'
import type { GatewayError } from '../core/errors.ts'
import { chargeInHeaders } from '../protocol/charge.ts'
import { usageSoFar } from '../protocol/estimate.ts'
import { AnswerTrack } from '../protocol/track.ts'
import { readFault } from '../protocol/upstream-error.ts'
import type { Call, Sink } from './call.ts'
import { Connection } from './connection.ts'
import { Deadline, type Phase } from './deadline.ts'
import { decode } from './decode.ts'
import { answerFault, badAnswer, limitFault, transportFault } from './fault.ts'
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
/** How long usage and the terminal event may come behind the last finish reason; heartbeats do not make it longer. */
const GRACE_MS = 1_500
/** Longest that an answer is read to its end for nobody but its usage. */
const DRAIN_MS = 60_000

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
  /** Clock reading of the last that was had of the backend; null while it answers. */
  endedAt: number | null = null
  /** There was a connection, and the request went out on it. */
  sent = false
  /** It failed on a kept connection that the peer had closed before it could read the request. */
  unread = false
  /** The caller left, and the answer is read on for its usage: what to end with. */
  left: GatewayError | null = null

  readonly #call: Call
  readonly #deadline: Deadline
  readonly #startedAt: number
  readonly #connection: Connection
  #mode: Mode = 'waiting'
  #headers: Headers = {}
  #reader: StreamReader | null = null
  readonly #held = new Held()
  #committed = false
  #ended = false
  #failure: GatewayError | null = null
  #sink: Sink | null = null
  #paused = false
  /** All of the answer is there but its end. */
  #finished = false
  #drainLimit: NodeJS.Timeout | null = null
  #resolve: () => void = () => undefined
  #reject: (error: GatewayError) => void = () => undefined

  constructor(call: Call) {
    this.#call = call
    this.#startedAt = call.now()
    this.#connection = new Connection(call)
    this.#deadline = new Deadline(call.totalMs, call.now, (phase) => this.#expired(phase))
  }

  /** Sends the request. Resolves when the answer is committed; rejects with a GatewayError. */
  commit(): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
      this.#deadline.enter('connect', this.#call.limits.connectMs)
      try {
        this.#connection.send(this)
      } catch (thrown) {
        this.#connection.release(false)
        this.#fail(transportFault(this.#call.backend, thrown, false))
      }
    })
  }

  /** Gives the committed answer to the caller. What came in the meantime is written first. */
  attach(sink: Sink): void {
    this.#sink = sink
    if (this.#held.bytes > 0) this.#write(this.#held.take())
    const failure = this.#failure ?? (this.#ended ? this.left : null)
    if (failure !== null) sink.fail(failure)
    else if (this.#ended) sink.end()
  }

  /** The sink can take more. */
  resume(): void {
    if (!this.#paused) return
    this.#paused = false
    this.#deadline.extend(this.#finished ? GRACE_MS : this.#call.limits.idleMs)
    this.#connection.resume()
  }

  /**
   * Ends the call now, whatever its state; the backend's socket is closed, which is what stops its GPU. Where the backend
   * is one to be drained and it was the caller who left, it is read to its end first: nothing is sent, and `error` is its end.
   */
  cancel(error: GatewayError): void {
    const drains = error.code === 'client_closed' && this.#call.backend.onAbort === 'drain'
    const tells = this.#mode === 'waiting' || this.#mode === 'events' || this.#mode === 'body'
    if (!drains || !tells || !this.#connection.open) return this.#fail(error)
    if (this.left !== null) return
    this.left = error
    this.#drainLimit = setTimeout(() => this.#fail(error), DRAIN_MS)
    this.#drainLimit.unref()
    this.resume()
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#connection.started(controller)
    this.sent = this.#mode !== 'over'
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
      this.track.charge = chargeInHeaders(headers)
      if (this.#call.stream) this.#awaitFirst()
    } else {
      this.#mode = 'events'
      this.streamed = true
      this.#reader = new StreamReader({
        call: this.#call,
        track: this.track,
        bufferBytes: this.#call.limits.bufferBytes,
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
        if (this.#committed && !this.#finished) this.#deadline.extend(this.#call.limits.idleMs)
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
    this.#connection.release(true)
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
    this.unread = this.#mode === 'waiting' && this.#connection.unread(thrown)
    this.#connection.release(false)
    if (this.#mode === 'over') return
    // Its last word had come.
    if (this.#finished) return this.#advance(this.#reader!.finish())
    // What came of it may be half of a compressed body; the status says enough.
    if (this.#mode === 'error') return this.#refused(NO_BODY)
    this.#fail(transportFault(this.#call.backend, thrown, this.status !== null))
  }

  #advance({ out, done, finished, failure }: Reading): void {
    if (out !== null) {
      this.#write(out)
      if (!this.#committed) this.#commitStream()
    }
    if (failure !== null) this.#fail(failure)
    else if (done) this.#end()
    else if (finished !== this.#finished) this.#awaitEnd(finished)
  }

  #awaitEnd(finished: boolean): void {
    this.#finished = finished
    this.#deadline.enter('idle', finished ? GRACE_MS : this.#call.limits.idleMs)
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
    this.track.usage = usageSoFar(this.track, this.#call.inputTokens, true)
    this.body = plain
    this.#committed = true
    this.#resolve()
    this.#end()
  }

  #refused(body: Buffer): void {
    const wait = retryAfter(this.#headers, Date.now())
    this.#fail(answerFault(this.#call.backend, this.status!, readFault(body.toString()), wait, this.#call.asks))
  }

  /** Too large to hold: from here on the bytes go through as they come, and their tokens stay uncounted. */
  #passThrough(): void {
    if (this.left !== null) return this.#fail(this.left)
    if (this.#call.stream || this.#call.reshapes || this.#headers['content-encoding'] !== undefined)
      return this.#fail(this.#bad('sent more than `limits.buffer`'))
    this.#mode = 'bytes'
    this.#committed = true
    this.#resolve()
  }

  #end(): void {
    this.#ended = true
    this.#over()
    if (this.left === null) this.#sink?.end()
    else this.#sink?.fail(this.left)
    this.#connection.closeSoon()
  }

  #fail(cause: GatewayError): void {
    if (this.#mode === 'over') return
    // Whatever becomes of an answer that nobody reads: it ended when its caller left, and is asked of nobody else.
    const error = this.left ?? cause
    this.#failure = error
    this.#over()
    if (!this.#committed) this.#held.take()
    if (this.#committed) this.#sink?.fail(error)
    else this.#reject(error)
    this.#connection.abort(error)
  }

  #over(): void {
    this.#mode = 'over'
    this.endedAt = this.#call.now()
    this.#deadline.stop()
    if (this.#drainLimit !== null) clearTimeout(this.#drainLimit)
  }

  #expired(phase: Phase): void {
    if (this.#mode === 'error') return this.#refused(NO_BODY)
    // Where the caller takes nothing, the end may have come and not been read.
    if (this.#finished && !(this.#paused && phase === 'idle')) return this.#advance(this.#reader!.finish())
    if (this.#paused && phase === 'idle') return this.#deadline.enter('idle', this.#call.limits.idleMs)
    this.#fail(limitFault(this.#call, phase))
  }

  #write(bytes: Buffer): void {
    if (this.left !== null) return
    if (this.#sink === null) return this.#held.add(bytes)
    if (this.#sink.write(bytes) || this.#mode === 'over') return
    this.#paused = true
    this.#connection.pause()
  }

  #bad(what: string): GatewayError {
    return badAnswer(this.#call.backend, what, this.status)
  }
}
