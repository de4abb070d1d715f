import type { GatewayError } from '../../core/errors.ts'
import type { BackendSpec, Limits } from '../../core/settings.ts'
import type { AnswerReader, BackendSide } from '../../formats/format.ts'
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
  /** Pieces of it, one at least. */
  readonly body: readonly Buffer[]
  readonly stream: boolean
  /** The side of the wire format in which it is made. */
  readonly format: Pick<BackendSide, 'readFault' | 'framing'>
  /** Reads what it answers. */
  readonly answer: AnswerReader
  readonly limits: Limits
  /** What is left for everything. */
  readonly totalMs: number
  /** It was the caller who set it. */
  readonly ownDeadline: boolean
  readonly now: () => number
  /** Clock reading from which its first token is waited for; absent: it is sent at once. */
  readonly since?: number
  /** Whether the request asks for what goes by this name; see decision/classify/lacking.ts. */
  readonly asks?: (lack: string) => boolean
}
