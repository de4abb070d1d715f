/** Keys and budgets of the file -> KeySpec, BudgetSpec. */
import type { BudgetSpec } from '../core/budget.ts'
import type { KeySpec } from '../core/principal.ts'
import { DEFAULT_SOFT } from './defaults.ts'
import type { ConfigFile } from './schema.ts'

/** "sha256:.." without its first word. */
export const hexOf = (hash: string): string => hash.slice('sha256:'.length).toLowerCase()

type KeyInput = NonNullable<ConfigFile['keys']>[number]

export const toKey = (input: KeyInput): KeySpec => ({
  id: input.id,
  hash: hexOf(input.hash),
  routes: input.routes ?? null,
  rpm: input.rpm ?? null,
  team: input.team ?? null,
  user: input.user ?? null,
  labels: input.labels ?? {},
  budgets: budgetsOfKey(input),
  expiresAt: input.expires === undefined ? null : Date.parse(input.expires),
})

/** The limits that a key has of its own, as budgets of that one key. */
export function budgetsOfKey({
  id,
  tpm,
  parallel,
  budget,
  clamp = false,
}: Pick<KeyInput, 'id' | 'tpm' | 'parallel' | 'budget' | 'clamp'>): BudgetSpec[] {
  const own = { ...NO_BUDGET, of: 'key', ids: [id], clamp } as const
  return [
    ...(tpm === undefined ? [] : [{ ...own, name: 'key-tokens', per: 'minute' as const, tokens: tpm }]),
    ...(parallel === undefined ? [] : [{ ...own, name: 'key-parallel', parallel }]),
    ...(budget === undefined
      ? []
      : [
          { ...own, name: 'key-usd', per: budget.per, nanoUsd: toNano(budget.usd), soft: DEFAULT_SOFT, pressure: true },
        ]),
  ]
}

const NO_BUDGET: Omit<BudgetSpec, 'name' | 'of' | 'ids'> = {
  per: null,
  nanoUsd: null,
  tokens: null,
  requests: null,
  parallel: null,
  soft: null,
  webhook: null,
  onStoreError: 'allow',
  pressure: false,
  clamp: false,
}

const toNano = (usd: number): number => Math.round(usd * 1e9)

export const toBudget = (input: NonNullable<ConfigFile['budgets']>[number]): BudgetSpec => ({
  name: input.name,
  of: input.of,
  ids: input.ids ?? null,
  per: input.per ?? null,
  nanoUsd: input.usd === undefined ? null : toNano(input.usd),
  tokens: input.tokens ?? null,
  requests: input.requests ?? null,
  parallel: input.parallel ?? null,
  soft: input.soft ?? DEFAULT_SOFT,
  webhook: input.webhook ?? null,
  onStoreError: input.on_store_error ?? 'allow',
  pressure: input.pressure ?? false,
  clamp: input.clamp ?? false,
})
