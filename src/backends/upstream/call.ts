import type { GatewayError } from '../../core/errors.ts'
import type { BackendSpec, Limits } from '../../core/settings.ts'
import type { Envelope, UsageWish } from '../../formats/openai/usage-chunk.ts'
import type { BackendPool } from './pools.ts'

/** Where the answer goes once it is committed. None of the three may throw. */
export interface Sink {
  /** Whole events (or bytes of a large JSON answer); false = stop until `resume`. */
  write(bytes: Buffer): boolean
  /** The answer is complete. */
  end(): void
  /** It broke off: say so to the caller. */
  fail(error: GatewayError): void
}

/** What one exchange needs to know. */
export interface Call {
  readonly backend: BackendSpec
  readonly pool: BackendPool
  /** On a new connection: a kept one was found closed. */
  readonly fresh: boolean
  readonly path: string
  readonly headers: Record<string, string>
  readonly body: Buffer
  readonly stream: boolean
  /** Chat and legacy completions end with a finish reason; without one the answer is cut. */
  readonly expectsFinishReason: boolean
  /** How many choices were asked for. */
  readonly choices: number
  /** Who sees the usage of a stream. */
  readonly usage: UsageWish
  /** What the prompt is expected to be, for answers that do not tell. */
  readonly inputTokens: number
  readonly envelope: Envelope
  readonly limits: Limits
  /** What is left for everything. */
  readonly totalMs: number
  /** It was the caller who set it. */
  readonly ownDeadline: boolean
  readonly now: () => number
  /** Whether the request asks for what goes by this name; see decision/classify/lacking.ts. */
  readonly asks?: (lack: string) => boolean
  /** Whether a whole answer that begins so must change its shape, so that it cannot pass through unread. */
  readonly needsRewrite: (head: Buffer) => boolean
}
