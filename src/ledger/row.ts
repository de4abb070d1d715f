/** What a row of the ledger holds. Field names are contract; more may be added. No prompts, no secrets, no addresses. */
import type { CountedRow } from '../core/counted.ts'

export const KINDS = ['request', 'attempt'] as const
export type RowKind = (typeof KINDS)[number]

/** Names that callers choose are no longer than this. */
export const LONGEST_NAME = 256

/** Times are kept to a tenth of a millisecond. */
export const isNoted = (ms: number): boolean => Math.round(10 * ms) > 0

/** One request, or one call of a backend for it. The numbers of a request are the sums of those of its attempts. */
export interface LedgerRow extends CountedRow {
  readonly kind: RowKind
  /** Grows with each row of a writer, also over restarts; microseconds since 1970, or one more than the last. */
  readonly seq: number
  /** The run of a gateway that wrote it. `writer` and `seq` together name a row. */
  readonly writer: string
  /** From 1; null on a request. */
  readonly attempt: number | null
  readonly requested_model: string
  readonly stream: boolean
  readonly effort: string | null
  readonly finish: string | null
  readonly why: string | null
  /** Null on an attempt. */
  readonly overhead_ms: number | null
  /** That it waited in queues of the gateway; on requests, absent where it did not. */
  readonly queue_ms?: number
  /** Wire format in which the backend was asked; on attempts, absent on those of older versions. */
  readonly format?: string
  /** What the request said and that format could not; on attempts, absent where nothing was lost. */
  readonly lossy?: readonly string[]
  /** Those of the key. */
  readonly labels: Readonly<Record<string, string>>
  /** What a budget lowered the request's limit of output tokens to; on requests, absent where none did. */
  readonly max_tokens?: number
  /** What the request says of an answer that its caller was given before: the hint, the request that was answered, and what had answered. On requests, absent where it says nothing. */
  readonly hint?: {
    readonly name: string
    readonly request_id: string
    readonly backend: string
    readonly model: string
  }
  /** The decision record with its outcome; on requests that were decided, and left out where the disk is behind. */
  readonly decision?: unknown
}
