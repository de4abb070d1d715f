import type { GatewayRequest, RoutePlan } from '../core/types.ts'
import type { Limiter, Reservation } from '../limits/limiter.ts'
import { claimOf } from './claim.ts'
import { subjectOf } from './subject.ts'

/** Takes the most that a request may come to from all budgets that it counts against; null where there are none. Throws `budget_exceeded`. */
export function hold(
  request: GatewayRequest,
  plan: RoutePlan,
  limiter: Limiter,
): Reservation | Promise<Reservation> | null {
  const own = request.principal.budgets
  if (!limiter.binds(own)) return null
  return limiter.reserve(subjectOf(request, plan.route), own, claimOf(plan), request.id)
}
