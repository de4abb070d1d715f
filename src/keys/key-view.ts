/** What may be seen of a key: everything but its secrets and their hashes. */
import { fieldsOf, namedOf } from '../core/options/option.ts'
import { KEY_OPTIONS, MADE_KEY_OPTIONS } from '../core/options/options.ts'
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

export function viewOfFixed(key: KeySpec, now: number): KeyView {
  const expires = key.expiresAt === null ? null : new Date(key.expiresAt).toISOString()
  return {
    id: key.id,
    ...fieldsOf(MADE_KEY_OPTIONS, namedOf(KEY_OPTIONS, key)),
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

const stateOf = (expires: string | null, now: number): 'active' | 'expired' =>
  expires !== null && Date.parse(expires) <= now ? 'expired' : 'active'
