import type { Account, RequestObserver } from '../../core/settlement.ts'
import { accountLine } from './account-line.ts'
import type { DecisionTexts } from './decision-text.ts'
import type { Log } from './log.ts'

/** One line for each request; a warning where the gateway or a backend erred. */
export class RequestLogBook implements RequestObserver {
  readonly #log: Log
  readonly #decisions: DecisionTexts

  constructor(log: Log, decisions: DecisionTexts) {
    this.#log = log
    this.#decisions = decisions
  }

  onCompleted(account: Account): void {
    const { error } = account.settlement
    const wrong = error?.source === 'turnout' || error?.source === 'upstream'
    const { requests } = this.#log
    ;(wrong ? requests.warn : requests.info)(accountLine(account), () => this.#decisions.textOf(account))
  }
}
