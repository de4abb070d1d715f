/** Network chunks of an event stream -> what may go on to the caller, and how the stream stands. No effects. */
import { GatewayError } from '../core/errors.ts'
import { usageSoFar } from '../protocol/estimate.ts'
import { readFrame } from '../protocol/frames.ts'
import type { AnswerTrack } from '../protocol/track.ts'
import { frameText, isDone, type SseFrame, SseSplitter } from '../protocol/sse.ts'
import { usageEvent } from '../protocol/usage-chunk.ts'
import type { Call } from './call.ts'
import { answerFault, badAnswer, statusOf } from './fault.ts'

export interface Reading {
  /** Whole events to send on; null = none. */
  readonly out: Buffer | null
  /** The terminal event was there. */
  readonly done: boolean
  readonly failure: GatewayError | null
}

interface ReaderOptions {
  readonly call: Pick<Call, 'backend' | 'finishes' | 'usage' | 'inputTokens' | 'envelope' | 'asks'>
  readonly track: AnswerTrack
  /** Largest single event. */
  readonly bufferBytes: number
  readonly retryAfterMs: number | null
}

const NOTHING: Reading = { out: null, done: false, failure: null }

export class StreamReader {
  /** A real event (no comment, no error) was there. */
  started = false
  readonly #options: ReaderOptions
  readonly #splitter = new SseSplitter()

  constructor(options: ReaderOptions) {
    this.#options = options
  }

  push(chunk: Buffer): Reading {
    const frames: SseFrame[] = []
    this.#splitter.push(chunk, frames)
    const reading = this.#read(frames)
    if (reading.failure !== null || this.#splitter.pending <= this.#options.bufferBytes) return reading
    return { ...reading, failure: badAnswer(this.#options.call.backend, 'sent an event larger than `limits.buffer`') }
  }

  /** The connection ended well. Engines that forget [DONE] are forgiven; an answer without a finish reason was cut (Ollama hides its errors so). */
  finish(): Reading {
    const frames: SseFrame[] = []
    this.#splitter.flush(frames)
    const reading = this.#read(frames.filter(isWhole))
    if (reading.done || reading.failure !== null) return reading
    const { call, track } = this.#options
    const { backend, finishes } = call
    if (this.started && (track.finish !== null || !finishes))
      return this.#end(reading.out === null ? [] : [reading.out])
    return {
      ...reading,
      failure: new GatewayError('upstream_incomplete', `Backend "${backend.name}" broke off its answer.`),
    }
  }

  #read(frames: readonly SseFrame[]): Reading {
    const { call, track, retryAfterMs } = this.#options
    const { backend } = call
    if (frames.length === 0) return NOTHING
    const out: Buffer[] = []
    for (const frame of frames) {
      // Before the answer has begun the gateway's own comments keep the line open.
      if (!this.started && frame.data === null) continue
      const verdict = readFrame(frame, track, call.usage)
      switch (verdict.kind) {
        case 'send':
          this.started = true
          out.push(verdict.raw)
          break
        case 'swallow':
          break
        case 'fault':
          return reading(out, answerFault(backend, statusOf(verdict.fault), verdict.fault, retryAfterMs, call.asks))
        case 'garbage':
          return reading(out, badAnswer(backend, 'sent an event that is not JSON'))
        case 'done':
          return this.started ? this.#end(out) : reading(out, badAnswer(backend, 'sent an empty stream'))
      }
    }
    return { out: join(out), done: false, failure: null }
  }

  /** The answer is complete: its usage is settled, and told as the last thing to those who asked. */
  #end(out: Buffer[]): Reading {
    const { call, track } = this.#options
    track.usage = usageSoFar(track, call.inputTokens, true)
    if (call.usage !== 'hidden' && call.finishes) out.push(usageEvent(track, call.envelope, Date.now()))
    return { out: join(out), done: true, failure: null }
  }
}

/** Half of a last event is a cut, not an event. */
function isWhole(frame: SseFrame): boolean {
  if (frame.data === null || isDone(frame.data)) return true
  try {
    JSON.parse(frameText(frame))
    return true
  } catch {
    return false
  }
}

const reading = (out: readonly Buffer[], failure: GatewayError): Reading => ({ out: join(out), done: false, failure })

function join(out: readonly Buffer[]): Buffer | null {
  if (out.length <= 1) return out[0] ?? null
  return Buffer.concat(out)
}
