import type { DecisionReads, RequestObserver, RequestRecord } from '../../core/request-record.ts'
import type { LogDecisions } from '../../core/settings.ts'
import { textHash } from '../../formats/json/fingerprint.ts'
import { decisionText } from './decision-text.ts'
import { requestText } from './request-line.ts'

/** Lines of requests. Their members are put together in `requestText`, so there is nothing to redact. */
export interface RequestLog {
  /** Of which requests lines may be written, by the level. */
  readonly written: DecisionReads
  readonly info: RequestLine
  readonly warn: RequestLine
}

/** `at`: when the request had ended, epoch ms, now where absent; `members`, `decision`: JSON, that of the line without braces, and what becomes its last member. */
export type RequestLine = (members: string, at?: number, decision?: string | null) => void

/** One request in so many has its whole decision in a log of samples. */
const SAMPLED = 100

/** The gateway or a backend was at fault. */
export const isWrong = ({ failure }: Pick<RequestRecord, 'failure'>): boolean =>
  failure?.source === 'turnout' || failure?.source === 'upstream'

/** One line for each request; a warning where the gateway or a backend was at fault. */
export class RequestLogger implements RequestObserver {
  readonly readsDecisions: DecisionReads
  readonly #lines: RequestLog
  readonly #whole: LogDecisions

  constructor(lines: RequestLog, whole: LogDecisions) {
    this.#lines = lines
    this.#whole = whole
    this.readsDecisions = lines.written
  }

  onCompleted(record: RequestRecord): void {
    const { written, warn, info } = this.#lines
    const wrong = isWrong(record)
    if (written === 'none' || (written === 'failed' && !wrong)) return
    const decision = this.#isWhole(record, wrong) ? decisionText(record) : null
    ;(wrong ? warn : info)(requestText(record), record.endedAt, decision)
  }

  #isWhole({ id, explained }: RequestRecord, wrong: boolean): boolean {
    if (explained || this.#whole === 'always') return true
    return this.#whole === 'sampled' && (wrong || (textHash(id) >>> 0) % SAMPLED === 0)
  }
}
