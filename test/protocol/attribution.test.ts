import t from 'tap'
import type { JsonObject } from '../../src/core/settings.ts'
import { attributionOf } from '../../src/protocol/attribution.ts'
import { seeded } from '../support/random.ts'

const SESSION = '0b9e3f6c-1111-4222-8333-444455556666'
const NOBODY = { session: null, agent: null, user: null }

const CASES: readonly (readonly [what: string, headers: Record<string, string>, body: JsonObject, wanted: object])[] = [
  ['nothing', {}, {}, {}],
  ['our headers', { 'x-turnout-session': 's', 'x-turnout-agent': 'bot' }, {}, { session: 's', agent: 'bot' }],
  [
    'our headers stand above all',
    { 'x-turnout-session': 's', 'x-session-id': 't', 'x-turnout-agent': 'bot', 'user-agent': 'claude-cli/2.1.0' },
    { prompt_cache_key: 'k', metadata: { session_id: 'm', agent: 'n' } },
    { session: 's', agent: 'bot' },
  ],
  [
    'Claude Code',
    { 'user-agent': 'claude-cli/2.1.129 (external, cli)', 'x-claude-code-session-id': SESSION },
    { metadata: { user_id: `user_abc_account_def_session_${SESSION}` } },
    { session: SESSION, agent: 'claude-code', user: 'user_abc_account_def' },
  ],
  [
    'Claude Code through a proxy that drops its headers',
    { 'user-agent': 'claude-cli/2.1.129' },
    { metadata: { user_id: `user_abc_session_${SESSION}` }, prompt_cache_key: 'shared' },
    { session: SESSION, agent: 'claude-code', user: 'user_abc' },
  ],
  [
    'Codex',
    { 'user-agent': 'codex_cli_rs/0.46.0 (Ubuntu 24.4; x86_64)', session_id: SESSION, conversation_id: 'c' },
    { prompt_cache_key: 'c' },
    { session: SESSION, agent: 'codex' },
  ],
  [
    'an SDK of OpenAI',
    { 'user-agent': 'OpenAI/JS 6.49.0' },
    { user: 'ann', prompt_cache_key: 'k' },
    { session: 'k', user: 'ann' },
  ],
  ['the newer field', {}, { user: 'ann', safety_identifier: 'h-ann' }, { user: 'h-ann' }],
  ['OpenRouter', {}, { session_id: 'o' }, { session: 'o' }],
  [
    'metadata',
    {},
    { metadata: { session_id: 'm', agent: 'nightly', user_id: 'bob' } },
    { session: 'm', agent: 'nightly', user: 'bob' },
  ],
  ['an earlier answer names no session', {}, { previous_response_id: 'resp_1' }, {}],
  ['other agents', { 'user-agent': 'opencode/1.0.3' }, {}, { agent: 'opencode' }],
  ['an agent that nobody knows', { 'user-agent': 'curl/8' }, {}, {}],
  ['as people write it', {}, { user: Buffer.from('Zoë').toString('latin1') }, { user: 'Zoë' }],
]

for (const [what, headers, body, wanted] of CASES)
  t.test(what, async (t) => t.strictSame(attributionOf(headers, body), { ...NOBODY, ...wanted }))

t.test('what is no name', async (t) => {
  for (const value of ['', 'x'.repeat(257), 'a\nb', 'a\u0000', 7, null, true, [], {}, ['s']])
    t.strictSame(attributionOf({}, { user: value, prompt_cache_key: value, metadata: value }), NOBODY)
  const long = { 'x-turnout-session': 'x'.repeat(257), 'x-session-id': 'short' }
  t.equal(attributionOf(long, {}).session, 'short', 'the next one speaks')
})

t.test('any shape of a body', async (t) => {
  const random = seeded(5)
  const any = (depth: number): unknown => {
    const kind = Math.floor(random() * (depth > 3 ? 4 : 6))
    if (kind === 4) return Array.from({ length: 3 }, () => any(depth + 1))
    if (kind === 5)
      return Object.fromEntries(
        ['metadata', 'user', 'user_id', 'session_id', 'agent'].map((name) => [name, any(depth + 1)]),
      )
    return [null, 7, 'text', false][kind]
  }
  for (let i = 0; i < 2000; i++) {
    const { session, agent, user } = attributionOf({}, {
      metadata: any(0),
      user: any(0),
      session_id: any(0),
    } as JsonObject)
    for (const name of [session, agent, user]) if (name !== null && typeof name !== 'string') t.fail('no name')
  }
  t.pass('2000 bodies')
})
