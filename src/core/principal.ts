/** Who calls. Frozen after loading. */
import type { BudgetSpec } from './budget.ts'
import { type Values, valuesOf } from './options/option.ts'
import { KEY_OPTIONS } from './options/options.ts'

/** Who calls, with the options of the key. `routes` null: may use everything. */
export interface Principal extends Values<typeof KEY_OPTIONS> {
  readonly id: string
  /** Its own limits (`tpm`, `parallel`, `budget`), beside those that the configuration has for all. */
  readonly budgets: readonly BudgetSpec[]
}

/** Where there are no keys. */
export const ANONYMOUS: Principal = { id: 'anonymous', ...valuesOf(KEY_OPTIONS), budgets: [] }

export interface KeySpec extends Principal {
  /** SHA-256 of the key, 64 hex digits. */
  readonly hash: string
  /** `expires` in epoch ms; null = never. */
  readonly expiresAt: number | null
}
