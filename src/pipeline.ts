/** The life of one request. Read this first. */
import type { ServerResponse } from 'node:http'
import { type Checker, fitAtOnce, isQuestion } from './accounting/fit.ts'
import { withReservation, reserve } from './accounting/hold.ts'
import { type Ending, explained, settle, type SettleTools, totalAtEnd } from './accounting/settle.ts'
import type { Classifier } from './decision/classify/profile.ts'
import { clientClosed, type GatewayError, toGatewayError } from './core/errors.ts'
import type { Caller, GatewayRequest, RoutePlan } from './core/types.ts'
import { type Committed, dispatch, type DispatchTools } from './dispatch/dispatch.ts'
import { subjectOf } from './accounting/subject.ts'
import type { Limiter, Reservation } from './budgets/limiter.ts'
import type { Metrics } from './observe/gateway/metrics.ts'
import { callsMade, newTrail, overheadMs } from './core/trail.ts'
import { formatNamed } from './formats/formats.ts'
import type { HeaderList } from './relay/headers.ts'
import { ResponseWriter } from './relay/response-writer.ts'
import { relay } from './relay/relay.ts'
import type { Conversations } from './decision/route/conversations.ts'
import { plan } from './decision/route/plan.ts'
import type { Policy } from './policy.ts'

/** What the stages work with; put together in app.ts. */
export interface Stages extends DispatchTools, SettleTools {
  readonly metrics: Metrics
  /** The one of this moment. */
  readonly policy: () => Policy
  readonly classify: Classifier
  readonly conversations: Conversations
  /** Budgets and limits. */
  readonly limiter: Limiter
  /** From 0 to 1. */
  readonly random: () => number
  /** Checks answers against schemas, off the event loop. */
  readonly checker: Checker
}

/** What a decision is made of. */
export type Deciding = Pick<Stages, 'policy' | 'now' | 'classify' | 'conversations' | 'limiter' | 'random'>

/** What would be decided about a request, without the luck of the moment; see `decide`. */
export const dryRun = (request: GatewayRequest, stages: Deciding): RoutePlan =>
  decide(request, stages.policy(), { ...stages, random: () => 1 })

/** Answers `request` on `response` and settles it exactly once. Never rejects. `headers` are sent with any answer. */
export async function answer(
  request: GatewayRequest,
  caller: Caller,
  response: ServerResponse,
  headers: HeaderList | null,
  stages: Stages,
): Promise<void> {
  const { now } = stages
  /** To the end of this request, whatever is configured meanwhile. */
  const policy = stages.policy()
  const format = formatNamed(request.endpoint.format, stages.formats).caller
  const trail = newTrail()
  let route: RoutePlan | null = null
  let reservation: Reservation | null = null
  let committed: Committed | null = null
  let error: GatewayError | null = null
  let endedAt: number | null = null
  /** Looked at when all of the answer is known, for what it tells of itself, and once more when it is sent: the end is the same. */
  const ending = (failure: GatewayError | null): Ending => {
    endedAt ??= now()
    return {
      request,
      plan: route,
      trail,
      committed,
      error: failure,
      status: outlet.status ?? 499,
      bytesOut: outlet.bytes,
      overheadMs: overheadMs(request, trail, outlet.headAt ?? endedAt),
      endedAt,
    }
  }
  const outlet: ResponseWriter = new ResponseWriter(response, {
    format,
    stream: request.stream,
    keepAliveMs: policy.limits.keepAliveMs,
    flushMs: policy.limits.idleMs,
    base: headers,
    now,
    facts: (headAt) => ({
      requestId: request.id,
      route: route?.route ?? null,
      // A comment that keeps the line open may go out before it is known who will answer.
      deployment: committed === null && error === null ? null : trail.current,
      attempts: committed === null && error === null ? null : callsMade(trail),
      overheadMs: overheadMs(request, trail, headAt),
      maxTokens: route?.maxTokens ?? null,
    }),
    explain: request.explain
      ? {
          record: (failure) => explained(ending(failure)),
          event: (record) => format.recordEvent(request, committed?.exchange.track ?? null, Date.now(), record),
        }
      : null,
  })

  try {
    route = decide(request, policy, stages)
    if (route.refusal !== null) throw route.refusal
    route.taken()
    stages.metrics.decided((now() - request.startedAt) / 1000)
    reservation = await reserve(request, route, stages.limiter)
    route = withReservation(route, reservation)
    committed = await dispatch(request, route, caller, trail, stages)
    error = await relay(committed, outlet, () => totalAtEnd(ending(null)))
  } catch (thrown) {
    error = caller.gone ? clientClosed() : toGatewayError(thrown)
    if (caller.gone) outlet.abandon()
    else outlet.fail(error)
  } finally {
    caller.stop = null
    const end = ending(error)
    const fit = fitAtOnce(end)
    settle(end, isQuestion(fit) ? await stages.checker.check(fit) : fit, reservation, stages)
  }
}

/** What to call, and why; nothing is sent or learnt by it. Throws where nothing has the name that the request asks for. */
export function decide(request: GatewayRequest, policy: Policy, stages: Deciding): RoutePlan {
  const { classify, conversations, limiter, random } = stages
  const now = stages.now()
  return plan(request, classify(request), policy.table, policy.limits, {
    now,
    utcHour: new Date().getUTCHours(),
    pressure: limiter.pressure(subjectOf(request, null), request.principal.budgets),
    recall: (affinity) => conversations.recall(affinity, now),
    random,
  })
}
