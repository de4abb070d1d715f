/** What can be done to the keys of a file: the list before -> the list after. Pure; throws the GatewayError that says why not. */
import { GatewayError } from '../core/errors.ts'
import { isKeyId, type KeyFields, type StoredKey } from './stored-key.ts'

/** So many are read and looked up anew within tens of milliseconds, for which requests wait. */
export const MOST_KEYS = 5_000

/** Revoked keys are remembered so long, so that who still uses one is told what happened. */
const REMEMBERED_MS = 90 * 86_400_000

type Keys = readonly StoredKey[]

/** `now`: time of day, ms. */
export function created(keys: Keys, fields: KeyFields & { readonly id: string }, hash: string, now: number): Keys {
  const kept = keys.filter(({ revoked_at }) => revoked_at === null || Date.parse(revoked_at) > now - REMEMBERED_MS)
  const same = kept.find(({ id }) => id === fields.id)
  if (same !== undefined)
    throw conflict(
      same.revoked_at === null
        ? `There is a key "${fields.id}" already; choose another id, or rotate that key.`
        : `Key "${fields.id}" was revoked, and what it used is counted by its id; choose another id.`,
    )
  if (kept.length >= MOST_KEYS)
    throw conflict(`There are ${MOST_KEYS} keys, which is the most; revoked ones go after 90 days.`)
  const made: StoredKey = {
    ...fields,
    secrets: [{ hash, until: null }],
    created_at: iso(now),
    changed_at: null,
    rotated_at: null,
    revoked_at: null,
  }
  return [...kept, made]
}

export const changed = (keys: Keys, id: string, change: Partial<KeyFields>, now: number): Keys =>
  replaced(keys, id, (key) => ({ ...key, ...change, changed_at: iso(now) }))

/** The secret before it stays good for `graceMs`; any before that one ends. */
export const rotated = (keys: Keys, id: string, hash: string, graceMs: number, now: number): Keys =>
  replaced(keys, id, (key) => ({
    ...key,
    secrets: [
      { hash, until: null },
      ...(graceMs === 0 ? [] : [{ hash: key.secrets[0]!.hash, until: iso(now + graceMs) }]),
    ],
    rotated_at: iso(now),
  }))

/** For good. */
export const revoked = (keys: Keys, id: string, now: number): Keys =>
  replaced(keys, id, (key) => ({ ...key, revoked_at: iso(now) }))

function replaced(keys: Keys, id: string, next: (key: StoredKey) => StoredKey): Keys {
  const found = keys.find((key) => key.id === id)
  if (found === undefined) throw unknownKey(id)
  if (found.revoked_at !== null) throw conflict(`Key "${id}" was revoked, which is for good; make another key.`)
  return keys.map((key) => (key === found ? next(key) : key))
}

/** Only what could be an id is quoted: an answer must not carry whatever a path held to a terminal. */
export const unknownKey = (id: string): GatewayError =>
  new GatewayError('not_found', isKeyId(id) ? `There is no key "${id}".` : 'There is no such key.', { param: 'id' })

/** Asked of something that cannot be in this state. */
export const conflict = (message: string): GatewayError =>
  new GatewayError('invalid_request', message, { status: 409, param: 'id' })

const iso = (ms: number): string => new Date(ms).toISOString()
