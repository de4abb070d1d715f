/** Whom a request names as its user, and the session that Claude Code writes into the same field. Pure. */
import { boundName } from '../../core/caller-name.ts'
import { isObject } from '../../core/is-object.ts'
import type { Json, JsonObject } from '../../core/json.ts'
import type { Names } from '../format.ts'
import { userRecord } from '../user-record.ts'
import type { Lose } from './blocks.ts'

export function namesIn({ metadata }: JsonObject): Names {
  const id = isObject(metadata) ? metadata['user_id'] : undefined
  const record = userRecord(id)
  return { session: record?.session ?? null, agent: null, user: record === null ? boundName(id) : record.user }
}

/** The name that may go to another maker. What Claude Code writes tells of the machine and the account. */
export function userOf(metadata: Json | undefined, lose: Lose): string | null {
  const id = isObject(metadata) ? metadata['user_id'] : undefined
  if (typeof id !== 'string') return null
  if (userRecord(id) === null) return id
  lose('metadata.user_id')
  return null
}
