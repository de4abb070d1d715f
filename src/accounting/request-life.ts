/** The life of one request: its stages fill it, and what is reported of the request is read from it. */
import type { Reservation } from '../budgets/limiter.ts'
import type { GatewayError } from '../core/errors.ts'
import type { GatewayRequest, RoutePlan } from '../core/types.ts'
import type { Attempt } from '../dispatch/attempt.ts'
import type { Attempts } from '../dispatch/attempts.ts'
import { type EndedRequest, summarise, type Summary } from './summary.ts'

/** Times are clock readings in ms. */
export class RequestLife implements EndedRequest {
  readonly request: GatewayRequest
  /** Monotonic, ms. */
  readonly now: () => number
  /** The decision; null until there is one, and where nothing has the name that the request asks for. */
  plan: RoutePlan | null = null
  /** What was taken from budgets for the worst case; null = nothing. */
  reservation: Reservation | null = null
  attempts: Attempts | null = null
  /** Why it failed; null where it did not. */
  error: GatewayError | null = null
  /** Status that the caller saw; null while nothing was sent. */
  status: number | null = null
  /** When the headers went out; null while they did not. */
  headAt: number | null = null
  /** Bytes of bodies and events that were handed to the socket. */
  bytesOut = 0
  #summary: Summary | null = null

  constructor(request: GatewayRequest, now: () => number) {
    this.request = request
    this.now = now
  }

  /** The last attempt whose answer began; null where none did. */
  get answer(): Attempt | null {
    return this.attempts?.answer ?? null
  }

  /** To be read once nothing more will come: the answer that is about to leave and the record see the same end. */
  get summary(): Summary {
    return (this.#summary ??= summarise(this, this.now()))
  }

  /**
   * What the gateway itself took, in ms: before the first call, without what it waited in queues, and between the first frame and its departure. The headers may
   * go out before the frame, with a comment that keeps the connection open; where none went out, it is the end that counts.
   */
  get overheadMs(): number {
    const { startedAt } = this.request
    const leftAt = this.headAt ?? startedAt + this.summary.totalMs
    const sentAt = this.attempts?.made[0]?.startedAt ?? leftAt
    const frameAt = this.attempts?.first?.committedAt ?? leftAt
    return Math.max(0, sentAt - startedAt - this.#queuedFirst) + Math.max(0, leftAt - frameAt)
  }

  /** That it waited in queues before its first call; where there was none, in all. */
  get #queuedFirst(): number {
    const { attempts } = this
    return attempts === null ? 0 : attempts.queuedFirstMs
  }

  /** It ends with `error`, and the call that is open with it. */
  fail(error: GatewayError): void {
    this.error = error
    this.attempts?.end(error)
    this.#summary = null
  }
}
