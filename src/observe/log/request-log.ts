import type { DecisionReads, RequestObserver, RequestRecord } from '../../core/request-record.ts'
import type { LogDecisions } from '../../core/settings.ts'
import { textHash } from '../../formats/json/fingerprint.ts'
import { decisionText } from './decision-text.ts'
import type { Log } from './log.ts'
import { requestText } from './request-line.ts'

/** One request in so many has its whole decision in a log of samples. */
const SAMPLED = 100

/** One line for each request; a warning where the gateway or a backend was at fault. */
export class RequestLogger implements RequestObserver {
  readonly readsDecisions: DecisionReads
  readonly #log: Log
  readonly #whole: LogDecisions

  constructor(log: Log, whole: LogDecisions) {
    this.#log = log
    this.#whole = whole
    this.readsDecisions = log.requests.written
  }

  onCompleted(record: RequestRecord): void {
    const { written, warn, info } = this.#log.requests
    const source = record.failure?.source
    const wrong = source === 'turnout' || source === 'upstream'
    if (written === 'none' || (written === 'failed' && !wrong)) return
    const decision = this.#isWhole(record, wrong) ? decisionText(record) : null
    ;(wrong ? warn : info)(requestText(record), record.endedAt, decision)
  }

  #isWhole({ id, explained }: RequestRecord, wrong: boolean): boolean {
    if (explained || this.#whole === 'always') return true
    return this.#whole === 'sampled' && (wrong || (textHash(id) >>> 0) % SAMPLED === 0)
  }
}
