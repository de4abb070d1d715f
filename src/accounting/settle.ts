/** The one place where the outcome of a request is recorded: fleet, budgets, observers, model statistics. Called exactly once, on every path out. */
import type { Fleet } from '../backends/fleet/fleet.ts'
import type { Emit } from '../core/events.ts'
import type { RequestObserver, RequestRecord } from '../core/request-record.ts'
import type { SpendEstimate } from '../core/settlement.ts'
import { spentOf } from '../core/total.ts'
import type { RoutePlan } from '../core/types.ts'
import type { ModelStats } from '../decision/learn/model-stats.ts'
import type { Conversations } from '../decision/route/conversations.ts'
import type { Attempt } from '../dispatch/attempt.ts'
import { thrownOf } from '../observe/log/failure.ts'
import { foreseenOf } from './claim.ts'
import type { Checker } from './fit.ts'
import type { RequestLife } from './request-life.ts'
import { recordOf } from './request-record.ts'
import { concluded, type FinalSummary } from './summary.ts'

export interface SettleTools {
  readonly fleet: Pick<Fleet, 'overran'>
  readonly lessons: Pick<ModelStats, 'learn'>
  readonly conversations: Conversations
  /** Checks answers against schemas, off the event loop. */
  readonly checker: Checker
  readonly observers: readonly RequestObserver[]
  readonly emit: Emit
}

export async function settle(life: RequestLife, tools: SettleTools): Promise<void> {
  life.attempts?.end(life.error)
  const { summary, plan } = life
  const final = summary.check === null ? summary : concluded(life, summary, await tools.checker.check(summary.check))
  const decision = readsDecision(tools.observers, life.error !== null) ? (plan?.decision ?? null) : null
  const record = recordOf(life, final, decision, Date.now())
  const spent = spentOf(record)
  life.reservation?.settle(spent)
  if (spent !== null) noteOverrun(life, spent, tools.fleet)
  // Observers first: what was expected must not know this answer yet.
  for (const observer of tools.observers) report(record, observer, tools.emit)
  if (plan === null) return
  for (const attempt of life.attempts?.made ?? []) if (attempt.answered) teach(attempt, life, plan, final, tools)
}

/** One that throws keeps the record from no other, nor the answer from what is learnt of it. */
function report(record: RequestRecord, observer: RequestObserver, emit: Emit): void {
  try {
    observer.onCompleted(record)
  } catch (thrown) {
    emit({ event: 'observer_failed', ...thrownOf(thrown) })
  }
}

function readsDecision(observers: readonly RequestObserver[], failed: boolean): boolean {
  for (const { readsDecisions } of observers)
    if (readsDecisions === 'all' || (failed && readsDecisions === 'failed')) return true
  return false
}

/** What no price and no limit foretold is set aside from now on. */
function noteOverrun(life: RequestLife, spent: SpendEstimate, fleet: SettleTools['fleet']): void {
  const { request, plan, reservation, attempts } = life
  const claim = reservation?.claim ?? null
  const attempt = life.answer ?? attempts?.made.at(-1)
  if (claim === null || plan === null || attempt === undefined) return
  if (spent.nanoUsd <= claim.nanoUsd && spent.tokens <= claim.tokens) return
  const { nanoUsd, tokens } = foreseenOf(request, plan)
  fleet.overran(attempt.deployment, { nanoUsd: spent.nanoUsd - nanoUsd, tokens: spent.tokens - tokens })
}

/** What the next decision learns from an answer. */
function teach(
  attempt: Attempt,
  life: RequestLife,
  { profile, limits }: RoutePlan,
  { totalMs, verdict }: FinalSummary,
  { lessons, conversations }: SettleTools,
): void {
  const { request } = life
  const { target, deployment, exchange, load, place, error } = attempt
  const now = request.startedAt + totalMs
  const reported = exchange.track.reported
  // What is a guess itself teaches nothing.
  const usage = reported?.estimated === true ? null : reported
  const before = profile.continues ? conversations.recall(profile.affinity, now) : null
  const whole = error === null
  const { ttftMs } = exchange
  // The verdict is about the answer that came last.
  const isJudged = attempt === life.answer
  lessons.learn({
    requestId: request.id,
    caller: request.principal.id,
    profile,
    target,
    load,
    place: exchange.streamed ? place : null,
    usage,
    valid: !isJudged || verdict.score === null || verdict.censored ? null : verdict.score > 0,
    cut: isJudged && verdict.censored,
    // Longer than that only a load takes, which says nothing about the next time.
    ttftMs: ttftMs !== null && ttftMs > limits.ttftMs ? null : ttftMs,
    // A whole answer that goes out as a stream has none.
    streamMs: whole && ttftMs !== null ? now - attempt.committedAt! : null,
    totalMs: whole && ttftMs === null ? now - attempt.startedAt : null,
    before: before?.deployment === deployment.id ? before.tokens : null,
  })
  if (profile.affinity === null || !whole) return
  const tokens = usage === null ? profile.inputTokens : usage.input + usage.output
  conversations.remember(profile.affinity, { deployment: deployment.id, model: deployment.model, tokens, at: now })
}
