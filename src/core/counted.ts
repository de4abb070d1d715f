/** What sessions and budgets add up of a request: a finished one as it is, and one of before a restart from its row in the ledger. Pure. */
import type { RequestRecord } from './request-record.ts'
import type { Subject, Total } from './settlement.ts'
import { NO_TRIALS, type Trial } from './trial.ts'
import { totalOfRow, type TotalRow } from './total-row.ts'

export interface Counted
  extends
    Subject,
    Total,
    Pick<
      RequestRecord,
      | 'id'
      | 'trials'
      | 'affinity'
      | 'endpoint'
      | 'calls'
      | 'backend'
      | 'model'
      | 'status'
      | 'success'
      | 'ttftMs'
      | 'totalMs'
      | 'endedAt'
    > {
  /** A code of the error table; rows of other versions may hold others. */
  readonly error: string | null
}

/** A request in the ledger, as far as it counts. Field names are contract. */
export interface CountedRow extends TotalRow {
  /** When the request had ended: ISO 8601, UTC. */
  readonly at: string
  /** How many attempts the request took; null on an attempt. */
  readonly attempts: number | null
  readonly key: string
  readonly team: string | null
  readonly user: string | null
  readonly session: string | null
  readonly agent: string | null
  readonly route: string | null
  readonly endpoint: string
  /** On a request: those of the last attempt that answered, else of the last one. */
  readonly backend: string | null
  readonly model: string | null
  /** What the caller saw, 499 where it left first; on an attempt that of the backend, null where none came. */
  readonly status: number | null
  /** A code of the error table. */
  readonly error: string | null
  readonly success: boolean
  readonly ttft_ms: number | null
  readonly total_ms: number
  /** The caller may choose it, so two requests may have the same one. */
  readonly request_id: string
  /** What was measured of a request; absent where nothing was. */
  readonly trials?: readonly Trial[]
  /** Names its conversation, beside `trials`; null: it stands alone. */
  readonly conversation?: string | null
}

export function countedOfRow(row: CountedRow): Counted {
  const { key, team, user, session, agent, route, endpoint, backend, model, error, success } = row
  return {
    ...totalOfRow(row),
    ...{ key, team, user, session, agent, route, endpoint, backend, model, error, success },
    id: row.request_id,
    trials: row.trials ?? NO_TRIALS,
    affinity: row.conversation ?? null,
    calls: row.attempts ?? 0,
    status: row.status ?? 0,
    ttftMs: row.ttft_ms,
    totalMs: row.total_ms,
    endedAt: Date.parse(row.at),
  }
}

/** Epoch ms. */
export const startOf = ({ endedAt, totalMs }: Pick<Counted, 'endedAt' | 'totalMs'>): number => endedAt - totalMs
