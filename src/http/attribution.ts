/** Which session, agent and user a request belongs to, as far as it says: in our headers, or where its SDK or agent has a place for it. Pure. */
import { boundName, callerName } from '../core/caller-name.ts'
import type { Json, JsonObject } from '../core/json.ts'
import type { GatewayRequest } from '../core/types.ts'

export interface Attribution {
  readonly session: string | null
  readonly agent: string | null
  readonly user: string | null
}

/** The first that says something counts. */
const SESSION_HEADERS = [
  'x-turnout-session',
  'x-claude-code-session-id',
  'x-opencode-session',
  'x-session-id',
  'x-session-affinity',
  // Codex: as it is now, and as it was
  'session-id',
  'session_id',
  'conversation_id',
]
const SESSION_FIELDS: readonly (readonly string[])[] = [
  ['metadata', 'session_id'],
  ['metadata', 'conversation_id'],
  // OpenRouter's SDK
  ['session_id'],
]
const USER_FIELDS: readonly (readonly string[])[] = [['safety_identifier'], ['user'], ['metadata', 'user_id']]

/** Products that name themselves in `user-agent`, or in the `x-title` that OpenRouter asks for. */
const AGENTS: readonly (readonly [pattern: RegExp, name: string])[] = [
  [/^claude-cli\//i, 'claude-code'],
  [/^codex/i, 'codex'],
  [/^opencode/i, 'opencode'],
  [/^aider/i, 'aider'],
  [/^cline/i, 'cline'],
  [/^roo[- ]?code/i, 'roo-code'],
  [/^kilo[- ]?code/i, 'kilo-code'],
  [/^continue\b/i, 'continue'],
  [/^cursor/i, 'cursor'],
  [/^zed\//i, 'zed'],
  [/^goose/i, 'goose'],
  [/^gemini-?cli/i, 'gemini-cli'],
  [/^qwen-?code/i, 'qwen-code'],
  [/^(github-?)?copilot/i, 'copilot'],
  [/^crush\//i, 'crush'],
]

/** What stands between the user and the session in the one field that the protocol of Claude Code has for both, before 2.1.78. */
const SESSION_MARK = '_session_'
const ACCOUNT_MARK = '_account_'
/** Later versions write both as JSON, in some 250 characters. */
const LONGEST_RECORD = 1024

export function attributionOf(headers: GatewayRequest['headers'], body: JsonObject): Attribution {
  return {
    session:
      firstHeader(SESSION_HEADERS, headers) ??
      first(SESSION_FIELDS, body, boundName) ??
      first(USER_FIELDS, body, (value) => recordOf(value)?.session ?? null) ??
      // It may be shared by many sessions, so whatever else names one stands before it.
      callerName(body['prompt_cache_key']),
    agent:
      boundName(headers['x-turnout-agent']) ??
      boundName(at(body, ['metadata', 'agent'])) ??
      productOf(headers['user-agent']) ??
      productOf(headers['x-title']),
    user: first(USER_FIELDS, body, (value) => {
      const record = recordOf(value)
      return record === null ? boundName(value) : record.user
    }),
  }
}

/** What Claude Code writes where others name a user, also through gateways that carry it to `user`; null where it is no such thing. */
function recordOf(value: Json | undefined): Pick<Attribution, 'session' | 'user'> | null {
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
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : null
  } catch {
    return null
  }
}

function firstHeader(names: readonly string[], headers: GatewayRequest['headers']): string | null {
  for (const name of names) {
    const value = boundName(headers[name])
    if (value !== null) return value
  }
  return null
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
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
    value = (value as JsonObject)[name]
  }
  return value
}

function productOf(agent: string | string[] | undefined): string | null {
  if (typeof agent !== 'string') return null
  return AGENTS.find(([pattern]) => pattern.test(agent))?.[1] ?? null
}
