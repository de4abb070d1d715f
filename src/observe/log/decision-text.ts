import { decisionRecordOf } from '../../core/decision-rows.ts'
import type { RequestRecord } from '../../core/request-record.ts'
import { outcomeOf } from './request-line.ts'

/**
 * Decisions with their outcomes, as JSON. The text of many candidates is the most expensive part of what is written about a
 * request, so it is made once for all observers: they see a request one right after the other.
 */
export class DecisionTexts {
  #of: RequestRecord | null = null
  #text: string | null = null

  /** Null where the record holds no decision. */
  textOf(record: RequestRecord): string | null {
    if (this.#of === record) return this.#text
    this.#of = record
    const { decision } = record
    return (this.#text =
      decision === null ? null : JSON.stringify({ ...decisionRecordOf(decision), outcome: outcomeOf(record) }))
  }
}
