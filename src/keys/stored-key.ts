/** A key that was made at run time, as it stands in the file of keys. */
import { z } from 'zod'
import { budgetsOfKey } from '../config/build-keys.ts'
import { PERIODS } from '../core/budget.ts'
import type { KeySpec } from '../core/principal.ts'

/**
 * `inference` may do what callers do; `read` sees models and health and can spend nothing. There is no scope for the admin API: it has
 * a token and a port of its own, so that no key that agents carry can make keys.
 */
export const SCOPES = ['inference', 'read'] as const

export type Scope = (typeof SCOPES)[number]

const moment = z.iso.datetime()
const count = z.int().min(1)

const fields = {
  team: z.string().nullable(),
  user: z.string().nullable(),
  labels: z.record(z.string(), z.string()),
  /** Null: everything. */
  routes: z.array(z.string()).min(1).nullable(),
  scope: z.enum(SCOPES),
  rpm: count.nullable(),
  tpm: count.nullable(),
  parallel: count.nullable(),
  budget: z.strictObject({ usd: z.number().min(0), per: z.enum(PERIODS) }).nullable(),
  /** Files of earlier versions do not have it. */
  clamp: z.boolean().default(false),
  expires: moment.nullable(),
}

const secret = z.strictObject({
  hash: z.string().regex(/^[\da-f]{64}$/),
  /** Null: as long as the key lives. */
  until: moment.nullable(),
})

const ID = /^[\w.-]{1,64}$/

export const isKeyId = (text: string): boolean => ID.test(text)

export const storedKey = z.strictObject({
  id: z.string().regex(ID),
  ...fields,
  /** SHA-256, the newest secret first. */
  secrets: z.array(secret).min(1).max(2),
  created_at: moment,
  changed_at: moment.nullable(),
  rotated_at: moment.nullable(),
  revoked_at: moment.nullable(),
})

/** Times are ISO texts, UTC. */
export type StoredKey = z.output<typeof storedKey>

/** What its owner decides about a key. */
export type KeyFields = Pick<StoredKey, keyof typeof fields>

/** As routing, limits and budgets see it. */
export function specOf(key: StoredKey): KeySpec {
  const { id, team, user, labels, routes, rpm } = key
  return {
    id,
    hash: key.secrets[0]!.hash,
    team,
    user,
    labels,
    routes,
    rpm,
    budgets: budgetsOfKey({
      id,
      tpm: key.tpm ?? undefined,
      parallel: key.parallel ?? undefined,
      budget: key.budget ?? undefined,
      clamp: key.clamp,
    }),
    expiresAt: key.expires === null ? null : Date.parse(key.expires),
  }
}
