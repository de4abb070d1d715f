/** Network chunks of an event stream -> what may go on to the caller, and how the stream stands. No effects. */
import type { GatewayError } from '../../core/errors.ts'
import type { SseFrame, Splitter } from '../../formats/sse.ts'
import type { Call } from './call.ts'
import { answerFault, badAnswer, brokenOff, statusOf, tooLarge } from './fault.ts'

export interface StreamProgress {
  /** Whole events to send on; null = none. */
  readonly out: Buffer | null
  /** The terminal event was there. */
  readonly done: boolean
  /** All of the answer has come but for what may follow its finish reasons: usage, the terminal event. */
  readonly finished: boolean
  readonly failure: GatewayError | null
}

interface ReaderOptions {
  readonly call: Pick<Call, 'backend' | 'answer' | 'asks' | 'format'>
  /** Largest single event. */
  readonly bufferBytes: number
  readonly retryAfterMs: number | null
}

/** No comment is as long. */
const LARGE_BYTES = 4096

export class StreamReader {
  /** The answer has begun: with text, a call, a finish reason. Events with nothing in them do not bind the caller to this backend. */
  started = false
  /** Of the last piece that was looked into: it brought some of the answer, or much of a large event. */
  content = false
  /** What came before that. */
  readonly #held: Buffer[] = []
  #heldBytes = 0
  readonly #options: ReaderOptions
  readonly #splitter: Splitter

  constructor(options: ReaderOptions) {
    this.#options = options
    this.#splitter = options.call.format.framing.splitter()
  }

  /** `look`: whether it brings any of the answer. */
  push(chunk: Buffer, look = false): StreamProgress {
    const frames: SseFrame[] = []
    this.#splitter.push(chunk, frames)
    if (look)
      this.content =
        this.#splitter.pending >= LARGE_BYTES || frames.some((frame) => this.#options.call.answer.brings(frame))
    const reading = this.#read(frames)
    if (reading.failure !== null || this.#splitter.pending + this.#heldBytes <= this.#options.bufferBytes)
      return reading
    return { ...reading, failure: tooLarge(this.#options.call.backend, 'event') }
  }

  /** The connection ended well. Engines that forget [DONE] are forgiven; an answer without a finish reason was cut (Ollama hides its errors so). */
  finish(): StreamProgress {
    try {
      return this.#finish()
    } catch {
      // Nothing above catches what a format throws at the end of a stream, and the caller would wait for ever.
      const failure = badAnswer(this.#options.call.backend, 'sent an answer of a shape that is not known', 200)
      return { out: null, done: false, finished: false, failure }
    }
  }

  #finish(): StreamProgress {
    const frames: SseFrame[] = []
    this.#splitter.flush(frames)
    const reading = this.#read(frames.filter((frame) => this.#options.call.answer.isWhole(frame)))
    if (reading.done || reading.failure !== null) return reading
    const { answer, backend } = this.#options.call
    if (this.#begun && (answer.finished || !answer.expectsFinishReason))
      return this.#end(reading.out === null ? [] : [reading.out])
    return { ...reading, failure: brokenOff(backend) }
  }

  #read(frames: readonly SseFrame[]): StreamProgress {
    const { call, retryAfterMs } = this.#options
    const { backend, answer } = call
    const out: Buffer[] = []
    for (const frame of frames) {
      // Before the answer has begun the gateway's own comments keep the line open.
      if (!this.started && frame.data === null) continue
      const verdict = answer.event(frame)
      switch (verdict.kind) {
        case 'send':
          this.#send(verdict.raw, out)
          if (verdict.last === true) return this.#end(out)
          break
        case 'swallow':
          break
        case 'fault':
          return reading(out, answerFault(backend, statusOf(verdict.fault), verdict.fault, retryAfterMs, call.asks))
        case 'garbage':
          return reading(out, badAnswer(backend, 'sent an event that is not JSON'))
        case 'done':
          if (!this.#begun) return reading(out, badAnswer(backend, 'sent an empty stream'))
          // Whoever gives reasons has cut the choice that has none.
          return answer.torn ? reading(out, brokenOff(backend)) : this.#end(out)
      }
    }
    return { out: join(out), done: false, finished: answer.finished, failure: null }
  }

  /** An answer without a word may be its end alone, which callers of some formats are told with the usage. */
  get #begun(): boolean {
    return this.started || this.#options.call.answer.begun
  }

  #send(raw: Buffer, out: Buffer[]): void {
    if (this.started) return void out.push(raw)
    this.#held.push(raw)
    this.#heldBytes += raw.length
    if (!this.#options.call.answer.begun) return
    this.started = true
    out.push(...this.#held.splice(0))
    this.#heldBytes = 0
  }

  #end(out: Buffer[]): StreamProgress {
    this.started = true
    out.unshift(...this.#held.splice(0))
    const last = this.#options.call.answer.complete(Date.now())
    if (last !== null) out.push(last)
    return { out: join(out), done: true, finished: true, failure: null }
  }
}

const reading = (out: readonly Buffer[], failure: GatewayError): StreamProgress => ({
  out: join(out),
  done: false,
  finished: false,
  failure,
})

/** Events that lie side by side, as those of one read do, are one view: nothing is copied. */
function join(out: readonly Buffer[]): Buffer | null {
  const first = out[0]
  if (first === undefined || out.length === 1) return first ?? null
  const { buffer, byteOffset: start } = first
  let end = start
  for (const piece of out) {
    if (piece.buffer !== buffer || piece.byteOffset !== end) return Buffer.concat(out)
    end += piece.length
  }
  return Buffer.from(buffer, start, end - start)
}
