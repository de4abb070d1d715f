import type { GatewayRequest, RoutePlan } from '../core/types.ts'
import type { Limiter, Reservation } from '../budgets/limiter.ts'
import { bidOf } from './claim.ts'
import { subjectOf } from './subject.ts'

/** Takes the most that a request may come to from all budgets that it counts against; null where there are none. Throws `budget_exceeded`. */
export function reserve(
  request: GatewayRequest,
  plan: RoutePlan,
  limiter: Limiter,
): Reservation | Promise<Reservation> | null {
  const own = request.principal.budgets
  if (!limiter.binds(own)) return null
  return limiter.reserve(subjectOf(request, plan.route), own, bidOf(request, plan), request.id)
}

/** The plan as the budgets let it be followed. */
export function withReservation(plan: RoutePlan, reservation: Reservation | null): RoutePlan {
  const maxTokens = reservation?.maxTokens ?? null
  return maxTokens === null ? plan : plan.lowered(maxTokens)
}
