import type { Account, Book } from '../core/settlement.ts'
import { accountLine } from './account-line.ts'
import type { Log } from './log.ts'

/** One line for each request; a warning where the gateway or a backend erred. */
export class RequestLogBook implements Book {
  readonly #log: Log

  constructor(log: Log) {
    this.#log = log
  }

  settled(account: Account): void {
    const { error } = account.settlement
    const line = accountLine(account)
    if (error?.source === 'turnout' || error?.source === 'upstream') this.#log.requests.warn(line)
    else this.#log.requests.info(line)
  }
}
