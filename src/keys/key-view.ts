/** What may be seen of a key: everything but its secrets and their hashes. */
import type { BudgetSpec } from '../core/budget.ts'
import type { KeySpec } from '../core/principal.ts'
import type { KeyFields, StoredKey } from './stored-key.ts'

export interface KeyView extends KeyFields {
  readonly id: string
  readonly state: 'active' | 'expired' | 'revoked'
  /** Keys of the configuration are changed there. */
  readonly source: 'configuration' | 'file'
  readonly created_at: string | null
  readonly changed_at: string | null
  readonly rotated_at: string | null
  readonly revoked_at: string | null
  /** The secret before the last rotation is good until then. */
  readonly grace_until: string | null
}

/** `now`: time of day, ms. */
export function viewOf({ secrets, ...key }: StoredKey, now: number): KeyView {
  const until = secrets[1]?.until ?? null
  return {
    ...key,
    state: key.revoked_at !== null ? 'revoked' : stateOf(key.expires, now),
    source: 'file',
    grace_until: until !== null && Date.parse(until) > now ? until : null,
  }
}

export function viewOfFixed(
  { id, team, user, labels, routes, rpm, budgets, expiresAt }: KeySpec,
  now: number,
): KeyView {
  const expires = expiresAt === null ? null : new Date(expiresAt).toISOString()
  const spent = budgets.find(({ nanoUsd }) => nanoUsd !== null)
  return {
    id,
    team,
    user,
    labels,
    routes: routes === null ? null : [...routes],
    scope: 'inference',
    rpm,
    tpm: first(budgets, 'tokens'),
    parallel: first(budgets, 'parallel'),
    budget: spent === undefined || spent.per === null ? null : { usd: (spent.nanoUsd ?? 0) / 1e9, per: spent.per },
    clamp: budgets.some(({ clamp }) => clamp),
    expires,
    state: stateOf(expires, now),
    source: 'configuration',
    created_at: null,
    changed_at: null,
    rotated_at: null,
    revoked_at: null,
    grace_until: null,
  }
}

const first = (budgets: readonly BudgetSpec[], what: 'tokens' | 'parallel'): number | null =>
  budgets.find((budget) => budget[what] !== null)?.[what] ?? null

const stateOf = (expires: string | null, now: number): 'active' | 'expired' =>
  expires !== null && Date.parse(expires) <= now ? 'expired' : 'active'
