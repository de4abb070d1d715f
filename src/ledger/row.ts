/** What a row of the ledger holds. Field names are contract; more may be added. No prompts, no secrets, no addresses. */

/** What is part of something else is counted in both; the kinds that most answers do not have are there where they are not 0. */
export interface RowTokens {
  readonly input: number
  readonly cached_input: number
  readonly output: number
  readonly reasoning: number
  readonly cache_write?: number
  readonly audio_input?: number
  readonly audio_output?: number
  readonly image_input?: number
}

export const KINDS = ['request', 'attempt'] as const
export type RowKind = (typeof KINDS)[number]

/** One request, or one call of a backend for it. The numbers of a request are the sums of those of its attempts. */
export interface LedgerRow {
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
  /** Null = unknown, or none. */
  readonly tokens: RowTokens | null
  readonly tokens_estimated: boolean
  /** What is known of it, with nine decimals; null = nothing is. */
  readonly cost_usd: number | null
  /** Tokens were taken whose cost is unknown. */
  readonly cost_partial: boolean
  readonly cost_source: string | null
  readonly waste: { readonly reason: string; readonly tokens: number } | null
  readonly ttft_ms: number | null
  readonly total_ms: number
  /** Null on an attempt. */
  readonly overhead_ms: number | null
  /** Those of the key. */
  readonly labels: Readonly<Record<string, string>>
  /** The decision record with its outcome; on requests that were decided, where it was asked for. */
  readonly decision?: unknown
}

const NANO = 1_000_000_000

/** Whole nano-dollars as dollars with nine decimals: exact, and never in powers of ten. */
export function usdText(nanoUsd: number): string {
  const whole = Math.floor(nanoUsd / NANO)
  return `${whole}.${String(nanoUsd - whole * NANO).padStart(9, '0')}`
}

/** `cost_usd` of a row -> whole nano-dollars. */
export const nanoOf = (usd: number): number => Math.round(usd * NANO)
