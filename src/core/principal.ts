/** Who calls. Frozen after loading. */
import type { BudgetSpec } from './budget.ts'

/** Who calls. `routes` null: may use everything. */
export interface Principal {
  readonly id: string
  readonly routes: readonly string[] | null
  /** Requests per minute. */
  readonly rpm: number | null
  readonly team: string | null
  /** Whose key it is; requests may name another user. */
  readonly user: string | null
  readonly labels: Readonly<Record<string, string>>
  /** Its own limits, beside those that the configuration has for all. */
  readonly budgets: readonly BudgetSpec[]
}

/** Where there are no keys. */
export const ANONYMOUS: Principal = {
  id: 'anonymous',
  routes: null,
  rpm: null,
  team: null,
  user: null,
  labels: {},
  budgets: [],
}

export interface KeySpec extends Principal {
  /** SHA-256 of the key, 64 hex digits. */
  readonly hash: string
  /** Epoch ms; null = never. */
  readonly expiresAt: number | null
}
