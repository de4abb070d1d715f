/**
 * What Claude Code writes where others name a user, also through gateways that carry it to a field of another format: its session
 * as well. Pure.
 */
import { boundName } from '../core/caller-name.ts'
import type { Json } from '../core/json.ts'
import type { Names } from './format.ts'
import { objectIn } from './json/object-in.ts'

/** What stands between the user and the session in the one field that the protocol of Claude Code has for both, before 2.1.78. */
const SESSION_MARK = '_session_'
const ACCOUNT_MARK = '_account_'
/** Later versions write both as JSON, in some 250 characters. */
const LONGEST_RECORD = 1024

/** Null where it is no such thing. */
export function userRecord(value: Json | undefined): Pick<Names, 'session' | 'user'> | null {
  if (typeof value !== 'string' || value.length > LONGEST_RECORD) return null
  if (!value.startsWith('{')) {
    const mark = value.lastIndexOf(SESSION_MARK)
    if (!value.startsWith('user_') || mark < 0) return null
    const user = value.slice(0, mark)
    return {
      session: boundName(value.slice(mark + SESSION_MARK.length)),
      user: boundName(user.endsWith(ACCOUNT_MARK) ? user.slice(0, -ACCOUNT_MARK.length) : user),
    }
  }
  const record = objectIn(value)
  const session = boundName(record?.['session_id'])
  if (record === null || session === null) return null
  return { session, user: boundName(record['account_uuid']) ?? boundName(record['device_id']) }
}
