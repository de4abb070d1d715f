import { decisionRecordOf, type DecisionRows } from '../../core/decision-rows.ts'
import { outcomeText, type RequestOutcome } from './request-line.ts'

/** A decision with its outcome, as JSON; null where nothing was decided. */
export function decisionText(record: RequestOutcome & { readonly decision: DecisionRows | null }): string | null {
  if (record.decision === null) return null
  const decision = JSON.stringify(decisionRecordOf(record.decision))
  return `${decision.slice(0, -1)},"outcome":${outcomeText(record)}}`
}
