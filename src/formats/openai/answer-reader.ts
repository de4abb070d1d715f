/** One answer of a backend that speaks OpenAI's API. */
import type { GatewayRequest } from '../../core/types.ts'
import { isObject } from '../../core/is-object.ts'
import type { Steps } from '../../core/slices.ts'
import { AnswerCollector } from '../answer-collector.ts'
import type { AnswerHeaders, AnswerReader, BodyVerdict, EventVerdict, PieceRecoder, Reading } from '../format.ts'
import type { Piece } from '../piece.ts'
import { frameText, type SseFrame } from '../sse.ts'
import { usageSoFar } from '../usage-so-far.ts'
import { hasSubstance } from './answer.ts'
import { OpenAIAnswerState } from './answer-state.ts'
import { asEvents } from './as-events.ts'
import { readBody, readLargeBody } from './body.ts'
import { chargeInHeaders } from '../charge.ts'
import { isDone } from './done.ts'
import { readFrame } from './frames.ts'
import { openAIPrompt, OpenAIPrompt } from './prompt.ts'
import { piecesOf } from './pieces.ts'
import { recoderOf } from './recode.ts'
import { finishedBody, needsRewrite } from './shapes.ts'
import { usageEvent, type UsageWish, usageWish } from './usage-chunk.ts'

export class OpenAIAnswerReader implements AnswerReader {
  readonly state = new OpenAIAnswerState()
  readonly expectsFinishReason: boolean
  readonly #request: GatewayRequest
  readonly #inputTokens: number
  /** Who sees the usage of a stream. */
  readonly #usage: UsageWish
  /** How many choices were asked for. */
  readonly #choices: number

  constructor(request: GatewayRequest, { inputTokens, checks }: Reading) {
    const { prompt } = request
    this.#request = request
    this.#inputTokens = inputTokens
    // Callers of another format are told by its writer.
    this.#usage = prompt instanceof OpenAIPrompt ? usageWish(prompt) : 'hidden'
    this.#choices = prompt.prompts * prompt.choices
    // Chat and legacy completions end with a finish reason.
    this.expectsFinishReason = request.endpoint.streams
    this.state.collected = checks && new AnswerCollector(checks)
  }

  headers(headers: AnswerHeaders): void {
    if (!this.#request.stream) this.state.charge = chargeInHeaders(headers)
  }

  event(frame: SseFrame): EventVerdict {
    return readFrame(frame, this.state, this.#usage)
  }

  get begun(): boolean {
    return !this.expectsFinishReason || this.state.choices.substance
  }

  get finished(): boolean {
    return this.expectsFinishReason && this.state.choices.ended(this.#choices)
  }

  get torn(): boolean {
    return this.state.choices.torn
  }

  brings(frame: SseFrame): boolean {
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

  isWhole(frame: SseFrame): boolean {
    if (frame.data === null || isDone(frame.data)) return true
    try {
      JSON.parse(frameText(frame))
      return true
    } catch {
      return false
    }
  }

  body(body: Buffer): BodyVerdict {
    return readBody(body, this.#bodyState)
  }

  bodyInSteps(body: Buffer): Steps<BodyVerdict> {
    return readLargeBody(body, this.#bodyState)
  }

  get #bodyState(): OpenAIAnswerState {
    return this.#request.stream ? new OpenAIAnswerState() : this.state
  }

  asEvents(body: Buffer): Buffer | null {
    return asEvents(body)
  }

  finishedBody(body: Buffer): Buffer | Promise<Buffer> {
    return finishedBody(this.#request, body, this.state)
  }

  needsRewrite(head: Buffer): boolean {
    return needsRewrite(this.#request, head)
  }

  pieceRecoder(): PieceRecoder | null {
    return recoderOf(openAIPrompt(this.#request))
  }

  complete(nowMs: number): Buffer | null {
    const { state } = this
    state.settled = usageSoFar(state, this.#inputTokens, true)
    const tellsUsage = this.#request.stream && this.#usage !== 'hidden' && this.expectsFinishReason
    return tellsUsage ? usageEvent(state, this.#request, nowMs) : null
  }

  failed(): null {
    return null
  }

  pieces(bytes: Buffer): readonly Piece[] {
    return piecesOf(bytes)
  }
}
