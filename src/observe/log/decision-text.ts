import type { Account, Settlement } from '../../core/settlement.ts'
import { decisionOf } from './account-line.ts'

/**
 * Decisions with their outcomes, as JSON. A record of many candidates is the dearest part of what is written about a
 * request, so it is made once for all books: they are told of a request one right after the other.
 */
export class DecisionTexts {
  /** Not the account: that would keep the body of the last request. */
  #of: Settlement | null = null
  #text: string | null = null

  /** Null where nothing was decided. */
  textOf(account: Account): string | null {
    if (this.#of === account.settlement) return this.#text
    const decision = decisionOf(account)
    this.#of = account.settlement
    return (this.#text = decision === null ? null : JSON.stringify(decision))
  }
}
