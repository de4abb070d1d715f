/** A place at an engine that the gateway starts: at once, after its start or the turn of another one, or none. */
import type { Seat } from '../backends/engine/engines.ts'
import type { Lease, Refusal } from '../backends/engine/group.ts'
import type { Fleet } from '../backends/fleet/fleet.ts'
import { GatewayError } from '../core/errors.ts'
import { isUp } from '../core/backend-state.ts'
import type { Caller, GatewayRequest, RoutePlan, Target } from '../core/types.ts'

export interface Waiting {
  readonly request: GatewayRequest
  readonly plan: RoutePlan
  readonly caller: Caller
  /** Monotonic, ms. */
  readonly now: () => number
  /** Who is called where this engine is not: in order, and changed here. */
  readonly queue: Target[]
  readonly fleet: Pick<Fleet, 'seatOf'>
}

/** A wait so many times as long as was expected when the engine was chosen: its load time was misjudged, or others keep its place. */
const MUCH_LONGER = 2
/** Shorter waits are not worth a second choice. */
const LEAST_PATIENCE_MS = 2_000

/** An error: it did not start, too many wait, it took too long, or the caller has left. */
export function engineLease(seat: Seat, target: Target, waiting: Waiting): Lease | Promise<Lease | GatewayError> {
  return seat.enter() ?? waited(seat, target, waiting)
}

function waited(seat: Seat, target: Target, waiting: Waiting): Promise<Lease | GatewayError> {
  const { request, plan, caller, now, queue } = waiting
  const patienceMs = Math.max(LEAST_PATIENCE_MS, MUCH_LONGER * seat.waitMs)
  const ticket = seat.wait()
  const { limits } = plan
  const since = now()
  const left = request.startedAt + limits.totalMs - since
  const ownLeft = request.startedAt + (request.deadlineMs ?? Infinity) - since
  return new Promise((resolve) => {
    let over = false
    const end = (said: Lease | GatewayError): void => {
      over = true
      clearTimeout(timer)
      clearInterval(looking)
      caller.stop = null
      resolve(said)
    }
    const give = (error: GatewayError): void => {
      ticket.leave()
      end(error)
    }
    const expired = (): GatewayError => {
      if (ownLeft <= Math.min(limits.loadMs, left))
        return new GatewayError(
          'deadline_exceeded',
          'Not finished within the deadline of the request: its engine was not ready.',
        )
      if (left <= limits.loadMs)
        return new GatewayError('total_timeout', `Not finished within ${limits.totalMs} ms: its engine was not ready.`)
      const waitedFor = `${limits.loadMs / 1000} s`
      return refused(target, `was not ready for the request within ${waitedFor}`, 'overloaded', seat.waitMs)
    }
    const timer = setTimeout(() => give(expired()), Math.max(0, Math.min(limits.loadMs, left, ownLeft)))
    const looking = setInterval(() => {
      const ready = queue.findIndex((other) => isReady(other, waiting))
      if (ready < 0) return
      queue.unshift(...queue.splice(ready, 1))
      const waitedFor = `${Math.round((now() - since) / 1000)} s`
      give(refused(target, `was not ready within ${waitedFor}, and another one is`, 'overloaded', seat.waitMs))
    }, patienceMs)
    caller.stop = give
    void ticket.admitted.then((said) => {
      // It was let in when nobody waited any more.
      if (over) return 'end' in said ? said.end() : undefined
      end('end' in said ? said : refusalOf(said, target, seat))
    })
  })
}

/** It would be sent the request at once. */
function isReady({ deployment }: Target, { now, fleet }: Waiting): boolean {
  const { live, health } = deployment
  if (!isUp(live.state) || Math.max(health.ejectedUntil, health.retryAfterUntil, live.retryAfterUntil) > now())
    return false
  return (fleet.seatOf(deployment)?.waitMs ?? 0) === 0
}

function refusalOf({ why, retryMs }: Refusal, target: Target, seat: Seat): GatewayError {
  if (why === 'crowded') return refused(target, 'has too many requests that wait for it', 'overloaded', retryMs)
  return refused(target, seat.engine.failure ?? 'is not started any more', 'engine_failed', retryMs)
}

const refused = (
  { deployment }: Target,
  what: string,
  code: 'overloaded' | 'engine_failed',
  retryAfterMs: number,
): GatewayError =>
  new GatewayError(code, `The engine of backend "${deployment.backend.name}" ${what}.`, {
    retryAfterMs: Math.max(1_000, retryAfterMs),
  })
