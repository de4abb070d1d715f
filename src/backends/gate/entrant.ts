/** A request that asks for a place at a backend, and what it is told. Times are clock readings in ms. */
import type { ErrorCode } from '../../core/errors.ts'

export interface Entrant {
  /** Id of the key of the caller. */
  readonly caller: string
  /** The higher, the sooner. */
  readonly priority: number
  readonly model: string
  /** Tokens that it is expected to take. */
  readonly input: number
  readonly output: number
  /** It is of no use if it is sent later; Infinity: it always is. */
  readonly latest: number
  /** It can be served elsewhere where this backend fails. */
  readonly others: boolean
}

/** Why a request got no place. `full`: as many wait as may; `wait`: longer than one may; `deadline`: longer than it can; `moved`: the backend cannot be called any more. */
export const REFUSALS = ['full', 'wait', 'deadline', 'moved'] as const
export type RefusalReason = (typeof REFUSALS)[number]

export interface Refusal {
  readonly refused: RefusalReason
  /** What holds it up: `rate_limited` by the minute, or a key that rests; `busy`: its places are taken. */
  readonly by: 'rate' | 'busy'
  /** What its key, or the last of them, was refused by; null: none rests. */
  readonly rest: ErrorCode | null
  /** When one like it would have a place. */
  readonly retryAfterMs: number
}
