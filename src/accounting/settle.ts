/** The one place where the outcome of a request is recorded: fleet, budgets, observers, learning. Called exactly once, on every path out. */
import { loadOf } from '../core/load.ts'
import type { GatewayError } from '../core/errors.ts'
import type { RequestObserver, RequestRecord } from '../core/request-record.ts'
import type { CheckResult, Judgement, SpendEstimate, Total, Verdict } from '../core/settlement.ts'
import type { Deployment, GatewayRequest, RoutePlan, Target } from '../core/types.ts'
import type { Trail } from '../core/trail.ts'
import type { ModelStats } from '../decision/learn/model-stats.ts'
import type { Reservation } from '../budgets/limiter.ts'
import type { Conversations } from '../decision/route/conversations.ts'
import type { Fleet } from '../backends/fleet/fleet.ts'
import type { Place } from '../backends/fleet/places.ts'
import { outcomeOf } from '../observe/log/request-line.ts'
import type { Exchange } from '../backends/upstream/exchange.ts'
import { spentOf } from '../core/total.ts'
import { foreseenOf } from './claim.ts'
import { fitAtOnce, isQuestion } from './fit.ts'
import { summarise, triedOf } from './summarise.ts'
import { PENDING, verdictOf } from './verdict.ts'

export interface Ending {
  readonly request: GatewayRequest
  readonly plan: RoutePlan | null
  readonly trail: Trail
  /** Who answered; null where nobody did. */
  readonly committed: Answering | null
  readonly error: GatewayError | null
  readonly status: number
  readonly bytesOut: number
  readonly overheadMs: number
  /** When it ended; clock reading. */
  readonly endedAt: number
}

/** Who answers, and beside how many other calls. */
export interface Answering {
  readonly exchange: Exchange
  readonly deployment: Deployment
  readonly target: Target
  readonly open: number
  /** Null where none was taken. */
  readonly place: Place | null
}

export interface SettleTools {
  readonly fleet: Fleet
  readonly lessons: ModelStats
  readonly conversations: Conversations
  readonly observers: readonly RequestObserver[]
}

/** `fit`: how the content was found to fit. `reservation`: what was taken from budgets for the worst case; null = nothing. */
export function settle(
  ending: Ending,
  fit: CheckResult | null,
  reservation: Reservation | null,
  tools: SettleTools,
): void {
  const { request, plan, committed, error } = ending
  if (committed !== null) {
    const asked = plan && { request, profile: plan.profile }
    tools.fleet.end(committed.deployment, { endpoint: request.endpoint.id, error, asked }, committed.place)
  }
  const verdict = verdictOf(ending, fit)
  const decision = readsDecision(tools.observers, error !== null) ? (plan?.record ?? null) : null
  const record = summarise(ending, verdict, decision, Date.now())
  const spent = spentOf(record)
  reservation?.settle(spent)
  if (spent !== null) noteOverrun(ending, spent, reservation, tools.fleet)
  // Observers first: what was expected must not know this answer yet.
  for (const observer of tools.observers) observer.onCompleted(record)
  if (committed !== null && plan !== null) teach(ending, committed, plan, verdict, record, tools)
}

function readsDecision(observers: readonly RequestObserver[], failed: boolean): boolean {
  for (const { readsDecisions } of observers)
    if (readsDecisions === 'all' || (failed && readsDecisions === 'failed')) return true
  return false
}

/** What no price and no limit foretold is set aside from now on. */
function noteOverrun(ending: Ending, spent: SpendEstimate, reservation: Reservation | null, fleet: Fleet): void {
  const { request, plan } = ending
  const claim = reservation?.claim ?? null
  const last = triedOf(ending).at(-1)
  if (claim === null || plan === null || last === undefined) return
  if (spent.nanoUsd <= claim.nanoUsd && spent.tokens <= claim.tokens) return
  const { nanoUsd, tokens } = foreseenOf(request, plan)
  fleet.overran(last.target.deployment, { nanoUsd: spent.nanoUsd - nanoUsd, tokens: spent.tokens - tokens })
}

/** The decision with its outcome, as the answer that is about to end can show it; null where nothing was decided. Records nothing. */
export function explained(ending: Ending): object | null {
  if (ending.plan === null) return null
  const fit = fitAtOnce(ending)
  // The caller does not wait for a check in another thread: until then nobody knows whether the answer is of use.
  const verdict: Judgement = isQuestion(fit) ? PENDING : verdictOf(ending, fit)
  return { ...ending.plan.record, outcome: outcomeOf(summarise(ending, verdict, null, Date.now())) }
}

/** What all attempts took and cost, of an answer that is whole and about to be sent. */
export const totalAtEnd = (ending: Ending): Total => summarise(ending, PENDING, null, Date.now())

/** What the answer tells the next decision. */
function teach(
  { request, error, endedAt: now }: Ending,
  { exchange, target, open, place }: Answering,
  { profile, limits }: RoutePlan,
  verdict: Verdict,
  { ttftMs, streamMs, totalMs }: RequestRecord,
  { lessons, conversations }: SettleTools,
): void {
  const { deployment } = target
  const told = exchange.track.usage
  // What is a guess itself teaches nothing.
  const usage = told?.estimated === true ? null : told
  const before = profile.continues ? conversations.recall(profile.affinity, now) : null
  const whole = error === null
  lessons.learn({
    requestId: request.id,
    caller: request.principal.id,
    profile,
    target,
    load: loadOf(open),
    place: exchange.streamed ? place : null,
    usage,
    valid: verdict.score === null || verdict.censored ? null : verdict.score > 0,
    cut: verdict.censored,
    // Longer than that only a load takes, which says nothing about the next time.
    ttftMs: ttftMs !== null && ttftMs > limits.ttftMs ? null : ttftMs,
    // A whole answer that goes out as a stream has none.
    streamMs: whole && ttftMs !== null ? streamMs : null,
    totalMs: whole && ttftMs === null ? totalMs : null,
    before: before?.deployment === deployment.id ? before.tokens : null,
  })
  if (profile.affinity === null || !whole) return
  const tokens = usage === null ? profile.inputTokens : usage.input + usage.output
  conversations.remember(profile.affinity, { deployment: deployment.id, model: deployment.model, tokens, at: now })
}
