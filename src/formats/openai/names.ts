/** Which session, agent and user a body in OpenAI's form names: each SDK and agent has a place of its own for it. Pure. */
import { boundName, callerName } from '../../core/caller-name.ts'
import { isObject } from '../../core/is-object.ts'
import type { Json, JsonObject } from '../../core/json.ts'
import type { Names } from '../format.ts'

/** The first that says something counts. */
const SESSION_FIELDS: readonly (readonly string[])[] = [
  ['metadata', 'session_id'],
  ['metadata', 'conversation_id'],
  // OpenRouter's SDK
  ['session_id'],
]
const USER_FIELDS: readonly (readonly string[])[] = [['safety_identifier'], ['user'], ['metadata', 'user_id']]

/** What stands between the user and the session in the one field that the protocol of Claude Code has for both, before 2.1.78. */
const SESSION_MARK = '_session_'
const ACCOUNT_MARK = '_account_'
/** Later versions write both as JSON, in some 250 characters. */
const LONGEST_RECORD = 1024

export const namesIn = (body: JsonObject): Names => ({
  session:
    first(SESSION_FIELDS, body, boundName) ??
    first(USER_FIELDS, body, (value) => recordOf(value)?.session ?? null) ??
    // It may be shared by many sessions, so whatever else names one stands before it.
    callerName(body['prompt_cache_key']),
  agent: boundName(at(body, ['metadata', 'agent'])),
  user: first(USER_FIELDS, body, (value) => {
    const record = recordOf(value)
    return record === null ? boundName(value) : record.user
  }),
})

/** What Claude Code writes where others name a user, also through gateways that carry it to `user`; null where it is no such thing. */
function recordOf(value: Json | undefined): Pick<Names, 'session' | 'user'> | null {
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
  const record = objectOf(value)
  const session = boundName(record?.['session_id'])
  if (record === null || session === null) return null
  return { session, user: boundName(record['account_uuid']) ?? boundName(record['device_id']) }
}

function objectOf(text: string): JsonObject | null {
  try {
    const value = JSON.parse(text) as Json
    return isObject(value) ? value : null
  } catch {
    return null
  }
}

function first(
  paths: readonly (readonly string[])[],
  body: JsonObject,
  read: (value: Json | undefined) => string | null,
): string | null {
  for (const path of paths) {
    const value = read(at(body, path))
    if (value !== null) return value
  }
  return null
}

function at(body: JsonObject, path: readonly string[]): Json | undefined {
  let value: Json | undefined = body
  for (const name of path) {
    if (!isObject(value)) return undefined
    value = value[name]
  }
  return value
}
