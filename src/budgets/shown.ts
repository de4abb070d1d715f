import { usdOf } from '../core/money.ts'
import type { BudgetState } from './limiter.ts'

const usd = (nano: number | null): number | null => (nano === null ? null : usdOf(nano))

/** A count as the admin API tells of it. */
export const shownBudget = ({
  name,
  of,
  id,
  per,
  windowEndsAt,
  limit,
  used,
  reserved,
  inflight,
}: BudgetState): object => ({
  budget: name,
  of,
  id,
  per,
  resets_at: windowEndsAt === null ? null : new Date(windowEndsAt).toISOString(),
  limit: { usd: usd(limit.nanoUsd), tokens: limit.tokens, requests: limit.requests, parallel: limit.parallel },
  used: { usd: usd(used.nanoUsd), tokens: used.tokens, requests: used.requests },
  reserved: { usd: usd(reserved.nanoUsd), tokens: reserved.tokens },
  in_flight: inflight,
})
