import { decisionRecordOf, type DecisionRows } from '../../core/decision-rows.ts'
import { outcomeOf, type RequestOutcome } from './request-line.ts'

/** A decision with its outcome, as JSON; null where nothing was decided. */
export const decisionText = (record: RequestOutcome & { readonly decision: DecisionRows | null }): string | null =>
  record.decision === null ? null : JSON.stringify({ ...decisionRecordOf(record.decision), outcome: outcomeOf(record) })
