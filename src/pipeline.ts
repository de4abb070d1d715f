/** The life of one request. Read this first. */
import type { ServerResponse } from 'node:http'
import type { Books } from './accounting/books.ts'
import type { Answers } from './answers/answers.ts'
import { RequestLife } from './accounting/request-life.ts'
import { reserve, withReservation } from './accounting/reserve.ts'
import { settle, type SettleTools } from './accounting/settle.ts'
import type { Fleet } from './backends/fleet/fleet.ts'
import type { ModelStats } from './decision/learn/model-stats.ts'
import type { Classifier } from './decision/classify/profile.ts'
import { clientClosed, toGatewayError } from './core/errors.ts'
import type { Caller, GatewayRequest, RequestProfile, RoutePlan } from './core/types.ts'
import type { Attempt } from './dispatch/attempt.ts'
import { Attempts } from './dispatch/attempts.ts'
import type { DispatchTools } from './dispatch/tools.ts'
import { subjectOf } from './accounting/subject.ts'
import type { Limiter } from './budgets/limiter.ts'
import type { Metrics } from './observe/gateway/metrics.ts'
import { asTold } from './formats/error-status.ts'
import type { CallerSide } from './formats/format.ts'
import { formatNamed } from './formats/formats.ts'
import { ResponseWriter } from './relay/response-writer.ts'
import { relay } from './relay/relay.ts'
import type { Conversations } from './decision/route/conversations.ts'
import { plan } from './decision/route/plan.ts'
import type { Policy } from './policy.ts'

/** What the stages work with; put together in app.ts. */
export interface Stages extends DispatchTools, SettleTools {
  readonly fleet: Fleet
  readonly lessons: ModelStats
  readonly books: Books
  readonly metrics: Metrics
  /** The one of this moment. */
  readonly policy: () => Policy
  readonly classify: Classifier
  readonly conversations: Conversations
  /** Null: none are kept. */
  readonly answers: Answers | null
  /** Budgets and limits. */
  readonly limiter: Limiter
  /** From 0 to 1. */
  readonly random: () => number
}

/** What a decision is made of. */
export type Deciding = Pick<Stages, 'policy' | 'now' | 'classify' | 'conversations' | 'limiter' | 'random'> & {
  readonly lessons: Pick<ModelStats, 'prefixes'>
}

/** What would be decided about a request, without the luck of the moment; see `decide`. */
export const dryRun = (request: GatewayRequest, stages: Deciding): RoutePlan =>
  decide(request, stages.classify(request), stages.policy(), { ...stages, random: () => 1 })

/** Answers `request` on `response` and settles it exactly once. Never rejects. `headers` are sent with any answer, and are the writer's from now on. */
export async function answer(
  request: GatewayRequest,
  profile: RequestProfile,
  caller: Caller,
  response: ServerResponse,
  headers: string[],
  stages: Stages,
): Promise<void> {
  // To the end of this request, whatever is configured meanwhile.
  const policy = stages.policy()
  const life = new RequestLife(request, stages.now)
  const format = formatNamed(request.endpoint.format, stages.formats).caller
  const writer = new ResponseWriter(response, life, format, headers, policy.limits)
  try {
    let plan = (life.plan = decide(request, profile, policy, stages))
    const [unsure] = plan.unsure
    if (
      unsure !== undefined &&
      (await stages.fleet.loadFirst(unsure, policy.limits.loadMs, leftOf(request, plan, stages)))
    )
      // By what is known since.
      plan = life.plan = decide(request, profile, stages.policy(), stages)
    if (plan.refusal !== null) throw plan.refusal
    plan.taken()
    stages.metrics.decided((stages.now() - request.startedAt) / 1000)
    const reserved = reserve(request, plan, stages.limiter)
    // Nothing else runs between a decision and its call, unless other gateways are asked: the next decision sees the load of this one.
    life.reservation = reserved instanceof Promise ? await reserved : reserved
    life.plan = withReservation(plan, life.reservation)
    life.attempts = new Attempts(request, life.plan, caller, stages)
    const attempt = await life.attempts.next()
    if (attempt === null) throw life.attempts.failure
    const relaying = relay(attempt, writer, life)
    if (relaying !== null) await relaying
    keep(request, attempt, format, stages.answers)
  } catch (thrown) {
    const error = caller.gone ? clientClosed() : asTold(toGatewayError(thrown), format)
    life.fail(error)
    writer.fail(error)
  } finally {
    caller.stop = null
    const settling = settle(life, stages)
    if (settling !== null) await settling
  }
}

/** How long it may wait before its first call, ms. */
const leftOf = (
  { startedAt, deadlineMs }: GatewayRequest,
  { limits }: RoutePlan,
  { now }: Pick<Stages, 'now'>,
): number => startedAt + Math.min(limits.totalMs, deadlineMs ?? Infinity) - now()

/** What its caller may go on from. An answer that cannot be kept was a good one all the same. */
function keep(request: GatewayRequest, { exchange }: Attempt, { kept }: CallerSide, answers: Answers | null): void {
  const whole = exchange.answer.whole ?? null
  if (answers === null || kept === undefined || whole === null) return
  try {
    const item = kept.record(request, whole)
    if (item !== null) answers.keep(request.principal.id, item)
  } catch {
    // Of a shape that nothing can be gone on from.
  }
}

/** What to call, and why; nothing is sent or learnt by it. Throws where nothing has the name that the request asks for. */
export function decide(request: GatewayRequest, profile: RequestProfile, policy: Policy, stages: Deciding): RoutePlan {
  const { conversations, lessons, limiter, random } = stages
  const now = stages.now()
  return plan(request, profile, policy.table, policy.limits, {
    now,
    utcHour: new Date().getUTCHours(),
    pressure: limiter.pressure(subjectOf(request, null), request.principal.budgets),
    recall: (affinity, ever) => conversations.recall(affinity, now, ever),
    random,
    prefixes: lessons.prefixes,
  })
}
