/** Attempts -> their records: what each call took, cost and wasted. Pure. */
import { ERRORS } from '../core/errors.ts'
import type { AttemptRecord } from '../core/request-record.ts'
import type { Usage, Verdict, Waste } from '../core/settlement.ts'
import type { RoutePlan } from '../core/types.ts'
import type { Attempt } from '../dispatch/attempt.ts'
import type { AnswerState } from '../formats/answer-state.ts'
import { usageReported } from '../formats/usage-so-far.ts'
import { costOf, engineSeconds } from './cost.ts'
import { usageOfAnswer, usageOfFailure } from './estimate.ts'

/**
 * `startedAt`, `endedAt`: of the request; clock readings in ms. What was wasted on a complete answer comes with its verdict:
 * `withWaste`.
 */
export const recordsOf = (
  made: readonly Attempt[],
  plan: RoutePlan | null,
  startedAt: number,
  endedAt: number,
): AttemptRecord[] => made.map((attempt, index) => recordOf(attempt, made[index + 1] ?? null, plan, startedAt, endedAt))

function recordOf(
  attempt: Attempt,
  next: Attempt | null,
  plan: RoutePlan | null,
  requestStartedAt: number,
  requestEndedAt: number,
): AttemptRecord {
  const { target, exchange, startedAt, load, error, answered } = attempt
  const { backend, model, facts } = target.deployment
  const { track } = exchange
  const endedAt = attempt.endedAt ?? exchange.endedAt ?? requestEndedAt
  const usage = usageOf(attempt, plan)
  return {
    backend: backend.name,
    model,
    effort: target.effort,
    format: attempt.askedAt.format,
    lossy: namesOf(attempt.lossy),
    status: exchange.status,
    error: error?.code ?? null,
    answered,
    ttftMs: exchange.ttftMs,
    startedMs: startedAt - requestStartedAt,
    totalMs: endedAt - startedAt,
    answeredAs: answered ? nameOf(model, track.model) : null,
    chunks: answered ? track.size.events : 0,
    usage,
    cost: costOf(usage, facts.price, engineSeconds({ startedAt, endedAt, open: load.open })),
    waste: wasteOfFailure(attempt, next, usage),
    expected: answered ? (plan?.expected(target) ?? null) : null,
  }
}

const MOST_LOST = 16
const MEMBER = /^[a-z][\w. -]{0,63}$/i

/** Callers name the members of their bodies as they like, and what is recorded holds no text of theirs. */
function namesOf(lossy: readonly string[]): readonly string[] {
  if (lossy.length === 0) return lossy
  return [...new Set(lossy.map((name) => (MEMBER.test(name) ? name : 'other')))].slice(0, MOST_LOST)
}

/** What follows the name of a model in that of a version of it. */
const VERSION = /^[-@:]\d[\d.-]{0,15}$/

/** The model that answered, as its engine names it: the one that was called, or a dated version of it. Any other text may be anything. */
function nameOf(model: string, named: string | null): string | null {
  if (named === null || named === model) return named
  return named.startsWith(model) && VERSION.test(named.slice(model.length)) ? named : 'other'
}

/** Null where the backend did no work that is known of. */
function usageOf(attempt: Attempt, plan: RoutePlan | null): Usage | null {
  const { exchange, error, answered } = attempt
  if (answered) return usageOfAnswer(exchange.track, attempt, plan)
  const reported = usageReported(exchange.track)
  const worked = reported !== null || (exchange.sent && error !== null && ERRORS[error.code].atWork)
  return worked ? usageOfFailure(reported, attempt, plan) : null
}

/** Of a call that failed, before its answer began or in the middle of it: all that it took. */
function wasteOfFailure({ error, deployment }: Attempt, next: Attempt | null, usage: Usage | null): Waste | null {
  if (error === null || usage === null) return null
  const tokens = usage.input + usage.output
  if (error.code === 'client_closed') return { reason: 'client_abort', tokens }
  if (next === null) return { reason: 'truncated', tokens }
  return { reason: next.deployment === deployment ? 'retry' : 'failover', tokens }
}

/** The records with what was wasted on a complete answer, that of the attempt at `index`. `why`: of its verdict. */
export function withWaste(
  records: readonly AttemptRecord[],
  index: number,
  track: AnswerState,
  why: Verdict['why'],
): readonly AttemptRecord[] {
  const record = records[index]!
  const reason = record.error === null ? wasteReasonOf(track, why) : null
  if (reason === null || record.usage === null) return records
  const tokens = record.usage.input + record.usage.output
  return records.with(index, { ...record, waste: { reason, tokens } })
}

/** What made a complete answer useless; null for a useful one. */
export function wasteReasonOf({ content }: Pick<AnswerState, 'content'>, why: Verdict['why']): Waste['reason'] | null {
  if (why === null || why === 'unchecked') return null
  if (why === 'refusal' || why === 'truncated' || why === 'empty') return why
  if (why !== 'finish') return 'invalid_output'
  return content ? 'truncated' : 'empty'
}
