/** Which session, agent and user a body in OpenAI's form names: each SDK and agent has a place of its own for it. Pure. */
import { boundName, callerName } from '../../core/caller-name.ts'
import { isObject } from '../../core/is-object.ts'
import type { Json, JsonObject } from '../../core/json.ts'
import type { Names } from '../format.ts'
import { userRecord } from '../user-record.ts'

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
      first(users, (value) => userRecord(value)?.session ?? null) ??
      // It may be shared by many sessions, so whatever else names one stands before it.
      callerName(body['prompt_cache_key']),
    agent: boundName(metadata['agent']),
    user: first(users, userOf),
  }
}

const NOTHING: JsonObject = {}

function userOf(value: Json | undefined): string | null {
  const record = userRecord(value)
  return record === null ? boundName(value) : record.user
}

function first(values: readonly (Json | undefined)[], read: (value: Json | undefined) => string | null): string | null {
  for (const value of values) {
    const name = read(value)
    if (name !== null) return name
  }
  return null
}
