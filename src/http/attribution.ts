/** Which session, agent and user a request belongs to, as far as it says: in our headers, or where its SDK or agent has a place for it. Pure. */
import { boundName } from '../core/caller-name.ts'
import type { GatewayRequest } from '../core/types.ts'
import type { Names } from '../formats/format.ts'

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

/** Products that name themselves in `user-agent`, or in the `x-title` that OpenRouter asks for. */
const AGENTS: readonly (readonly [pattern: RegExp, name: string])[] = [
  [/^claude-(cli|code)\//i, 'claude-code'],
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

/** Nearly all callers are none of them, which one look tells. */
const SOME_AGENT = new RegExp(AGENTS.map(([pattern]) => pattern.source).join('|'), 'i')

/** `named`: what the body says. */
export const attributionOf = (headers: GatewayRequest['headers'], named: Names): Names => ({
  session: firstHeader(SESSION_HEADERS, headers) ?? named.session,
  agent:
    boundName(headers['x-turnout-agent']) ??
    named.agent ??
    productOf(headers['user-agent']) ??
    productOf(headers['x-title']),
  user: named.user,
})

function firstHeader(names: readonly string[], headers: GatewayRequest['headers']): string | null {
  for (const name of names) {
    const value = boundName(headers[name])
    if (value !== null) return value
  }
  return null
}

function productOf(agent: string | string[] | undefined): string | null {
  if (typeof agent !== 'string' || !SOME_AGENT.test(agent)) return null
  return AGENTS.find(([pattern]) => pattern.test(agent))?.[1] ?? null
}
