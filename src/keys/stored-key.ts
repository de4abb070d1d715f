/** A key that was made at run time, as it stands in the file of keys. */
import { z } from 'zod'
import { keySpec } from '../config/build-keys.ts'
import { type Fields, storedOf } from '../core/options/option.ts'
import { MADE_KEY_OPTIONS } from '../core/options/options.ts'
import type { KeySpec } from '../core/principal.ts'

const moment = z.iso.datetime()

const secret = z.strictObject({
  hash: z.string().regex(/^[\da-f]{64}$/),
  /** Null: as long as the key lives. */
  until: moment.nullable(),
})

const ID = /^[\w.-]{1,64}$/

export const isKeyId = (text: string): boolean => ID.test(text)

const history = z.strictObject({
  id: z.string().regex(ID),
  /** SHA-256, the newest secret first. */
  secrets: z.array(secret).min(1).max(2),
  created_at: moment,
  changed_at: moment.nullable(),
  rotated_at: moment.nullable(),
  revoked_at: moment.nullable(),
})

export const storedKey = z.strictObject({ ...history.shape, ...storedOf(MADE_KEY_OPTIONS) })

/** What its owner decides about a key. */
export type KeyFields = Fields<typeof MADE_KEY_OPTIONS>

/** Times are ISO texts, UTC. */
export type StoredKey = z.output<typeof history> & KeyFields

/** As routing, limits and budgets see it. */
export const specOf = (key: StoredKey): KeySpec => keySpec(key.id, key.secrets[0]!.hash, key)
