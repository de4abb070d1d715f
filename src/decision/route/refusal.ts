/** Why no candidate can be called, as the caller is told. Pure. */
import { decisionRecordOf, type DecisionRows } from '../../core/decision-rows.ts'
import { type ErrorCode, GatewayError } from '../../core/errors.ts'
import { BOUNDS, isBound } from './bounds.ts'
import type { Decision } from './decision.ts'

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
    const message = `Route "${choice.route}" reaches no model at the moment; see GET /health.`
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
    return refusal(
      'context_length_exceeded',
      `The prompt is too long for every candidate: ${list}`,
      request.prompt.member,
    )
  return refusal('unsupported', `No candidate can serve this request: ${list}`)
}
