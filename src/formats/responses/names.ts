/** Which session, agent and user a body of the Responses API names. Pure. */
import { boundName, callerName } from '../../core/caller-name.ts'
import { isObject } from '../../core/is-object.ts'
import type { Json, JsonObject } from '../../core/json.ts'
import type { Names } from '../format.ts'

/** Of several places the first that says something counts. */
export function namesIn(body: JsonObject): Names {
  const metadata = objectOf(body['metadata'])
  // Codex
  const client = objectOf(body['client_metadata'])
  return {
    session:
      boundName(metadata['session_id']) ??
      boundName(metadata['conversation_id']) ??
      boundName(client['session_id']) ??
      boundName(body['session_id']) ??
      // It may be shared by many sessions, so whatever else names one stands before it.
      callerName(body['prompt_cache_key']),
    agent: boundName(metadata['agent']),
    user: boundName(body['safety_identifier']) ?? boundName(body['user']) ?? boundName(metadata['user_id']),
  }
}

const NOTHING: JsonObject = {}
const objectOf = (value: Json | undefined): JsonObject => (isObject(value) ? value : NOTHING)
