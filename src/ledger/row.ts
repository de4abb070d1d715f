/** What a row of the ledger holds. Field names are contract; more may be added. No prompts, no secrets, no addresses. */
import type { TotalRow } from '../core/total-row.ts'

export const KINDS = ['request', 'attempt'] as const
export type RowKind = (typeof KINDS)[number]

/** One request, or one call of a backend for it. The numbers of a request are the sums of those of its attempts. */
export interface LedgerRow extends TotalRow {
  readonly kind: RowKind
  /** Grows with each row of a writer, also over restarts; microseconds since 1970, or one more than the last. */
  readonly seq: number
  /** The run of a gateway that wrote it. `writer` and `seq` together name a row. */
  readonly writer: string
  /** When the request had ended: ISO 8601, UTC. */
  readonly at: string
  /** The caller may choose it, so two requests may have the same one. */
  readonly request_id: string
  /** From 1; null on a request. */
  readonly attempt: number | null
  /** How many attempts a request took; null on an attempt. */
  readonly attempts: number | null
  readonly key: string
  readonly team: string | null
  readonly user: string | null
  readonly session: string | null
  readonly agent: string | null
  readonly route: string | null
  readonly endpoint: string
  readonly requested_model: string
  readonly stream: boolean
  /** On a request: those of its last attempt. */
  readonly backend: string | null
  readonly model: string | null
  readonly effort: string | null
  /** What the caller saw, 499 where it left first; on an attempt what the backend said, null where it said nothing. */
  readonly status: number | null
  /** A code of the error table. */
  readonly error: string | null
  readonly finish: string | null
  readonly success: boolean
  readonly why: string | null
  readonly ttft_ms: number | null
  readonly total_ms: number
  /** Null on an attempt. */
  readonly overhead_ms: number | null
  /** Those of the key. */
  readonly labels: Readonly<Record<string, string>>
  /** What a budget lowered the request's limit of output tokens to; on requests, absent where none did. */
  readonly max_tokens?: number
  /** The decision record with its outcome; on requests that were decided, where it was asked for. */
  readonly decision?: unknown
}
