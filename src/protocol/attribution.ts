/** Which session, agent and user a request belongs to, as far as it says: in our headers, or where its SDK or agent has a place for it. Pure. */
import { callerName } from '../core/caller-name.ts'
import type { Json, JsonObject } from '../core/settings.ts'
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
  'x-session-id',
  'x-session-affinity',
  // Codex
  'session_id',
  'conversation_id',
]
const SESSION_FIELDS: readonly (readonly string[])[] = [
  ['metadata', 'session_id'],
  ['metadata', 'conversation_id'],
  // OpenRouter's SDK
  ['session_id'],
  ['prompt_cache_key'],
]
const USER_FIELDS: readonly (readonly string[])[] = [['safety_identifier'], ['user'], ['metadata', 'user_id']]

/** Products that name themselves in `user-agent`. */
const AGENTS: readonly (readonly [pattern: RegExp, name: string])[] = [
  [/^claude-cli\//i, 'claude-code'],
  [/^codex/i, 'codex'],
  [/^opencode/i, 'opencode'],
  [/^aider/i, 'aider'],
  [/^cline/i, 'cline'],
  [/^roo-?code/i, 'roo-code'],
  [/^kilo-?code/i, 'kilo-code'],
  [/^continue\b/i, 'continue'],
  [/^cursor/i, 'cursor'],
  [/^zed\//i, 'zed'],
  [/^goose/i, 'goose'],
  [/^gemini-?cli/i, 'gemini-cli'],
  [/^qwen-?code/i, 'qwen-code'],
  [/^(github-?)?copilot/i, 'copilot'],
  [/^crush\//i, 'crush'],
]

/** Claude Code: `user_<hash>_account_<id>_session_<id>`. */
const WITH_SESSION = /^(.+)_session_([\w-]{8,64})$/

export function attributionOf(headers: GatewayRequest['headers'], body: JsonObject): Attribution {
  const whole = callerName(at(body, ['metadata', 'user_id']))
  const [, owner = null, inner = null] = whole === null ? [] : (WITH_SESSION.exec(whole) ?? [])
  const user = first(USER_FIELDS, body)
  return {
    session: firstHeader(SESSION_HEADERS, headers) ?? first(SESSION_FIELDS, body, inner),
    agent:
      callerName(headers['x-turnout-agent']) ??
      callerName(at(body, ['metadata', 'agent'])) ??
      productOf(headers['user-agent']),
    user: user === whole && owner !== null ? owner : user,
  }
}

function firstHeader(names: readonly string[], headers: GatewayRequest['headers']): string | null {
  for (const name of names) {
    const value = callerName(headers[name])
    if (value !== null) return value
  }
  return null
}

/** `own`: what stands before the last of them. */
function first(paths: readonly (readonly string[])[], body: JsonObject, own: string | null = null): string | null {
  for (const path of paths) {
    const value = (path === LAST_SESSION_FIELD ? own : null) ?? callerName(at(body, path))
    if (value !== null) return value
  }
  return own
}

/** A key of a cache may be shared by many sessions: Claude Code's own word stands before it. */
const LAST_SESSION_FIELD = SESSION_FIELDS.at(-1)

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
