/** What the caller is answered where every call has failed. Pure. */
import { badAnswer } from '../backends/upstream/fault.ts'
import { decisionRecordOf } from '../core/decision-rows.ts'
import { ERRORS, GatewayError } from '../core/errors.ts'
import type { GatewayRequest, RoutePlan } from '../core/types.ts'
import type { Attempt } from './attempt.ts'

/**
 * The first cause is reported, a limit of load only where there was no other, and that a model cannot only where all reported it:
 * with any other error the request may still succeed. The wait is the shortest of those that busy backends asked for. `turnedAway`: of
 * backends that had no place for it.
 */
export function failureOfAll(
  failed: readonly Attempt[],
  turnedAway: readonly GatewayError[],
  request: GatewayRequest,
  plan: RoutePlan,
): GatewayError {
  const failures = [...failed.map(({ error }) => error!), ...turnedAway]
  const first = failures[0]
  if (first === undefined) return new GatewayError('no_backend', 'No backend could be tried.', { retryAfterMs: 2000 })
  const able = failures.filter((error) => error.code !== 'upstream_cannot')
  if (able.length === 0) return noneCan(failed, plan)
  const isBusy = (error: GatewayError): boolean =>
    turnedAway.includes(error) || (error.about !== 'request' && ERRORS[error.code].health === 'busy')
  const chosen =
    able.find((error) => error.code === 'context_length_exceeded') ?? able.find((error) => !isBusy(error)) ?? able[0]!
  const waits = [...failures.filter(isBusy), ...turnedAway].map((error) => error.retryAfterMs ?? 1000)
  const message =
    failures.length === 1
      ? chosen.message
      : `${failures.length} backends ${failed.length === 0 ? 'have no place for it' : 'failed'}: ${failures.map((error) => error.message).join(' | ')}`
  return new GatewayError(chosen.code, message, {
    param: chosen.param,
    status: chosen.status,
    retryAfterMs: waits.length > 0 ? Math.min(...waits) : usualWait(chosen),
    cause: chosen.cause ?? request.id,
    upstreamStatus: chosen.upstreamStatus,
    upstreamCode: chosen.upstreamCode,
    about: chosen.about,
    overflow: chosen.overflow,
  })
}

/** Milliseconds, where no backend said when to come back. A status of the backend that is passed on speaks for itself. */
function usualWait({ code, status }: GatewayError): number | null {
  const row = ERRORS[code]
  return typeof row.retry === 'number' && status === row.status ? row.retry : null
}

/** One refusal in its own words; of several, and of those that were ruled out before, each with its reason. */
function noneCan(failed: readonly Attempt[], { decision }: RoutePlan): GatewayError {
  const { message, param, status, upstreamStatus, upstreamCode, about, lack } = failed[0]!.error!
  const ruledOut = decisionRecordOf(decision).candidates.flatMap(({ backend, model, dropped }) =>
    dropped === null ? [] : [`${backend}/${model}: ${dropped.why}`],
  )
  const details = { param, status, upstreamStatus, upstreamCode, about, lack }
  if (failed.length === 1 && ruledOut.length === 0) return new GatewayError('upstream_cannot', message, details)
  const said = failed.map(({ deployment, error }) => `${deployment.id}: ${error!.message}`)
  const list = [...said, ...new Set(ruledOut)].slice(0, NAMED).join('; ')
  return new GatewayError('upstream_cannot', `No candidate can serve this request: ${list}`, details)
}

/** Candidates that a refusal names. */
const NAMED = 20

/** The gateway's own reader of shapes may fail on an answer, and what it throws may quote it. */
export const unknownShape = ({ exchange, deployment }: Attempt): GatewayError =>
  badAnswer(deployment.backend, 'sent an answer of a shape that is not known', exchange.status)
