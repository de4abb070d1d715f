/** The life of one request. Read this first. */
import type { ServerResponse } from 'node:http'
import { costNanoUsd } from './accounting/cost.ts'
import { settle, type SettleTools } from './accounting/settle.ts'
import { classify } from './classify/profile.ts'
import { clientClosed, type GatewayError, toGatewayError } from './core/errors.ts'
import type { Limits } from './core/settings.ts'
import type { Caller, GatewayRequest, RoutePlan } from './core/types.ts'
import { type Committed, dispatch, type DispatchTools } from './dispatch/dispatch.ts'
import { callsMade, newTrail, overheadMs } from './core/trail.ts'
import type { HeaderList } from './relay/headers.ts'
import { Outlet } from './relay/outlet.ts'
import { relay } from './relay/relay.ts'
import { plan } from './route/plan.ts'
import type { RouteTable } from './route/table.ts'

/** What the stages work with; put together in app.ts. */
export interface Stages extends DispatchTools, SettleTools {
  readonly limits: Limits
  /** Routes and models as they stand now. */
  readonly table: () => RouteTable
}

/** Answers `request` on `response` and settles it exactly once. Never rejects. `headers` are sent with any answer. */
export async function answer(
  request: GatewayRequest,
  caller: Caller,
  response: ServerResponse,
  headers: HeaderList | null,
  stages: Stages,
): Promise<void> {
  const { now } = stages
  const trail = newTrail()
  let overhead = 0
  let route: RoutePlan | null = null
  let committed: Committed | null = null
  let error: GatewayError | null = null
  const outlet = new Outlet(response, {
    endpoint: request.endpoint,
    stream: request.stream,
    keepAliveMs: stages.limits.keepAliveMs,
    flushMs: stages.limits.idleMs,
    base: headers,
    now,
    facts: () => {
      overhead = overheadMs(request, trail, now())
      return {
        requestId: request.id,
        route: route?.route ?? error?.route ?? null,
        // A comment that keeps the line open may go out before it is known who will answer.
        deployment: committed === null && error === null ? null : trail.current,
        attempts: committed === null && error === null ? null : callsMade(trail),
        overheadMs: overhead,
      }
    },
  })

  try {
    const profile = classify(request)
    route = plan(request, profile, stages.table(), stages.limits, now(), new Date().getUTCHours())
    stages.metrics.decided((now() - request.startedAt) / 1000)
    committed = await dispatch(request, route, caller, trail, stages)
    const { price } = committed.deployment.facts
    error = await relay(committed, outlet, (usage) => costNanoUsd(usage, price))
  } catch (thrown) {
    error = caller.gone ? clientClosed() : toGatewayError(thrown)
    if (caller.gone) outlet.abandon()
    else outlet.fail(error)
  } finally {
    caller.stop = null
    const { status, bytes } = outlet
    settle(
      {
        request,
        plan: route,
        trail,
        committed,
        error,
        status: status ?? 499,
        bytesOut: bytes,
        overheadMs: overhead,
        now: now(),
      },
      stages,
    )
  }
}
