/** A request that has ended -> its record. Pure. */
import { requestedModel } from '../core/requested-model.ts'
import { type DecisionReads, lastAnswer, type RequestRecord } from '../core/request-record.ts'
import { NO_TRIALS } from '../core/trial.ts'
import type { RoutePlan } from '../core/types.ts'
import { failureRecordOf } from '../observe/log/failure.ts'
import type { RequestLife } from './request-life.ts'
import { userOf } from './subject.ts'
import { isRepeated } from './turn.ts'
import type { FinalSummary } from './summary.ts'

/** A request whose end is settled. */
export interface SettledRequest {
  readonly life: RequestLife
  readonly summary: FinalSummary
  /** Epoch ms. */
  readonly endedAt: number
}

/** `reads`: of those who will read the record, which decisions. `step`, `hinted`: as the record has them. */
export function recordOf(
  { life, summary, endedAt }: SettledRequest,
  reads: readonly DecisionReads[],
  step: RequestRecord['step'],
  hinted: RequestRecord['hinted'],
): RequestRecord {
  const { request, plan, error, status, overheadMs, bytesOut } = life
  const { endpoint, principal, trace, prompt } = request
  const { attempts, total, verdict } = summary
  const answer = lastAnswer(summary)
  const place = answer ?? attempts.at(-1) ?? NOWHERE
  const decided = decidedOf(plan)
  return {
    id: request.id,
    key: principal.id,
    team: principal.team,
    user: userOf(request),
    route: decided.route,
    session: request.session,
    agent: request.agent,
    endpoint: endpoint.id,
    path: endpoint.path,
    requestedModel: requestedModel(request.model, plan !== null),
    stream: request.stream,
    labels: principal.labels,
    trace,
    sampling: trace?.sampled === true ? prompt.sampling : null,
    explained: request.explain,
    repeated: isRepeated(request),
    step,
    hinted,
    planned: decided.planned,
    strategy: decided.strategy,
    class: decided.class,
    explored: decided.explored,
    trials: decided.trials,
    affinity: decided.affinity,
    maxTokens: decided.maxTokens,
    baseline: decided.baseline,
    decision: plan !== null && isRead(reads, error !== null) ? plan.decision : null,
    attempts,
    calls: attempts.length,
    answered: answer !== null,
    backend: place.backend,
    model: place.model,
    effort: place.effort,
    tokens: total.tokens,
    cost: total.cost,
    partial: total.partial,
    waste: total.waste,
    ttftMs: summary.ttftMs,
    totalMs: summary.totalMs,
    streamMs: summary.streamMs,
    queueMs: life.attempts?.queuedMs ?? 0,
    overheadMs,
    endedAt,
    finish: summary.finish,
    success: verdict.success,
    score: verdict.score,
    why: verdict.why,
    status: error?.code === 'client_closed' ? error.status : (status ?? 499),
    error: error?.code ?? null,
    failure: error === null ? null : failureRecordOf(error),
    bytesOut,
  }
}

/** To write a decision out takes longer than to make it. */
const isRead = (reads: readonly DecisionReads[], failed: boolean): boolean =>
  reads.includes('all') || (failed && reads.includes('failed'))

const NOWHERE = { backend: null, model: null, effort: null }

type Decided = Pick<
  RequestRecord,
  'route' | 'planned' | 'strategy' | 'class' | 'explored' | 'trials' | 'affinity' | 'maxTokens' | 'baseline'
>

const UNDECIDED: Decided = {
  route: null,
  planned: false,
  strategy: null,
  class: null,
  explored: null,
  trials: NO_TRIALS,
  affinity: null,
  maxTokens: null,
  baseline: null,
}

const decidedOf = (plan: RoutePlan | null): Decided =>
  plan === null
    ? UNDECIDED
    : {
        route: plan.route,
        planned: plan.refusal === null,
        strategy: plan.strategy,
        class: plan.profile.class,
        explored: plan.explored,
        trials: plan.trials,
        affinity: plan.profile.affinity,
        maxTokens: plan.maxTokens,
        baseline: plan.refusal === null ? plan.baseline() : null,
      }
