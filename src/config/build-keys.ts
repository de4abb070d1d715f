/** Keys and budgets of the file -> KeySpec, BudgetSpec. */
import { nanoUsdOf } from '../core/money.ts'
import type { BudgetSpec } from '../core/budget.ts'
import type { KeySpec } from '../core/principal.ts'
import { type Fields, fieldsOf, valuesOf } from '../core/options/option.ts'
import { KEY_OPTIONS } from '../core/options/options.ts'
import { DEFAULT_SOFT } from './defaults.ts'
import type { ConfigFile } from './schema.ts'

/** "sha256:.." without its first word. */
export const hexOf = (hash: string): string => hash.slice('sha256:'.length).toLowerCase()

type KeyInput = NonNullable<ConfigFile['keys']>[number]
type KeyFields = Fields<typeof KEY_OPTIONS>

export const toKey = (input: KeyInput): KeySpec => keySpec(input.id, hexOf(input.hash), fieldsOf(KEY_OPTIONS, input))

/** A key, wherever it is kept. `hash`: 64 hex digits. */
export const keySpec = (id: string, hash: string, fields: KeyFields): KeySpec => ({
  id,
  hash,
  ...valuesOf(KEY_OPTIONS, fields),
  budgets: budgetsOfKey(id, fields),
  expiresAt: fields.expires === null ? null : Date.parse(fields.expires),
})

/** The limits that a key has of its own, as budgets of that one key. */
function budgetsOfKey(id: string, { tpm, parallel, budget, clamp }: KeyFields): BudgetSpec[] {
  const own = { ...NO_BUDGET, of: 'key', ids: [id], clamp } as const
  return [
    ...(tpm === null ? [] : [{ ...own, name: 'key-tokens', per: 'minute' as const, tokens: tpm }]),
    ...(parallel === null ? [] : [{ ...own, name: 'key-parallel', parallel }]),
    ...(budget === null
      ? []
      : [
          {
            ...own,
            name: 'key-usd',
            per: budget.per,
            nanoUsd: nanoUsdOf(budget.usd),
            soft: DEFAULT_SOFT,
            pressure: true,
          },
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

export const toBudget = (input: NonNullable<ConfigFile['budgets']>[number]): BudgetSpec => ({
  name: input.name,
  of: input.of,
  ids: input.ids ?? null,
  per: input.per ?? null,
  nanoUsd: input.usd === undefined ? null : nanoUsdOf(input.usd),
  tokens: input.tokens ?? null,
  requests: input.requests ?? null,
  parallel: input.parallel ?? null,
  soft: input.soft ?? DEFAULT_SOFT,
  webhook: input.webhook ?? null,
  onStoreError: input.on_store_error ?? 'allow',
  pressure: input.pressure ?? false,
  clamp: input.clamp ?? false,
})
