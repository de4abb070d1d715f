/** What one request adds to its session: from its account, or, after a restart, from its row in the ledger. Pure. */
import type { Account, Waste } from '../core/settlement.ts'

export interface Taken {
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
  readonly tokens: {
    readonly input: number
    readonly cached_input: number
    readonly output: number
    readonly reasoning: number
  } | null
  readonly estimated: boolean
  /** What is known of the cost. */
  readonly nanoUsd: number
  /** A part of the cost, or all of it, is unknown. */
  readonly unpriced: boolean
  readonly waste: readonly { readonly reason: string; readonly tokens: number }[]
  readonly ttftMs: number | null
}

/** A row of the ledger as far as sessions need it. */
export interface SessionRow {
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
  readonly tokens: Taken['tokens']
  readonly tokens_estimated: boolean
  readonly cost_usd: number | null
  readonly cost_partial: boolean
  /** Of all attempts together, by the reason of the last. */
  readonly waste: { readonly reason: string; readonly tokens: number } | null
  readonly ttft_ms: number | null
  readonly total_ms: number
}

export function takenOf({ subject, settlement, endedAt }: Account): Taken {
  const { attempts, usage, totalMs } = settlement
  const last = attempts.at(-1)
  const waste: Waste[] = []
  let nanoUsd = 0
  let unpriced = false
  // Attempt by attempt, as the ledger and the metrics do: a settlement has no cost where a part of it is unknown.
  for (const one of attempts) {
    if (one.waste !== null) waste.push(one.waste)
    if (one.cost !== null) nanoUsd += one.cost.nanoUsd
    else if (one.usage !== null) unpriced = true
  }
  return {
    at: endedAt,
    startedAt: endedAt - totalMs,
    user: subject.user,
    route: subject.route,
    model: last === undefined ? null : `${last.backend}/${last.model}`,
    status: settlement.status,
    error: settlement.error?.code ?? null,
    success: settlement.success,
    attempts: attempts.length,
    tokens:
      usage === null
        ? null
        : {
            input: usage.input,
            cached_input: usage.cachedInput,
            output: usage.output,
            reasoning: usage.reasoning,
          },
    estimated: usage?.estimated ?? false,
    nanoUsd,
    unpriced,
    waste,
    ttftMs: settlement.ttftMs,
  }
}

export function takenOfRow(row: SessionRow): Taken {
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
    tokens: row.tokens,
    estimated: row.tokens_estimated,
    nanoUsd: Math.round((row.cost_usd ?? 0) * 1e9),
    unpriced: row.cost_partial,
    waste: row.waste === null ? [] : [row.waste],
    ttftMs: row.ttft_ms,
  }
}
