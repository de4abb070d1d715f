/** What one request adds to its session: from its account, or, after a restart, from its row in the ledger. Pure. */
import type { Account, Total } from '../core/settlement.ts'
import { totalOfRow, type TotalRow } from '../core/total-row.ts'

export interface SessionShare {
  /** Epoch ms of its end and of its start. */
  readonly at: number
  readonly startedAt: number
  readonly user: string | null
  readonly route: string | null
  /** `backend/model` of the last attempt. */
  readonly model: string | null
  readonly status: number
  readonly error: string | null
  readonly success: boolean
  readonly attempts: number
  readonly total: Total
  readonly ttftMs: number | null
}

/** A row of the ledger as far as sessions need it. */
export interface SessionRow extends TotalRow {
  readonly kind: string
  readonly at: string
  readonly key: string
  readonly team: string | null
  readonly user: string | null
  readonly session: string | null
  readonly agent: string | null
  readonly route: string | null
  readonly endpoint: string
  readonly backend: string | null
  readonly model: string | null
  readonly status: number | null
  readonly error: string | null
  readonly success: boolean
  readonly attempts: number | null
  readonly ttft_ms: number | null
  readonly total_ms: number
}

export function takenOf({ subject, settlement, endedAt }: Account): SessionShare {
  const { attempts, total, totalMs, verdict } = settlement
  const last = attempts.at(-1)
  return {
    at: endedAt,
    startedAt: endedAt - totalMs,
    user: subject.user,
    route: subject.route,
    model: last === undefined ? null : `${last.backend}/${last.model}`,
    status: settlement.status,
    error: settlement.error?.code ?? null,
    success: verdict.success,
    attempts: attempts.length,
    total,
    ttftMs: settlement.ttftMs,
  }
}

export function takenOfRow(row: SessionRow): SessionShare {
  const at = Date.parse(row.at)
  return {
    at,
    startedAt: at - row.total_ms,
    user: row.user,
    route: row.route,
    model: row.backend === null || row.model === null ? null : `${row.backend}/${row.model}`,
    status: row.status ?? 0,
    error: row.error,
    success: row.success,
    attempts: row.attempts ?? 0,
    total: totalOfRow(row),
    ttftMs: row.ttft_ms,
  }
}
