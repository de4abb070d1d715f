/** A request that has ended -> its record. Pure. */
import type { DecisionRecord } from '../core/record.ts'
import { requestedModel } from '../core/requested-model.ts'
import { lastAnswer, type RequestRecord } from '../core/request-record.ts'
import type { Judgement, Tried } from '../core/settlement.ts'
import { totalOf } from '../core/total.ts'
import type { RoutePlan } from '../core/types.ts'
import { stepOf } from './step.ts'
import { failureOf } from '../observe/log/failure.ts'
import { attemptsOf } from './attempts.ts'
import type { Answering, Ending } from './settle.ts'
import { userOf } from './subject.ts'

/**
 * `verdict`: `success` is null while the content of the answer is still to be checked. `decision`: in its written form; null where
 * nothing reads it. `endedAt`: epoch ms.
 */
export function summarise<S extends boolean | null>(
  ending: Ending,
  verdict: Judgement & { readonly success: S },
  decision: DecisionRecord | null,
  endedAt: number,
): RequestRecord<S> {
  const { committed, error, request, trail, plan } = ending
  const { endpoint, principal, trace, prompt } = request
  const track = committed?.exchange.track ?? null
  const attempts = attemptsOf({ plan, startedAt: request.startedAt, tried: triedOf(ending), track, why: verdict.why })
  const { tokens, cost, partial, waste } = totalOf(attempts)
  const place = lastAnswer({ attempts }) ?? attempts.at(-1) ?? NOWHERE
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
    repeated: Number(request.headers['x-stainless-retry-count'] ?? 0) > 0,
    step: stepOf(prompt),
    planned: decided.planned,
    strategy: decided.strategy,
    class: decided.class,
    explored: decided.explored,
    affinity: decided.affinity,
    maxTokens: decided.maxTokens,
    baseline: decided.baseline,
    decision,
    attempts,
    calls: attempts.length,
    answered: committed !== null,
    backend: place.backend,
    model: place.model,
    effort: place.effort,
    tokens,
    cost,
    partial,
    waste,
    ttftMs: committed?.exchange.ttftMs ?? null,
    totalMs: ending.endedAt - request.startedAt,
    streamMs: trail.committedAt === null ? null : ending.endedAt - trail.committedAt,
    overheadMs: ending.overheadMs,
    endedAt,
    finish: track?.finish ?? null,
    success: verdict.success,
    score: verdict.score,
    why: verdict.why,
    status: error?.code === 'client_closed' ? error.status : ending.status,
    error: error?.code ?? null,
    failure: error === null ? null : failureOf(error),
    bytesOut: ending.bytesOut,
  }
}

const NOWHERE = { backend: null, model: null, effort: null }

type Decided = Pick<
  RequestRecord,
  'route' | 'planned' | 'strategy' | 'class' | 'explored' | 'affinity' | 'maxTokens' | 'baseline'
>

const UNDECIDED: Decided = {
  route: null,
  planned: false,
  strategy: null,
  class: null,
  explored: null,
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
        affinity: plan.profile.affinity,
        maxTokens: plan.maxTokens,
        baseline: plan.refusal === null ? plan.baseline() : null,
      }

/** All calls, the answering one included. */
export const triedOf = (ending: Ending): readonly Tried[] =>
  ending.committed === null ? ending.trail.tried : [...ending.trail.tried, answering(ending.committed, ending)]

const answering = ({ exchange, target, open }: Answering, { trail, error, endedAt }: Ending): Tried => ({
  target,
  startedAt: trail.lastSentAt ?? endedAt,
  endedAt: exchange.endedAt ?? endedAt,
  status: exchange.status,
  error,
  ttftMs: exchange.ttftMs,
  open,
  sent: true,
  told: null,
})
