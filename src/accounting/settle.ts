/** The one place where the outcome of a request is recorded: fleet, metrics and log. Called exactly once, on every path out. */
import type { GatewayError } from '../core/errors.ts'
import type {
  Attempt,
  DecisionRecord,
  Deployment,
  Fit,
  GatewayRequest,
  RoutePlan,
  Settlement,
  Target,
} from '../core/types.ts'
import type { Trail } from '../core/trail.ts'
import type { Lessons } from '../learn/lessons.ts'
import type { Conversations } from '../route/memory.ts'
import type { Fleet } from '../fleet/fleet.ts'
import { type Log, outcomeOf, requestLine } from '../observe/log.ts'
import type { Metrics } from '../observe/metrics.ts'
import type { Exchange } from '../upstream/exchange.ts'
import { costNanoUsd } from './cost.ts'
import { verdictOf } from './verdict.ts'
import { wasteOf } from './waste.ts'

export interface Ending {
  readonly request: GatewayRequest
  readonly plan: RoutePlan | null
  readonly trail: Trail
  /** Who answered; null where nobody did. */
  readonly committed: Answering | null
  readonly error: GatewayError | null
  /** How the content fits what was asked; null where nothing was to be checked. */
  readonly fit: Fit | null
  readonly status: number
  readonly bytesOut: number
  readonly overheadMs: number
  readonly now: number
}

/** Who answers, and beside how many other calls. */
export interface Answering {
  readonly exchange: Exchange
  readonly deployment: Deployment
  readonly target: Target
  readonly open: number
}

export interface SettleTools {
  readonly fleet: Fleet
  readonly metrics: Metrics
  readonly log: Log
  readonly lessons: Lessons
  readonly conversations: Conversations
}

export function settle(ending: Ending, tools: SettleTools): void {
  const { fleet, metrics, log } = tools
  const { request, plan, committed, error, trail } = ending
  if (committed !== null) {
    fleet.end(committed.deployment, { endpoint: request.endpoint.id, error })
    trail.attempts.push(lastAttempt(committed, error))
  }
  const settlement = summarise(ending)
  if (committed !== null && plan !== null) teach(ending, committed, plan, settlement, tools)
  metrics.settled(request, plan, settlement)
  const line = requestLine(request, plan?.record ?? error?.record ?? null, settlement)
  if (error?.source === 'turnout' || error?.source === 'upstream') log.requests.warn(line)
  else log.requests.info(line)
}

const lastAttempt = ({ exchange, deployment }: Answering, error: GatewayError | null): Attempt => ({
  backend: deployment.backend.name,
  model: deployment.model,
  status: exchange.status,
  error: error?.code ?? null,
  ttftMs: exchange.ttftMs,
})

/** The decision with its outcome, as the answer that is about to end can tell it; null where nothing was decided. Records nothing. */
export function explained(ending: Ending): object | null {
  const { committed, trail, error } = ending
  const record: DecisionRecord | null = ending.plan?.record ?? error?.record ?? null
  if (record === null) return null
  const attempts = committed === null ? trail.attempts : [...trail.attempts, lastAttempt(committed, error)]
  return { ...record, outcome: outcomeOf(summarise({ ...ending, trail: { ...trail, attempts } })) }
}

/** What is known at the end, in one value. Pure. */
function summarise(ending: Ending): Settlement {
  const { committed, error, request } = ending
  const track = committed?.exchange.track ?? null
  const usage = track?.usage ?? null
  const verdict = verdictOf(ending)
  const { success, why } = verdict
  return {
    attempts: ending.trail.attempts,
    usage,
    costNanoUsd: costNanoUsd(usage, committed?.deployment.facts.price ?? null),
    waste: success ? null : wasteOf({ plan: ending.plan, trail: ending.trail, track, error, why }),
    answered: committed !== null,
    ttftMs: committed?.exchange.ttftMs ?? null,
    totalMs: ending.now - request.startedAt,
    streamMs: ending.trail.committedAt === null ? null : ending.now - ending.trail.committedAt,
    overheadMs: ending.overheadMs,
    finish: track?.finish ?? null,
    success,
    verdict,
    status: error?.code === 'client_closed' ? error.status : ending.status,
    error,
    bytesOut: ending.bytesOut,
  }
}

/** What the answer tells the next decision. */
function teach(
  { request, error, now }: Ending,
  { exchange, target, open }: Answering,
  { profile }: RoutePlan,
  { usage, verdict, ttftMs, streamMs, totalMs }: Settlement,
  { lessons, conversations }: SettleTools,
): void {
  const { deployment } = target
  const before = profile.continues ? conversations.recall(profile.affinity, now) : null
  const whole = error === null
  lessons.learn({
    requestId: request.id,
    caller: request.principal.id,
    profile,
    target,
    open,
    usage,
    valid: verdict.score === null || verdict.censored ? null : verdict.score > 0,
    cut: verdict.censored,
    ttftMs,
    streamMs: whole && exchange.streamed ? streamMs : null,
    totalMs: whole && !exchange.streamed ? totalMs : null,
    before: before?.deployment === deployment.id ? before.tokens : null,
  })
  if (profile.affinity === null || !whole) return
  const tokens = usage === null ? profile.inputTokens : usage.input + usage.output
  conversations.remember(profile.affinity, { deployment: deployment.id, model: deployment.model, tokens, at: now })
}
