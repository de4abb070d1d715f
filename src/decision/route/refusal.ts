/** Why no candidate can be called, as the caller is told. Pure. */
import { isUp } from '../../core/backend-state.ts'
import { decisionRecordOf, type DecisionRows } from '../../core/decision-rows.ts'
import { type ErrorCode, GatewayError, type Overflow } from '../../core/errors.ts'
import type { Deployment } from '../../core/types.ts'
import { calibrated } from '../learn/calibration.ts'
import { BOUNDS, isBound } from './bounds.ts'
import type { Decision } from './decision.ts'
import { SEE_HEALTH } from './see-health.ts'

/** Candidates that a refusal names. */
const NAMED = 20

export function refusalOf(decision: Decision, rows: DecisionRows): GatewayError {
  const { admission } = decision
  const { request, choice, fallback } = decision.question
  const filters = [
    ...admission.present.map((row) => admission.excluded[row]?.filter ?? null),
    ...fallback.ruledOut.map(({ excluded }) => excluded.filter),
  ]
  if (filters.length === 0) {
    const message = `Route "${choice.route}" reaches no model at the moment; see ${SEE_HEALTH}.`
    return new GatewayError('no_backend', message, { retryAfterMs: 2000 })
  }
  const reasons = decisionRecordOf(rows)
    .candidates.slice(0, NAMED)
    .map(({ backend, model, dropped }) => `${backend}/${model}: ${dropped?.why ?? ''}`)
  const more = filters.length > NAMED ? `; and ${filters.length - NAMED} more` : ''
  const list = `${reasons.join('; ')}${more}.`
  const refusal = (code: ErrorCode, message: string, param: string | null = null): GatewayError =>
    new GatewayError(code, message, { param })
  if (filters.every(isBound)) {
    const [only, ...others] = new Set(filters)
    const refused = only !== undefined && others.length === 0 ? BOUNDS[only].refused : undefined
    const code = refused?.code ?? 'forbidden'
    const message = refused?.message(request.model, list) ?? `No candidate may serve this request: ${list}`
    return refusal(code, message, code === 'forbidden' ? 'model' : null)
  }
  if (filters.includes('context'))
    return new GatewayError('context_length_exceeded', `The prompt is too long for every candidate: ${list}`, {
      param: request.prompt.member,
      overflow: overflowOf(decision),
    })
  return refusal('unsupported', `No candidate can serve this request: ${list}`)
}

/** Of the candidate that comes nearest to holding it. */
function overflowOf(decision: Decision): Overflow {
  const tooSmall = tooSmallOf(decision)
  const [largest] = tooSmall.sort((a, b) => (b.facts.context ?? 0) - (a.facts.context ?? 0))
  if (largest === undefined) return { tokens: null, most: null }
  const { profile } = decision.question
  return { tokens: Math.round(calibrated(profile.longestTokens, largest.calibration)), most: largest.facts.context }
}

/** Of those that the prompt does not fit: whose context is a guess that their engine corrects once it has loaded them. */
export function unsureOf(decision: Decision): readonly Deployment[] {
  const { longestTokens } = decision.question.profile
  const mayFit = ({ facts, backend, live }: Deployment): boolean =>
    facts.contextFrom === 'usual' &&
    (backend.provider.loads ?? null) !== null &&
    isUp(live.state) &&
    longestTokens < (facts.trainedContext ?? Infinity)
  return tooSmallOf(decision)
    .filter(mayFit)
    .sort((a, b) => a.residency.loadSeconds - b.residency.loadSeconds)
}

const tooSmallOf = ({ admission, question: { set, fallback } }: Decision): Deployment[] =>
  [
    ...admission.present.filter((row) => admission.excluded[row]?.filter === 'context').map((row) => set.targets[row]!),
    ...fallback.ruledOut.filter(({ excluded }) => excluded.filter === 'context').map(({ spare }) => spare.target),
  ].map(({ deployment }) => deployment)
