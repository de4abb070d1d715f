/**
 * One call to one backend: from the connection to the last byte. Until it is *committed* (a whole JSON answer, or the
 * first real event of a stream, is in hand) nothing has reached the caller and another backend may be asked instead.
 *
 * Built straight on the callbacks of a client: a stream object and an async iterator for each answer would cost more
 * than everything else the gateway does with it.
 */
import type { GatewayError } from '../../core/errors.ts'
import { Closure } from '../../formats/json/closure.ts'
import { formOf, withoutMark } from '../../formats/form.ts'
import type { AnswerReader } from '../../formats/format.ts'
import type { AnswerState } from '../../formats/answer-state.ts'
import type { Call, Sink } from './call.ts'
import type { ResponseHandler, ResponseHeaders } from './client.ts'
import { Connection } from './connection.ts'
import { Deadline, DRAIN_MS, ERROR_BODY_MS, GRACE_MS, type Phase } from './deadline.ts'
import { ended } from './ended.ts'
import { badAnswer, brokenOff, limitFault, tooLarge, transportFault } from './fault.ts'
import { ByteBuffer } from './byte-buffer.ts'
import { IdleWatch } from './idle-watch.ts'
import { Outlet } from './outlet.ts'
import { retryAfter } from './retry-after.ts'
import { type StreamProgress, StreamReader } from './stream-reader.ts'
import { faultOfAnswer, answerRefusalOf, takenWhole } from './answer-fault.ts'
import { Unpacker } from './unpacker.ts'

/** `opening`: by its first bytes it will be seen whether an answer is `events` or a `body`. */
type Mode = 'waiting' | 'opening' | 'events' | 'body' | 'bytes' | 'error' | 'over'
const EVENTS = /text\/event-stream/i
const ERROR_BYTES = 64 * 1024

export class Exchange implements ResponseHandler {
  readonly answer: AnswerReader
  /** What is known of the answer. */
  readonly track: AnswerState
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
  #headers: ResponseHeaders = {}
  #reader: StreamReader | null = null
  #unpacker: Unpacker | null = null
  /** Of an answer that passes through unread: whether it came to its end. */
  #closure: Closure | null = null
  /** What is not read yet. */
  readonly #held = new ByteBuffer()
  readonly #outlet = new Outlet()
  readonly #idle: IdleWatch
  #committed = false
  /** All of the response is there, and its end is not read yet. */
  #arrived = false
  #failure: GatewayError | null = null
  #paused = false
  /** All of the answer is there but its end. */
  #finished = false
  #drainLimit: NodeJS.Timeout | null = null
  #resolve: () => void = () => undefined
  #reject: (error: GatewayError) => void = () => undefined
  constructor(call: Call) {
    this.#call = call
    this.answer = call.answer
    this.track = call.answer.state
    this.#startedAt = call.now()
    this.#idle = new IdleWatch(call.limits.idleMs)
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
    if (!this.#outlet.attach(sink)) this.#pause()
  }

  /** The sink can take more. */
  resume(): void {
    if (!this.#paused) return
    this.#paused = false
    if (this.streamed) this.#deadline.extend(this.#finished ? GRACE_MS : this.#idle.ms)
    ;(this.#unpacker ?? this.#connection).resume()
  }

  /**
   * Ends the call now, whatever its state; the backend's socket is closed, which is what stops its GPU. Where the backend
   * is one to be drained and it was the caller who left, it is read to its end first: nothing is sent, and `error` is its end.
   */
  cancel(error: GatewayError): void {
    this.conclude()
    const drains = error.code === 'client_closed' && this.#call.backend.onAbort === 'drain'
    const tells = this.#mode !== 'bytes' && this.#mode !== 'error' && this.#mode !== 'over'
    if (!drains || !tells || !this.#connection.open) return this.#fail(error)
    if (this.left !== null) return
    this.left = error
    this.#drainLimit = setTimeout(() => this.#fail(error), DRAIN_MS).unref()
    this.resume()
  }

  onRequestStart(): void {
    this.#connection.started()
    this.sent = this.#mode !== 'over'
    if (this.#mode === 'over') return this.#connection.abort(this.#failure ?? new Error('over'))
    if (!this.#call.stream) this.#deadline.enter('total', Infinity)
    else if (this.#call.backend.provider.response.headersWithFirstToken)
      this.#deadline.enter('ttft', this.#call.limits.ttftMs)
    else this.#deadline.enter('headers', this.#call.limits.headersMs)
  }

  onResponseStart(status: number, headers: ResponseHeaders): void {
    if (this.#mode !== 'waiting') return
    this.status = status
    this.#headers = headers
    this.contentType = String(headers['content-type'] ?? '')
    if (status >= 300) {
      this.#mode = 'error'
      this.#deadline.enter('headers', ERROR_BODY_MS)
    } else {
      this.#mode = this.#call.stream ? 'opening' : 'body'
      this.answer.headers(headers)
      const waitedMs = this.#call.now() - this.#startedAt
      if (this.#call.stream) this.#deadline.enter('ttft', Math.max(0, this.#call.limits.ttftMs - waitedMs))
    }
    this.#unpacker = Unpacker.of(headers['content-encoding'], {
      data: (plain) => this.#take(plain),
      end: () => this.#complete(),
      fail: (cut) => this.#unreadable(cut),
      broken: (thrown) => this.#brokenOff(thrown),
      hold: () => this.#connection.pause(),
      go: () => this.#connection.resume(),
    })
  }

  #unreadable(cut: boolean): void {
    if (this.#mode === 'error') return this.#refused()
    // Its last word had come.
    if (this.#finished) return this.#advance(this.#reader!.finish())
    this.#fail(cut ? brokenOff(this.#call.backend) : this.#bad('sent a body that cannot be decompressed'))
  }

  onResponseData(chunk: Buffer): void {
    if (this.#unpacker === null) this.#take(chunk)
    else this.#unpacker.push(chunk)
  }

  #take(chunk: Buffer): void {
    switch (this.#mode) {
      case 'events':
        return this.#listen(this.#reader!, chunk)
      case 'opening':
        this.#held.add(chunk)
        return this.#open(this.#held.take())
      case 'body':
        this.#held.add(chunk)
        if (this.#held.bytes > this.#call.limits.bufferBytes) this.#passThrough()
        return
      case 'bytes':
        this.#closure!.push(chunk)
        return this.#write(chunk)
      case 'error':
        if (this.#held.bytes < ERROR_BYTES) this.#held.add(chunk)
        return
      default:
    }
  }

  /** Comments, pings and empty events keep a connection open; they are no answer. Looked for from time to time, not in each event. */
  #listen(reader: StreamReader, chunk: Buffer): void {
    const now = this.#call.now()
    const look = this.#committed && this.#idle.due(now)
    const reading = reader.push(chunk, look)
    if (look && reader.content) {
      this.#idle.seen(now)
      if (!this.#finished) this.#deadline.extend(this.#idle.ms)
    }
    this.#advance(reading)
  }

  /** What a stream was asked for and begins so: its label may be another one, or none. */
  #open(head: Buffer): void {
    const form = this.#call.format.framing.formOf(head)
    if (form === null) return this.#held.add(head)
    if (form === 'events' || (form === 'other' && EVENTS.test(this.contentType)))
      return this.#advance(this.#readEvents().push(head))
    if (form === 'other') return this.#fail(this.#bad('sent no event stream'))
    this.#mode = 'body'
    this.#take(head)
  }

  #readEvents(): StreamReader {
    this.#mode = 'events'
    this.streamed = true
    return (this.#reader = new StreamReader({
      call: this.#call,
      bufferBytes: this.#call.limits.bufferBytes,
      retryAfterMs: retryAfter(this.#headers, Date.now()),
    }))
  }

  onResponseEnd(): void {
    this.#connection.release(true)
    if (this.#mode === 'over') return
    this.#arrived = true
    ended.add(this)
  }

  /** Reads to its end what has come, where all of it has. */
  conclude(): void {
    if (!this.#arrived) return
    this.#arrived = false
    try {
      if (this.#unpacker === null) this.#complete()
      else this.#unpacker.finish()
    } catch (thrown) {
      // One answer that cannot be handled must neither end the process nor keep others from their callers.
      this.onResponseError(thrown as Error)
    }
  }

  #complete(): void {
    switch (this.#mode) {
      case 'events':
        return this.#advance(this.#reader!.finish())
      case 'bytes':
        return this.#closure!.closed ? this.#end() : this.#fail(brokenOff(this.#call.backend))
      case 'error':
        return this.#refused(this.#held.take())
      case 'opening':
        if (!EVENTS.test(this.contentType)) return this.#answered(withoutMark(this.#held.take()))
        this.#readEvents().push(this.#held.take())
        return this.#advance(this.#reader!.finish())
      case 'body':
        return this.#answered(withoutMark(this.#held.take()))
      default:
    }
  }

  onResponseError(thrown: Error): void {
    this.unread = this.#mode === 'waiting' && this.#connection.unread(thrown)
    this.#connection.release(false)
    if (this.#mode === 'over') return
    // What came of it may be half of a compressed body; the status says enough.
    if (this.#mode === 'error') return this.#refused()
    if (this.#unpacker === null) this.#brokenOff(thrown)
    else this.#unpacker.finish(thrown)
  }

  #brokenOff(thrown: Error): void {
    // Its last word had come.
    if (this.#finished) return this.#advance(this.#reader!.finish())
    this.#fail(transportFault(this.#call.backend, thrown, this.status !== null))
  }

  #advance({ out, done, finished, failure }: StreamProgress): void {
    if (out !== null) {
      this.#write(out)
      if (!this.#committed) this.#commitStream()
    }
    if (failure !== null) this.#fail(failure)
    else if (done) this.#end()
    else if (finished !== this.#finished) {
      this.#finished = finished
      this.#deadline.enter('idle', finished ? GRACE_MS : this.#call.limits.idleMs)
    }
  }

  #commitStream(): void {
    this.#committed = true
    const now = this.#call.now()
    this.#idle.seen(now)
    this.ttftMs = now - (this.#call.since ?? this.#startedAt)
    this.#deadline.enter('idle', this.#idle.ms)
    this.#resolve()
  }

  #answered(plain: Buffer): void {
    const fault = faultOfAnswer(this.#call, plain, () => retryAfter(this.#headers, Date.now()))
    // While a large one is read it may be cancelled.
    const judge = (told: GatewayError | null): unknown => this.#mode === 'over' || this.#judged(plain, told)
    if (fault instanceof Promise) fault.then(judge).catch(() => this.#fail(this.#bad('sent an odd answer')))
    else judge(fault)
  }

  #judged(plain: Buffer, fault: GatewayError | null): void {
    if (fault !== null) return this.#fail(fault)
    const taken = takenWhole(this.#call, plain)
    if (taken === null) return this.#fail(this.#bad(this.#call.stream ? 'sent no event stream' : 'sent an odd answer'))
    if (this.#call.stream) return this.#streamed(taken)
    this.body = taken
    this.#committed = true
    this.#resolve()
    this.#end()
  }

  /** A whole answer in place of the stream that was asked for. */
  #streamed(events: Buffer): void {
    this.#advance(this.#readEvents().push(events))
    // It has no first token that could be seen.
    this.ttftMs = null
  }

  #refused(body: Buffer = Buffer.alloc(0)): void {
    this.#fail(answerRefusalOf(this.#call, this.status!, body, retryAfter(this.#headers, Date.now())))
  }

  /** Too large to hold: from here on the bytes go through as they come, and their tokens stay uncounted. */
  #passThrough(): void {
    if (this.left !== null) return this.#fail(this.left)
    const { backend, stream } = this.#call
    const held = this.#held.take()
    if (stream || this.answer.needsRewrite(held)) return this.#fail(tooLarge(backend, 'answer'))
    if (formOf(held) !== 'json') return this.#fail(this.#bad('sent a body that is not JSON'))
    this.#mode = 'bytes'
    this.#committed = true
    this.#closure = new Closure()
    this.#closure.push(held)
    this.#write(withoutMark(held))
    this.#resolve()
  }

  #end(): void {
    this.#over()
    this.#outlet.end(this.left)
    this.#connection.closeSoon()
  }

  #fail(cause: GatewayError): void {
    if (this.#mode === 'over') return
    // Whatever becomes of an answer that nobody reads: it ended when its caller left, and is asked of nobody else.
    const error = this.left ?? cause
    this.#failure = error
    this.#over()
    if (!this.#committed) this.#held.take()
    if (this.#committed) this.#outlet.end(error)
    else this.#reject(error)
    this.#connection.abort(error)
  }

  #over(): void {
    this.#mode = 'over'
    this.endedAt = this.#call.now()
    this.#deadline.stop()
    this.#unpacker?.stop()
    if (this.#drainLimit !== null) clearTimeout(this.#drainLimit)
  }

  #expired(phase: Phase): void {
    if (this.#arrived) return this.conclude()
    if (this.#mode === 'error') return this.#refused()
    // Where the caller takes nothing, the end may have come and not been read.
    if (this.#finished && !(this.#paused && phase === 'idle')) return this.#advance(this.#reader!.finish())
    if (this.#paused && phase === 'idle') return this.#deadline.enter('idle', this.#call.limits.idleMs)
    this.#fail(limitFault(this.#call, phase))
  }

  #write(bytes: Buffer): void {
    if (this.left === null && !this.#outlet.write(bytes)) this.#pause()
  }

  #pause(): void {
    if (this.#mode === 'over') return
    this.#paused = true
    ;(this.#unpacker ?? this.#connection).pause()
  }

  #bad(what: string): GatewayError {
    return badAnswer(this.#call.backend, what, this.status)
  }
}
