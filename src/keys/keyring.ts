/** Token -> who calls, in one step. */
import { timingSafeEqual } from 'node:crypto'
import type { KeySpec } from '../core/principal.ts'
import { hashOf } from './secret.ts'
import type { OptionScope } from '../core/options/options.ts'
import { specOf, type StoredKey } from './stored-key.ts'

export interface Holder {
  readonly key: KeySpec
  readonly scope: OptionScope
}

interface Entry extends Holder {
  readonly bytes: Buffer
  /** This secret ends before its key does; time of day, ms. */
  readonly until: number | null
  readonly revoked: boolean
}

/** By the hash of the secret. */
export type Keyring = ReadonlyMap<string, Entry>

/** `fixed`: keys of the configuration; theirs is a hash that both have. `specs`: the stored ones, as others see them. */
export function keyring(
  fixed: readonly KeySpec[],
  stored: readonly StoredKey[],
  specs: readonly KeySpec[] = stored.map(specOf),
): Keyring {
  const ring = new Map<string, Entry>()
  const add = (hash: string, entry: Omit<Entry, 'bytes'>): void =>
    void ring.set(hash, { ...entry, bytes: Buffer.from(hash, 'hex') })
  for (const [index, one] of stored.entries()) {
    const entry = { key: specs[index]!, scope: one.scope, revoked: one.revoked_at !== null }
    for (const { hash, until } of one.secrets) add(hash, { ...entry, until: until === null ? null : Date.parse(until) })
  }
  for (const key of fixed) add(key.hash, { key, scope: 'inference', until: null, revoked: false })
  return ring
}

/** Who holds this token; a text says why it is no longer good, which only who has the right secret learns; null: nobody's. */
export function holderOf(ring: Keyring, token: string, now: number): Holder | string | null {
  // The whole token is hashed, so tokens with a common prefix stay apart, and a stored hash is no key.
  const hex = hashOf(token)
  const entry = ring.get(hex)
  if (entry === undefined || !timingSafeEqual(entry.bytes, Buffer.from(hex, 'hex'))) return null
  const { key, until, revoked } = entry
  if (revoked) return `Key "${key.id}" was revoked.`
  if (key.expiresAt !== null && key.expiresAt <= now)
    return `Key "${key.id}" expired at ${new Date(key.expiresAt).toISOString()}.`
  if (until !== null && until <= now) return `This secret of key "${key.id}" was replaced by a new one.`
  return entry
}
