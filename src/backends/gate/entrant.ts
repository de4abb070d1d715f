/** A request that asks for a place at a backend, and what it is told. Times are clock readings in ms. */
import type { ErrorCode } from '../../core/errors.ts'

export interface Entrant {
  /** Id of the key of the caller. */
  readonly caller: string
  /** The higher, the sooner. */
  readonly priority: number
  readonly model: string
  /** Tokens that it is expected to use. */
  readonly input: number
  readonly output: number
  /** Sent later than this (clock reading) its answer would come too late; Infinity: never. */
  readonly latest: number
  /** It can be served elsewhere where this backend fails. */
  readonly others: boolean
  /** Since when it has waited, at backends before this one: that counts as well. */
  readonly since: number
}

/**
 * Why a request got no place. `full`: no more requests may wait; `wait`: it would wait longer than any may; `deadline`: it would be too late
 * for the request; `moved`: the backend cannot be called any more.
 */
export const REFUSALS = ['full', 'wait', 'deadline', 'moved'] as const
export type RefusalReason = (typeof REFUSALS)[number]

export interface Refusal {
  readonly refused: RefusalReason
  /** What it would wait for: `rate`: the minute to pass, or a key that rests; `busy`: one of the places, all of which are taken. */
  readonly by: 'rate' | 'busy'
  /** The error for which its keys rest, that of the first that will be back; null: some key does not rest. */
  readonly rest: ErrorCode | null
  /** When one like it would have a place. */
  readonly retryAfterMs: number
}
