import { decisionRecordOf } from '../../core/decision-rows.ts'
import type { RequestRecord } from '../../core/request-record.ts'
import { outcomeOf } from './request-line.ts'

/**
 * Decisions with their outcomes, as JSON. The text of many candidates is the most expensive part of what is written about a
 * request, so it is made once for all observers.
 */
export class DecisionTexts {
  readonly #made = new WeakMap<RequestRecord, string>()

  /** Null where the record holds no decision. */
  textOf(record: RequestRecord): string | null {
    const { decision } = record
    if (decision === null) return null
    let text = this.#made.get(record)
    if (text === undefined)
      this.#made.set(record, (text = JSON.stringify({ ...decisionRecordOf(decision), outcome: outcomeOf(record) })))
    return text
  }
}
