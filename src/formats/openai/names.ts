/** Which session, agent and user a body in OpenAI's form names: each SDK and agent has a place of its own for it. Pure. */
import { boundName, callerName } from '../../core/caller-name.ts'
import { isObject } from '../../core/is-object.ts'
import type { Json, JsonObject } from '../../core/json.ts'
import type { Names } from '../format.ts'

/** What stands between the user and the session in the one field that the protocol of Claude Code has for both, before 2.1.78. */
const SESSION_MARK = '_session_'
const ACCOUNT_MARK = '_account_'
/** Later versions write both as JSON, in some 250 characters. */
const LONGEST_RECORD = 1024

/** Of several places the first that says something counts. */
export function namesIn(body: JsonObject): Names {
  const metadata = isObject(body['metadata']) ? body['metadata'] : NOTHING
  const users = [body['safety_identifier'], body['user'], metadata['user_id']]
  return {
    session:
      boundName(metadata['session_id']) ??
      boundName(metadata['conversation_id']) ??
      // OpenRouter's SDK
      boundName(body['session_id']) ??
      first(users, (value) => recordOf(value)?.session ?? null) ??
      // It may be shared by many sessions, so whatever else names one stands before it.
      callerName(body['prompt_cache_key']),
    agent: boundName(metadata['agent']),
    user: first(users, userOf),
  }
}

const NOTHING: JsonObject = {}

function userOf(value: Json | undefined): string | null {
  const record = recordOf(value)
  return record === null ? boundName(value) : record.user
}

function first(values: readonly (Json | undefined)[], read: (value: Json | undefined) => string | null): string | null {
  for (const value of values) {
    const name = read(value)
    if (name !== null) return name
  }
  return null
}

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
