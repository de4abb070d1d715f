import { decisionRecordOf } from '../core/decision-rows.ts'
import type { RequestLife } from '../accounting/request-life.ts'
import { outcomeText } from '../observe/log/request-line.ts'

/**
 * The decision with its outcome, for an answer that is about to end; null where the caller does not want it, or nothing was decided.
 * The caller does not wait for a check in another thread: until then it is open whether the answer is of use.
 */
export function explanationOf(life: RequestLife): object | null {
  const { request, plan } = life
  if (!request.explain || plan === null) return null
  const { summary } = life
  return {
    ...decisionRecordOf(plan.decision),
    outcome: JSON.parse(outcomeText({ ...summary, ...summary.total, ...summary.verdict })) as object,
  }
}
