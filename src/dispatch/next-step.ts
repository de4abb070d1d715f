/** What follows a failed attempt: a reading of the table of errors. Pure. */
import { ERRORS, type GatewayError, type Step } from '../core/errors.ts'
import type { Deployment, Target } from '../core/types.ts'

export const nextStep = (error: GatewayError): Step => ERRORS[error.code].step

/** Its backend has no such place, which says nothing about the others that it has. */
export const lacksPlace = (error: GatewayError): boolean =>
  ERRORS[error.code].health === 'endpoint' || error.lack?.name === 'endpoint'

/** Leaves those whose context is not known to be as small. */
export function keepLarger(queue: Target[], refused: Deployment): void {
  const context = refused.facts.context ?? 0
  const larger = queue.filter(({ deployment }) =>
    deployment.facts.context === null ? deployment.model !== refused.model : deployment.facts.context > context,
  )
  queue.splice(0, queue.length, ...larger)
}
