/** A count of a budget as the admin API and `turnout stats` tell of it. */
import { z } from 'zod'
import { usdOf } from '../core/money.ts'
import type { BudgetState } from './limiter.ts'

const limit = z.number().nullable()

/** Money in USD. `null` = not limited, or no window. */
export const shownBudgetSchema = z.object({
  budget: z.string(),
  of: z.string(),
  id: z.string(),
  per: z.string().nullable(),
  /** ISO 8601, UTC. */
  resets_at: z.string().nullable(),
  limit: z.object({ usd: limit, tokens: limit, requests: limit, parallel: limit }),
  used: z.object({ usd: limit, tokens: z.number(), requests: z.number() }),
  reserved: z.object({ usd: limit, tokens: z.number() }),
  in_flight: z.number(),
})

export type ShownBudget = Readonly<z.output<typeof shownBudgetSchema>>

const usd = (nano: number | null): number | null => (nano === null ? null : usdOf(nano))

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
}: BudgetState): ShownBudget => ({
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
