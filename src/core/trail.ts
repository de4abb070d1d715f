/** What has happened to a request so far; filled while attempts are made, so that a failure leaves its trail too. */
import type { Attempt, Deployment, GatewayRequest } from './types.ts'

export interface Trail {
  /** Finished attempts; the one that is answering joins them when it is settled. */
  readonly attempts: Attempt[]
  /** Whom we are asking now. */
  current: Deployment | null
  /** Clock readings: the first call, and the first frame in hand. */
  firstSentAt: number | null
  committedAt: number | null
}

export const newTrail = (): Trail => ({ attempts: [], current: null, firstSentAt: null, committedAt: null })

/** Calls made so far, the open one included. */
export const callsMade = (trail: Trail): number => trail.attempts.length + (trail.current === null ? 0 : 1)

/** What the gateway itself took until `now`: before the first call, and between the first frame and its departure. ms. */
export function overheadMs(request: GatewayRequest, trail: Trail, now: number): number {
  return (trail.firstSentAt ?? now) - request.startedAt + (trail.committedAt === null ? 0 : now - trail.committedAt)
}
