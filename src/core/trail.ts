/** What has happened to a request so far; filled while attempts are made, so that a failure leaves its trail too. */
import type { Deployment, GatewayRequest } from './types.ts'
import type { Tried } from './settlement.ts'

export interface Trail {
  /** Finished attempts; the one that is answering joins them when it is settled. */
  readonly tried: Tried[]
  /** Whom we are asking now. */
  current: Deployment | null
  /** Clock readings: the first call, the last call, and the first frame in hand. */
  firstSentAt: number | null
  lastSentAt: number | null
  committedAt: number | null
}

export const newTrail = (): Trail => ({
  tried: [],
  current: null,
  firstSentAt: null,
  lastSentAt: null,
  committedAt: null,
})

/** Calls made so far, the open one included. */
export const callsMade = (trail: Trail): number => trail.tried.length + (trail.current === null ? 0 : 1)

/**
 * What the gateway itself took, in ms: before the first call, and between the first frame and its departure. `leftAt`: when
 * the headers went out, or, where none did, when the request ended; a comment that keeps the line open may go before the frame.
 */
export function overheadMs(request: GatewayRequest, { firstSentAt, committedAt }: Trail, leftAt: number): number {
  return (firstSentAt ?? leftAt) - request.startedAt + (committedAt === null ? 0 : Math.max(0, leftAt - committedAt))
}
