/** What of a finished request its rows are made of. */
import type { AttemptRecord, RequestRecord } from '../core/request-record.ts'
import type { Tokens } from '../core/settlement.ts'

export interface WrittenRequest extends Pick<
  RequestRecord,
  | 'id'
  | 'key'
  | 'team'
  | 'user'
  | 'session'
  | 'agent'
  | 'route'
  | 'endpoint'
  | 'requestedModel'
  | 'stream'
  | 'labels'
  | 'maxTokens'
  | 'trials'
  | 'hinted'
  | 'affinity'
  | 'decision'
  | 'calls'
  | 'backend'
  | 'model'
  | 'effort'
  | 'tokens'
  | 'cost'
  | 'partial'
  | 'waste'
  | 'ttftMs'
  | 'totalMs'
  | 'queueMs'
  | 'overheadMs'
  | 'endedAt'
  | 'finish'
  | 'success'
  | 'score'
  | 'why'
  | 'status'
  | 'error'
> {
  readonly attempts: readonly WrittenAttempt[]
}

export interface WrittenAttempt extends Pick<
  AttemptRecord,
  | 'backend'
  | 'model'
  | 'effort'
  | 'format'
  | 'lossy'
  | 'status'
  | 'error'
  | 'answered'
  | 'ttftMs'
  | 'totalMs'
  | 'cost'
  | 'waste'
> {
  readonly usage: Tokens | null
}
