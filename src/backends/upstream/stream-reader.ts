/** Network chunks of an event stream -> what may go on to the caller, and how the stream stands. No effects. */
import { isObject } from '../../core/is-object.ts'
import type { GatewayError } from '../../core/errors.ts'
import { usageSoFar } from '../../formats/openai/estimate.ts'
import { hasSubstance } from '../../formats/openai/answer.ts'
import { readFrame } from '../../formats/openai/frames.ts'
import type { AnswerState } from '../../formats/openai/answer-state.ts'
import { frameText, isDone, type SseFrame, SseSplitter } from '../../formats/sse.ts'
import { usageEvent } from '../../formats/openai/usage-chunk.ts'
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
  readonly call: Pick<
    Call,
    'backend' | 'expectsFinishReason' | 'choices' | 'usage' | 'inputTokens' | 'envelope' | 'asks'
  >
  readonly track: AnswerState
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
  readonly #splitter = new SseSplitter()

  constructor(options: ReaderOptions) {
    this.#options = options
  }

  /** `look`: whether it brings any of the answer. */
  push(chunk: Buffer, look = false): StreamProgress {
    const frames: SseFrame[] = []
    this.#splitter.push(chunk, frames)
    if (look) this.content = this.#splitter.pending >= LARGE_BYTES || frames.some(brings)
    const reading = this.#read(frames)
    if (reading.failure !== null || this.#splitter.pending + this.#heldBytes <= this.#options.bufferBytes)
      return reading
    return { ...reading, failure: tooLarge(this.#options.call.backend, 'event') }
  }

  /** The connection ended well. Engines that forget [DONE] are forgiven; an answer without a finish reason was cut (Ollama hides its errors so). */
  finish(): StreamProgress {
    const frames: SseFrame[] = []
    this.#splitter.flush(frames)
    const reading = this.#read(frames.filter(isWhole))
    if (reading.done || reading.failure !== null) return reading
    if (this.started && (this.#finished || !this.#options.call.expectsFinishReason))
      return this.#end(reading.out === null ? [] : [reading.out])
    return { ...reading, failure: brokenOff(this.#options.call.backend) }
  }

  /** Every choice has said why it ended. */
  get #finished(): boolean {
    const { call, track } = this.#options
    return call.expectsFinishReason && track.choices.ended(call.choices)
  }

  #read(frames: readonly SseFrame[]): StreamProgress {
    const { call, track, retryAfterMs } = this.#options
    const { backend } = call
    const out: Buffer[] = []
    for (const frame of frames) {
      // Before the answer has begun the gateway's own comments keep the line open.
      if (!this.started && frame.data === null) continue
      const verdict = readFrame(frame, track, call.usage)
      switch (verdict.kind) {
        case 'send':
          this.#send(verdict.raw, out)
          break
        case 'swallow':
          break
        case 'fault':
          return reading(out, answerFault(backend, statusOf(verdict.fault), verdict.fault, retryAfterMs, call.asks))
        case 'garbage':
          return reading(out, badAnswer(backend, 'sent an event that is not JSON'))
        case 'done':
          if (!this.started) return reading(out, badAnswer(backend, 'sent an empty stream'))
          // Whoever gives reasons has cut the choice that has none.
          return track.choices.torn ? reading(out, brokenOff(backend)) : this.#end(out)
      }
    }
    return { out: join(out), done: false, finished: this.#finished, failure: null }
  }

  #send(raw: Buffer, out: Buffer[]): void {
    const { call, track } = this.#options
    if (this.started) return void out.push(raw)
    this.#held.push(raw)
    this.#heldBytes += raw.length
    if (call.expectsFinishReason && !track.choices.substance) return
    this.started = true
    out.push(...this.#held.splice(0))
    this.#heldBytes = 0
  }

  /** The answer is complete: its usage is settled, and told as the last thing to those who asked. */
  #end(out: Buffer[]): StreamProgress {
    const { call, track } = this.#options
    track.usage = usageSoFar(track, call.inputTokens, true)
    if (call.usage !== 'hidden' && call.expectsFinishReason) out.push(usageEvent(track, call.envelope, Date.now()))
    return { out: join(out), done: true, finished: true, failure: null }
  }
}

/** Whether an event has some of the answer in it: comments, pings and empty deltas have none. */
function brings(frame: SseFrame): boolean {
  if (frame.data === null || isDone(frame.data)) return false
  try {
    const { choices } = JSON.parse(frameText(frame)) as { readonly choices?: unknown }
    return (
      Array.isArray(choices) &&
      (choices as readonly unknown[]).some((choice) => isObject(choice) && hasSubstance(choice))
    )
  } catch {
    return false
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

const reading = (out: readonly Buffer[], failure: GatewayError): StreamProgress => ({
  out: join(out),
  done: false,
  finished: false,
  failure,
})

function join(out: readonly Buffer[]): Buffer | null {
  if (out.length <= 1) return out[0] ?? null
  return Buffer.concat(out)
}
