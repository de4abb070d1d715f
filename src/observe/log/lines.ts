/** What the gateway has to say, whatever form its lines have: JSON for programs (log.ts), or lines for people (people/log.ts). */
import type { Emit } from '../../core/events.ts'
import type { RequestObserver } from '../../core/request-record.ts'
import type { LogDecisions } from '../../core/settings.ts'
import type { FailureLine } from './failure.ts'

export interface Log {
  /** Writes an event, as serious as it is. */
  readonly emit: Emit
  readonly plain: (line: PlainLine) => void
  /** What should not have happened. `of`: where; `err` among the fields: what was thrown. */
  readonly fault: (level: 'error' | 'fatal', of: FaultPlace, fields: FaultFields) => void
  /** Writes the lines of finished requests. `whole`: which of them hold the decision, in a form that can hold it. */
  readonly observer: (whole: LogDecisions) => RequestObserver
  /** Writes what is buffered. Waits no longer than a second or two for a reader that is behind. */
  readonly flush: () => Promise<void>
}

/** A request that was answered without the pipeline: a list of models, a refusal. */
export interface PlainLine {
  readonly request_id: string
  readonly caller: string | undefined
  readonly endpoint: string
  readonly method: string | undefined
  readonly status: number
  readonly error: FailureLine | undefined
  readonly total_ms: number
}

export type FaultPlace = 'request' | 'admin' | 'lookout' | 'uncaught'

export type FaultFields = Readonly<Record<string, unknown>> | PlainLine
