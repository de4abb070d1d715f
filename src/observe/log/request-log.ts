import type { DecisionReads, RequestObserver, RequestRecord } from '../../core/request-record.ts'
import type { DecisionTexts } from './decision-text.ts'
import type { Log } from './log.ts'
import { requestLine } from './request-line.ts'

/** One line for each request; a warning where the gateway or a backend was at fault. */
export class RequestLogger implements RequestObserver {
  readonly readsDecisions: DecisionReads
  readonly #log: Log
  readonly #decisions: DecisionTexts

  constructor(log: Log, decisions: DecisionTexts) {
    this.#log = log
    this.#decisions = decisions
    this.readsDecisions = log.requests.written
  }

  onCompleted(record: RequestRecord): void {
    const source = record.failure?.source
    const wrong = source === 'turnout' || source === 'upstream'
    const { requests } = this.#log
    ;(wrong ? requests.warn : requests.info)(requestLine(record), () => this.#decisions.textOf(record))
  }
}
