/** Callers of `/v1/messages` on a backend that speaks OpenAI's chat: what reaches it, and what comes back. */
import Anthropic from '@anthropic-ai/sdk'
import t, { type Test } from 'tap'
import { messages, MESSAGES_PATH, messageEvents } from '../support/messages.ts'
import type { FaultOptions } from '../support/fault-plan.ts'
import { startFaultUpstream } from '../support/fault-upstream.ts'
import { PROMPT_TOKENS, WORDS } from '../support/openai-answers.ts'
import { outcomeOf } from '../support/outcome.ts'
import { RawClient, rawPost } from '../support/raw-client.ts'
import { gatewayFor, rig, type RigOptions, type SingleRig, singleRig } from '../support/rig.ts'

const TEXT = WORDS.join('')
const ASK = {
  model: 'tiny',
  max_tokens: 100,
  messages: [{ role: 'user' as const, content: 'Where does the river run?' }],
}

async function sdk(
  t: Test,
  options: FaultOptions = {},
  rest: RigOptions = {},
): Promise<SingleRig & { claude: Anthropic }> {
  const rig = await singleRig(t, options, rest)
  return { ...rig, claude: new Anthropic({ baseURL: rig.gateway.url, apiKey: 'any', maxRetries: 0 }) }
}

t.test('a whole answer reads well in the SDK, and says what it took', async (t) => {
  const { claude, gateway } = await sdk(t)
  const { data, request_id } = await claude.messages.create(ASK).withResponse()
  t.strictSame(data.content, [{ type: 'text', text: TEXT }])
  t.match(data, { type: 'message', role: 'assistant', model: 'tiny', stop_reason: 'end_turn', stop_sequence: null })
  t.match(data.usage, {
    input_tokens: PROMPT_TOKENS - 3,
    cache_read_input_tokens: 3,
    cache_creation_input_tokens: 0,
    output_tokens: WORDS.length,
  })
  t.match(await outcomeOf(gateway, request_id!), {
    success: true,
    finish: 'stop',
    tokens: { input: PROMPT_TOKENS, cached_input: 3, output: WORDS.length },
  })
})

t.test('streamed, with the helper of the SDK, it is the same message', async (t) => {
  const { claude, gateway } = await sdk(t)
  const plain = await claude.messages.create(ASK)
  const stream = claude.messages.stream(ASK)
  const message = await stream.finalMessage()
  t.strictSame({ ...message, id: '' }, { ...plain, id: '', parsed_output: null })
  t.match(await outcomeOf(gateway, stream.request_id!), {
    success: true,
    finish: 'stop',
    tokens: { input: PROMPT_TOKENS, output: WORDS.length },
  })
})

t.test('callers of the version before, with the key in its own header', async (t) => {
  const { gateway } = await singleRig(t, {}, { keys: [{ id: 'ann', key: 'sk-ann' }] })
  for (const headers of [
    { 'x-api-key': 'sk-ann', 'anthropic-version': '2023-06-01' },
    { authorization: 'Bearer sk-ann', 'anthropic-version': '2026-10-21' },
  ]) {
    const answer = await rawPost(gateway.url, MESSAGES_PATH, messages(), headers)
    t.equal(answer.status, 200)
    t.match(await answer.json(), { type: 'message' })
  }
})

t.test('what reaches the backend is a chat in its own words', async (t) => {
  const { gateway, upstream } = await singleRig(t, { strict: true })
  const body = messages({
    system: [
      { type: 'text', text: 'x-anthropic-billing-header: cc_version=2.1; cch=a1;' },
      { type: 'text', text: 'Be brief.', cache_control: { type: 'ephemeral' } },
    ],
    messages: [
      { role: 'user', content: 'Where?' },
      {
        role: 'assistant',
        content: [
          { type: 'thinking', thinking: 'Hm', signature: 'EqR' },
          { type: 'tool_use', id: 'toolu_1', name: 'look', input: { at: 'map' } },
        ],
      },
      {
        role: 'user',
        content: [
          {
            type: 'tool_result',
            tool_use_id: 'toolu_1',
            content: [
              { type: 'text', text: 'gone' },
              { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } },
            ],
            is_error: true,
          },
          { type: 'text', text: 'And now?' },
        ],
      },
    ],
    tools: [{ name: 'look', description: 'Looks', input_schema: { type: 'object' } }],
    tool_choice: { type: 'any', disable_parallel_tool_use: true },
    stop_sequences: ['END'],
    temperature: 0.5,
    metadata: { user_id: JSON.stringify({ device_id: 'd', account_uuid: '', session_id: 's-1' }) },
    context_management: { edits: [{ type: 'clear_thinking_20251015', keep: 'all' }] },
  })
  const headers = { 'anthropic-version': '2023-06-01', 'anthropic-beta': 'context-management-2025-06-27' }
  const answer = await rawPost(gateway.url, `${MESSAGES_PATH}?beta=true`, body, headers)
  t.equal(answer.status, 200)
  await answer.json()
  const [{ json, headers: sent, path } = { json: {}, headers: {}, path: '' }] = upstream.requests
  t.equal(path, '/v1/chat/completions')
  t.strictSame(json, {
    model: 'tiny',
    messages: [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'Where?' },
      {
        role: 'assistant',
        content: null,
        tool_calls: [{ id: 'toolu_1', type: 'function', function: { name: 'look', arguments: '{"at":"map"}' } }],
      },
      { role: 'tool', content: 'Error: gone', tool_call_id: 'toolu_1' },
      { role: 'user', content: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } }] },
      { role: 'user', content: 'And now?' },
    ],
    tools: [{ type: 'function', function: { name: 'look', description: 'Looks', parameters: { type: 'object' } } }],
    tool_choice: 'required',
    parallel_tool_calls: false,
    stop: ['END'],
    max_tokens: 100,
    temperature: 0.5,
  })
  for (const name of ['anthropic-version', 'anthropic-beta']) t.notOk(name in sent, `${name} stays here`)
})

t.test('results of several calls with pictures stand together behind the calls', async (t) => {
  const { gateway, upstream } = await singleRig(t)
  const picture = { type: 'image', source: { type: 'url', url: 'https://a/b.png' } }
  const call = (id: string): object => ({ type: 'tool_use', id, name: 'look', input: {} })
  const result = (id: string): object => ({ type: 'tool_result', tool_use_id: id, content: [picture] })
  const list = [
    { role: 'user', content: 'Where?' },
    { role: 'assistant', content: [call('a'), call('b')] },
    { role: 'user', content: [result('a'), result('b')] },
  ]
  await (
    await rawPost(gateway.url, MESSAGES_PATH, messages({ messages: list, tools: [{ name: 'look', input_schema: {} }] }))
  ).json()
  const sent = upstream.requests[0]!.json!['messages'] as { role: string; content: unknown }[]
  t.strictSame(
    sent.map(({ role }) => role),
    ['user', 'assistant', 'tool', 'tool', 'user'],
  )
  t.strictSame(
    sent.filter(({ role }) => role === 'tool').map(({ content }) => content),
    ['', ''],
    'a result without a text is an empty one',
  )
})

for (const path of [
  '/anthropic/v1/messages',
  '/v1/messages?beta=true',
  '/v1/v1/messages',
  '/anthropic/v1/messages?beta=true',
])
  t.test(`${path} is served`, async (t) => {
    const { gateway } = await singleRig(t)
    const answer = await rawPost(gateway.url, path, messages())
    t.equal(answer.status, 200)
    t.match(await answer.json(), { type: 'message' })
  })

t.test('a prompt that Claude Code begins with another attribution each turn goes on where it was', async (t) => {
  const { gateway } = await singleRig(t)
  const affinity = async (cch: string): Promise<unknown> => {
    const system = [
      { type: 'text', text: `x-anthropic-billing-header: cch=${cch};` },
      { type: 'text', text: 'Be brief.' },
    ]
    const answer = await rawPost(gateway.url, '/v1/route?endpoint=messages', messages({ system }))
    return (await answer.json<{ profile: { affinity: unknown } }>()).profile.affinity
  }
  const first = await affinity('1')
  t.type(first, 'string')
  t.equal(await affinity('2'), first)
})

t.test('tools that Anthropic runs are refused by name where nobody can', async (t) => {
  const { gateway, upstream } = await singleRig(t)
  const answer = await rawPost(
    gateway.url,
    MESSAGES_PATH,
    messages({ tools: [{ type: 'web_search_20250305', name: 'web_search' }] }),
  )
  t.equal(answer.status, 400)
  const body = await answer.json<{ error: { message: string } }>()
  t.match(body, {
    type: 'error',
    error: { type: 'invalid_request_error', code: 'unsupported' },
    request_id: answer.headers['x-request-id'],
  })
  t.match(body.error.message, /openai-chat, which has no web_search_20250305/)
  t.equal(upstream.requests.length, 0)
})

t.test('where one backend is Anthropic it is asked, with the tools as they came', async (t) => {
  const message = {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'tiny',
    content: [{ type: 'text', text: 'So.' }],
    stop_reason: 'end_turn',
    stop_sequence: null,
    usage: { input_tokens: 1, output_tokens: 2 },
  }
  const native = await startFaultUpstream({
    probe: ({ path }) => (path === MESSAGES_PATH ? { body: message } : undefined),
  })
  t.teardown(() => native.close())
  const backends = [{ name: 'native', kind: 'anthropic', url: native.url, key: 'k', models: ['tiny'] }]
  const { gateway, upstreams } = await rig(t, { upstreams: { up: {} }, config: { backends } })
  const tools = [{ type: 'web_search_20250305', name: 'web_search', max_uses: 3 }]
  for (let turn = 0; turn < 4; turn++) {
    const answer = await rawPost(gateway.url, MESSAGES_PATH, messages({ tools }))
    t.equal(answer.status, 200)
    t.equal(answer.headers['x-turnout-backend'], 'native')
    t.strictSame(await answer.json(), message)
  }
  t.equal(upstreams['up']!.requests.length, 0)
  const asked = native.probes.filter(({ path }) => path === MESSAGES_PATH)
  t.equal(asked.length, 4)
  t.strictSame(asked[0]!.json?.['tools'], tools)
})

t.test('the answer carries its id under both names, and limits as Anthropic tells them', async (t) => {
  const { gateway } = await singleRig(t, {}, { keys: [{ id: 'ann', key: 'sk-ann', rpm: 1 }] })
  const ask = () => rawPost(gateway.url, MESSAGES_PATH, messages(), { 'x-api-key': 'sk-ann' })
  const first = await ask()
  t.equal(first.headers['request-id'], first.headers['x-request-id'])
  t.match(first.headers, {
    'anthropic-ratelimit-requests-limit': '1',
    'anthropic-ratelimit-requests-remaining': '0',
    'x-ratelimit-limit-requests': '1',
  })
  t.ok(Date.parse(first.headers['anthropic-ratelimit-requests-reset']!) > Date.now())
  await first.json()
  const second = await ask()
  t.equal(second.status, 429)
  t.equal(second.headers['request-id'], second.headers['x-request-id'])
  t.ok(second.headers['retry-after'])
  t.match(await second.json(), {
    type: 'error',
    error: { type: 'rate_limit_error', code: 'rate_limit_exceeded' },
    request_id: second.headers['request-id'],
  })
})

t.test('errors before any answer are in the envelope of Anthropic', async (t) => {
  const { gateway } = await singleRig(t, {}, { keys: [{ id: 'ann', key: 'sk-ann' }] })
  const cases: readonly (readonly [
    status: number,
    type: string,
    body: object | string,
    headers: Record<string, string>,
  ])[] = [
    [401, 'authentication_error', messages(), {}],
    [400, 'invalid_request_error', '{"model"', { 'x-api-key': 'sk-ann' }],
    [400, 'invalid_request_error', messages({ messages: [{ role: 'tool', content: 'x' }] }), { 'x-api-key': 'sk-ann' }],
    [404, 'not_found_error', messages({ model: 'nobody' }), { 'x-api-key': 'sk-ann' }],
  ]
  for (const [status, type, body, headers] of cases) {
    const answer = await rawPost(gateway.url, MESSAGES_PATH, body, headers)
    t.equal(answer.status, status)
    t.match(await answer.json(), {
      type: 'error',
      error: { type, message: String },
      request_id: answer.headers['request-id'],
    })
  }
})

t.test('a prompt that is too long says so in the words that agents look for', async (t) => {
  const message =
    "This model's maximum context length is 2048 tokens. However, you requested 3000 tokens (2900 in the messages, 100 in the completion)."
  const { claude, upstream } = await sdk(t)
  upstream.next({
    status: 400,
    body: { error: { message, type: 'invalid_request_error', code: 'context_length_exceeded' } },
  })
  await t.rejects(claude.messages.create(ASK), {
    status: 400,
    type: 'invalid_request_error',
    message: /prompt is too long: 2900 tokens > 2048 maximum/,
  })
  const fits = "This model's maximum context length is 2048 tokens and your request has 2000 input tokens"
  upstream.next({ status: 400, body: { error: { message: fits, type: 'invalid_request_error', code: null } } })
  await t.rejects(claude.messages.create(ASK), {
    status: 400,
    message: /input length and `max_tokens` exceed context limit: 2000 \+ 100 > 2048/,
  })
})

t.test('one that is too long for every candidate is told by how much', async (t) => {
  const { gateway, upstreams } = await rig(t, {
    upstreams: { up: {} },
    config: { models: { tiny: { context: 1000 } } },
  })
  const long = messages({ messages: [{ role: 'user', content: 'river '.repeat(20_000) }] })
  const answer = await rawPost(gateway.url, MESSAGES_PATH, long)
  t.equal(answer.status, 400)
  t.match(await answer.json(), {
    error: { type: 'invalid_request_error', message: /^prompt is too long: \d{5} tokens > 1000 maximum$/ },
  })
  t.equal(upstreams['up']!.requests.length, 0)
})

t.test('the decision is told in a ping before the end of a stream, and in the body of a whole answer', async (t) => {
  const { gateway } = await singleRig(t)
  const headers = { 'x-turnout-explain': '1' }
  const whole = await rawPost(gateway.url, MESSAGES_PATH, messages(), headers)
  t.match(await whole.json(), { type: 'message', turnout: { outcome: { finish: 'stop' } } })
  const streamed = await rawPost(gateway.url, MESSAGES_PATH, messages({ stream: true }), headers)
  const events = messageEvents(Buffer.concat((await streamed.blocks()).map(({ raw }) => raw)))
  t.match(events.at(-2), { type: 'ping', turnout: { outcome: { finish: 'stop' } } })
  t.equal(events.at(-1)?.type, 'message_stop')
})

t.test('a gateway behind another counts the same tokens (AT-16)', async (t) => {
  const { gateway: inner } = await singleRig(t)
  const outer = await gatewayFor(t, { backends: [{ name: 'inner', kind: 'vllm', url: inner.url, models: ['tiny'] }] })
  const usageOf = async (url: string): Promise<unknown> =>
    (await (await rawPost(url, MESSAGES_PATH, messages())).json<{ usage: unknown }>()).usage
  const usage = await usageOf(inner.url)
  t.strictSame(await usageOf(outer.url), usage)
  const streamed = await rawPost(outer.url, MESSAGES_PATH, messages({ stream: true }))
  const events = messageEvents(Buffer.concat((await streamed.blocks()).map(({ raw }) => raw)))
  t.strictSame(events.at(-2)?.['usage'], usage)
  const id = streamed.headers['x-request-id']!
  t.match(await outcomeOf(outer, id), { tokens: { input: PROMPT_TOKENS, cached_input: 3, output: WORDS.length } })
})

t.test('a probe of the address is answered', async (t) => {
  const { gateway } = await singleRig(t, {}, { keys: [{ id: 'ann', key: 'sk-ann' }] })
  for (const method of ['HEAD', 'GET']) {
    const client = await RawClient.open(gateway.url)
    t.equal((await client.send('/', { method })).status, 200, method)
    client.destroy()
  }
})
