/** A finished request, as what it may say of answers before it. Pure. */
import type { StepHashes } from '../core/request-record.ts'
import type { Deployment, GatewayRequest } from '../core/types.ts'
import type { Turn } from '../decision/learn/follow-ups.ts'
import type { RequestLife } from './request-life.ts'
import { userOf } from './subject.ts'
import type { FinalSummary } from './summary.ts'

/** Null: it is part of no conversation, or nothing was decided about it. */
export function turnOf(
  life: Pick<RequestLife, 'request' | 'plan' | 'answer' | 'error'>,
  summary: Pick<FinalSummary, 'totalMs' | 'verdict'>,
  step: StepHashes | null,
): Turn | null {
  const { request, plan, answer } = life
  if (plan === null || step === null) return null
  const { affinity, generates } = plan.profile
  if (affinity === null || !generates) return null
  const { deployment } = answer ?? { deployment: null }
  return {
    requestId: request.id,
    caller: request.principal.id,
    conversation: `${affinity}\n${userOf(request) ?? ''}\n${request.agent ?? ''}`,
    prompt: request.prompt,
    step: step.step,
    startedAt: request.startedAt,
    endedAt: request.startedAt + summary.totalMs,
    repeated: isRepeated(request),
    useful: life.error === null && summary.verdict.success,
    backend: deployment?.backend.name ?? '',
    model: deployment?.model ?? '',
    named: deployment !== null && isNamed(request.model, deployment),
    usdPerMtok: deployment === null ? null : usdPerMtokOf(deployment),
  }
}

/** The caller's SDK repeats a request that had failed. */
export const isRepeated = ({ headers }: Pick<GatewayRequest, 'headers'>): boolean =>
  Number(headers['x-stainless-retry-count'] ?? 0) > 0

/** By a name of this model and no other: not by one of a route, or of all. */
const isNamed = (name: string, { id, model, facts }: Deployment): boolean =>
  name === model || name === id || facts.aliases.includes(name)

function usdPerMtokOf({ facts: { price }, backend }: Deployment): number | null {
  return price?.outputPerMtok ?? price?.inputPerMtok ?? (backend.provider.local ? 0 : null)
}
