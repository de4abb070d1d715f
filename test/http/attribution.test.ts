import t from 'tap'
import type { JsonObject } from '../../src/core/json.ts'
import { CHAT } from '../../src/core/endpoints.ts'
import { parseBody } from '../../src/formats/openai/request.ts'
import type { Names } from '../../src/formats/format.ts'
import { namesIn } from '../../src/formats/openai/names.ts'
import { attributionOf as attributedTo } from '../../src/http/attribution.ts'
import { seeded } from '../support/random.ts'

const SESSION = '0b9e3f6c-1111-4222-8333-444455556666'
const DEVICE = 'd'.repeat(64)
const ACCOUNT = '6f1c0000-aaaa-4bbb-8ccc-ddddeeeeffff'
const NOBODY = { session: null, agent: null, user: null }

const attributionOf = (headers: Record<string, string>, body: JsonObject): Names => attributedTo(headers, namesIn(body))

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
    'Claude Code since 2.1.78 writes JSON where the user stands',
    { 'user-agent': 'claude-cli/2.1.129 (external, cli)' },
    { metadata: { user_id: JSON.stringify({ device_id: DEVICE, account_uuid: ACCOUNT, session_id: SESSION }) } },
    { session: SESSION, agent: 'claude-code', user: ACCOUNT },
  ],
  [
    'without an account the device is the user',
    {},
    { metadata: { user_id: JSON.stringify({ device_id: DEVICE, account_uuid: '', session_id: SESSION }) } },
    { session: SESSION, user: DEVICE },
  ],
  [
    'a gateway between carries it to `user`',
    {},
    { user: `user_abc_account__session_${SESSION}`, prompt_cache_key: 'shared' },
    { session: SESSION, user: 'user_abc' },
  ],
  ['JSON of somebody else is a name like any', {}, { user: '{"tenant":7}' }, { user: '{"tenant":7}' }],
  ['a name that only looks alike', {}, { user: 'bob_session_12' }, { user: 'bob_session_12' }],
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
    'Codex today',
    { 'user-agent': 'codex_cli_rs/0.98.0 (Mac OS 26.0; arm64)', 'session-id': SESSION, 'thread-id': 't' },
    { prompt_cache_key: 't' },
    { session: SESSION, agent: 'codex' },
  ],
  [
    'opencode',
    { 'user-agent': 'opencode/1.2.0 ai-sdk/provider-utils/4.0.1', 'x-session-affinity': 'ses_1' },
    {},
    { session: 'ses_1', agent: 'opencode' },
  ],
  [
    'an agent that names itself to OpenRouter',
    { 'user-agent': 'OpenAI/JS 6.49.0', 'x-title': 'Roo Code' },
    {},
    { agent: 'roo-code' },
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
  // What the agents sent that `npm run test:agents` runs, as far as it says who they are.
  [
    'Claude Code 2.1.197',
    {
      'user-agent': 'claude-cli/2.1.197 (external, sdk-cli)',
      'x-claude-code-session-id': SESSION,
      'x-app': 'cli',
      'x-stainless-lang': 'js',
    },
    { metadata: { user_id: JSON.stringify({ device_id: DEVICE, account_uuid: '', session_id: SESSION }) } },
    { session: SESSION, agent: 'claude-code', user: DEVICE },
  ],
  [
    'a subagent of Claude Code belongs to the session of its parent',
    {
      'user-agent': 'claude-cli/2.1.197 (external, sdk-cli)',
      'x-claude-code-session-id': SESSION,
      'x-claude-code-agent-id': 'a11acf1df92f29632',
    },
    { metadata: { user_id: JSON.stringify({ device_id: DEVICE, account_uuid: '', session_id: SESSION }) } },
    { session: SESSION, agent: 'claude-code', user: DEVICE },
  ],
  ['Claude Code looks for models', { 'user-agent': 'claude-code/2.1.197' }, {}, { agent: 'claude-code' }],
  [
    'Codex 0.171.0',
    {
      'user-agent': 'codex_exec/0.171.0 (Debian 12.0.0; x86_64) dumb (codex_exec; 0.171.0)',
      'session-id': SESSION,
      'thread-id': SESSION,
      'x-client-request-id': SESSION,
      originator: 'codex_exec',
    },
    { prompt_cache_key: SESSION, client_metadata: { session_id: SESSION, thread_id: SESSION } },
    { session: SESSION, agent: 'codex' },
  ],
  [
    'a subagent of Codex has a thread of its own in the same session',
    {
      'user-agent': 'codex_exec/0.171.0 (Debian 12.0.0; x86_64) dumb (codex_exec; 0.171.0)',
      'session-id': SESSION,
      'thread-id': '01a22c38-e015-7071-81b9-39ce551bdd1a',
      'x-codex-parent-thread-id': SESSION,
      'x-openai-subagent': 'collab_spawn',
    },
    { prompt_cache_key: SESSION },
    { session: SESSION, agent: 'codex' },
  ],
  ['Codex through a proxy that drops its headers', {}, { prompt_cache_key: SESSION }, { session: SESSION }],
  [
    'opencode 1.18.33',
    {
      'user-agent': 'opencode/1.18.33 ai-sdk/provider-utils/4.0.23 runtime/bun/1.3.14',
      'x-session-affinity': 'ses_dd3ca6c86ffes0bULpc5425L0g',
      'x-session-id': 'ses_dd3ca6c86ffes0bULpc5425L0g',
    },
    {},
    { session: 'ses_dd3ca6c86ffes0bULpc5425L0g', agent: 'opencode' },
  ],
  ['Qwen Code 0.15.10', { 'user-agent': 'QwenCode/0.15.10 (linux; x64)' }, {}, { agent: 'qwen-code' }],
  [
    'Gemini CLI 0.61.0',
    {
      'user-agent': 'GeminiCLI-tui/0.61.0/gemini-2.5-pro (linux; x64; terminal)',
      'x-goog-api-client': 'google-genai-sdk/1.30.0 gl-node/v24.21.0',
      'x-gemini-api-privileged-user-id': ACCOUNT,
    },
    {},
    { agent: 'gemini-cli' },
  ],
  [
    'Cline 3.0.65',
    { 'user-agent': 'ai-sdk/openai-compatible/3.0.37 ai-sdk/provider-utils/5.0.30 runtime/bun/1.3.13' },
    {},
    {},
  ],
  [
    'Continue 1.5.47, as it is set up',
    { 'user-agent': 'ls/JS 5.23.2', 'x-turnout-agent': 'continue' },
    {},
    { agent: 'continue' },
  ],
  ['Aider 0.86.2', { 'user-agent': 'OpenAI/Python 2.20.0', 'x-stainless-lang': 'python' }, {}, {}],
  ['an earlier answer names no session', {}, { previous_response_id: 'resp_1' }, {}],
  ['other agents', { 'user-agent': 'opencode/1.0.3' }, {}, { agent: 'opencode' }],
  ['an agent that nobody knows', { 'user-agent': 'curl/8' }, {}, {}],
  ['as people write it', {}, { user: Buffer.from('Zoë').toString('latin1') }, { user: 'Zoë' }],
]

for (const [what, headers, body, wanted] of CASES)
  t.test(what, async (t) => t.strictSame(attributionOf(headers, body), { ...NOBODY, ...wanted }))

t.test('what is no name', async (t) => {
  for (const value of ['', 7, null, true, [], {}, ['s']])
    t.strictSame(attributionOf({}, { user: value, prompt_cache_key: value, metadata: value }), NOBODY)
})

t.test('a name that is too long, or that nobody can read, stays one name and is not written down', async (t) => {
  const session = (value: string): string | null => attributionOf({}, { session_id: value }).session
  const long = 'secret plan '.repeat(30)
  t.match(session(long), /^sha256-[\w-]{22}$/)
  t.equal(session(long), session(long))
  t.not(session(long), session(`${long}.`))
  const [c1, bidi, half] = ['\u009b31m', 'a\u202eb', '\ud800']
  for (const value of ['a\nb', 'a\u0000', c1, bidi, half])
    t.match(session(value), /^sha256-[\w-]{22}$/, JSON.stringify(value))
  t.equal(session('x'.repeat(256)), 'x'.repeat(256))
  const headers = { 'x-turnout-session': 'x'.repeat(257), 'x-session-id': 'short' }
  t.match(attributionOf(headers, {}).session, /^sha256-/, 'the first that says something counts')
  t.equal(attributionOf({}, { prompt_cache_key: long }).session, null, 'a key of a cache is a hint, and short')
})

t.test('a text that was cut when the body was parsed has a name too', async (t) => {
  const parsed = (value: string): string | null =>
    attributionOf(
      {},
      parseBody(Buffer.from(JSON.stringify({ model: 'm', messages: [], user: value })), CHAT).prompt.body,
    ).user
  const [one, other] = ['a '.repeat(100_000), 'b '.repeat(100_000)]
  t.match(parsed(one), /^sha256-/)
  t.equal(parsed(one), attributionOf({}, { user: one }).user, 'the same as that of the whole text')
  t.not(parsed(one), parsed(other))
  t.equal(parsed('Zoë'), 'Zoë')
})

const TEXTS = [
  'text',
  '',
  '{',
  '{"session_id":{}}',
  '{"session_id":"\\u0007"}',
  'user__session_',
  'user_\u0000_session_x',
  '\u200b',
]

t.test('any shape of a body', async (t) => {
  const random = seeded(5)
  const one = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!
  const any = (depth: number): unknown => {
    const kind = Math.floor(random() * (depth > 3 ? 4 : 6))
    if (kind === 4) return Array.from({ length: 3 }, () => any(depth + 1))
    if (kind === 5)
      return Object.fromEntries(
        ['metadata', 'user', 'user_id', 'session_id', 'agent'].map((name) => [name, any(depth + 1)]),
      )
    return [null, 7, one(TEXTS), false][kind]
  }
  for (let i = 0; i < 2000; i++) {
    const { session, agent, user } = attributionOf({ 'user-agent': one(TEXTS), 'session-id': one(TEXTS) }, {
      metadata: any(0),
      user: any(0),
      session_id: any(0),
    } as JsonObject)
    for (const name of [session, agent, user])
      if (name !== null && !/^[^\p{C}]{1,256}$/u.test(name)) t.fail(`no name: ${JSON.stringify(name)}`)
  }
  t.pass('2000 bodies')
})
