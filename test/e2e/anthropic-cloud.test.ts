/** Anthropic's cloud behind the gateway, over real sockets: what it is sent for callers of either format, and what they are answered. */
import t, { type Test } from 'tap'
import OpenAI from 'openai'
import Anthropic from '@anthropic-ai/sdk'
import type { JsonObject } from '../../src/core/json.ts'
import { chat, CHAT_PATH, errorOf, readStream } from '../support/chat.ts'
import type { OwnGateway } from '../support/gateway.ts'
import { messages, MESSAGES_PATH } from '../support/messages.ts'
import {
  asStream,
  type MessagesAsked,
  type MessagesReply,
  type MessagesUpstream,
  messagesUpstream,
  sse,
} from '../support/messages-upstream.ts'
import { RawClient, rawPost } from '../support/raw-client.ts'
import { gatewayFor } from '../support/rig.ts'

t.setTimeout(120_000)

const KEY = 'sk-ant-test-000000000'
const MODEL = 'claude-sonnet-4-5'
const ANSWER: JsonObject = {
  id: 'msg_01',
  type: 'message',
  role: 'assistant',
  model: `${MODEL}-20250929`,
  content: [
    { type: 'thinking', thinking: 'Größe? 水!', signature: 'EqQBCkgIBxABGAIiQ==' },
    { type: 'text', text: 'I look it up — größer 🚂.' },
    { type: 'tool_use', id: 'toolu_01', name: 'get_weather', input: { city: 'Wien', days: 2 } },
    { type: 'tool_use', id: 'toolu_02', name: 'get_time', input: {} },
  ],
  stop_reason: 'tool_use',
  stop_sequence: null,
  usage: {
    input_tokens: 10,
    cache_creation_input_tokens: 100,
    cache_read_input_tokens: 2000,
    cache_creation: { ephemeral_5m_input_tokens: 100, ephemeral_1h_input_tokens: 0 },
    output_tokens: 25,
    output_tokens_details: { thinking_tokens: 12 },
    service_tier: 'standard',
  },
}
/** Ten at 3 USD for a million, 2000 of the cache at 0.3, 100 into it at 3.75, 25 of output at 15. */
const COST = 0.00138

const whole = (message: JsonObject): MessagesReply => ({ packets: [JSON.stringify(message)] })
const fits = ({ body }: MessagesAsked): MessagesReply =>
  body['stream'] === true ? { packets: asStream(ANSWER) } : whole(ANSWER)

interface World {
  readonly gateway: OwnGateway
  readonly upstream: MessagesUpstream
}

async function world(
  test: Test,
  reply: (asked: MessagesAsked, n: number) => MessagesReply = fits,
  backend: object = {},
): Promise<World> {
  const upstream = await messagesUpstream(test, reply)
  const own = { name: 'cloud', kind: 'anthropic', url: upstream.url, key: KEY, models: [MODEL] }
  return { gateway: await gatewayFor(test, { backends: [{ ...own, ...backend }] }), upstream }
}

const TOOLS = [
  {
    type: 'function' as const,
    function: { name: 'get_weather', description: 'Of a city', parameters: { type: 'object', properties: {} } },
  },
  { type: 'function' as const, function: { name: 'get_time', parameters: { type: 'object', properties: {} } } },
]

const CONVERSATION = [
  { role: 'system', content: 'Be brief.' },
  { role: 'user', content: 'Weather?' },
  {
    role: 'assistant',
    content: null,
    tool_calls: [
      {
        id: 'functions.get_weather:0',
        type: 'function',
        function: { name: 'get_weather', arguments: '{"city":"Graz"}' },
      },
      { id: 'call_2', type: 'function', function: { name: 'get_time', arguments: '' } },
    ],
  },
  { role: 'tool', tool_call_id: 'functions.get_weather:0', content: '21' },
  { role: 'tool', tool_call_id: 'call_2', content: 'noon' },
  { role: 'user', content: 'And in Wien?' },
]

const MARK = { cache_control: { type: 'ephemeral' } }

t.test('what a chat completion becomes, and what is marked for the cache', async (t) => {
  const { gateway, upstream } = await world(t)
  const body = {
    model: MODEL,
    messages: CONVERSATION,
    tools: TOOLS,
    temperature: 1.5,
    stop: ['END', ' '],
    user: 'u1',
    seed: 3,
  }
  const answer = await rawPost(gateway.url, CHAT_PATH, body, {
    authorization: 'Bearer canary-key',
    'x-canary': 'canary',
  })
  t.equal(answer.status, 200)
  const { body: sent, headers } = upstream.last()
  const plain = { type: 'object', properties: {} }
  t.strictSame(sent, {
    model: MODEL,
    max_tokens: 128_000,
    system: [{ type: 'text', text: 'Be brief.', ...MARK }],
    messages: [
      { role: 'user', content: [{ type: 'text', text: 'Weather?', ...MARK }] },
      {
        role: 'assistant',
        content: [
          {
            type: 'tool_use',
            id: 'toolu_turnout_ZnVuY3Rpb25zLmdldF93ZWF0aGVyOjA',
            name: 'get_weather',
            input: { city: 'Graz' },
          },
          { type: 'tool_use', id: 'call_2', name: 'get_time', input: {} },
        ],
      },
      {
        role: 'user',
        content: [
          {
            type: 'tool_result',
            tool_use_id: 'toolu_turnout_ZnVuY3Rpb25zLmdldF93ZWF0aGVyOjA',
            content: [{ type: 'text', text: '21' }],
          },
          { type: 'tool_result', tool_use_id: 'call_2', content: [{ type: 'text', text: 'noon' }] },
          { type: 'text', text: 'And in Wien?', ...MARK },
        ],
      },
    ],
    tools: [
      { name: 'get_weather', description: 'Of a city', input_schema: plain },
      { name: 'get_time', input_schema: plain },
    ],
    stop_sequences: ['END'],
    temperature: 1,
    metadata: { user_id: 'u1' },
  })
  t.match(headers, { 'x-api-key': KEY, 'anthropic-version': '2023-06-01' })
  t.notMatch(JSON.stringify(headers), 'canary')
})

t.test('a first question marks what others may begin with alone; the option leaves all marks out', async (t) => {
  const body = { model: MODEL, messages: CONVERSATION.slice(0, 2), tools: TOOLS }
  const { gateway, upstream } = await world(t)
  await (
    await rawPost(gateway.url, CHAT_PATH, body)
  ).complete
  t.match(upstream.last().body, { system: [MARK] })
  t.equal(upstream.last().raw.split('cache_control').length, 2)
  await (
    await rawPost(gateway.url, CHAT_PATH, { ...body, messages: CONVERSATION.slice(1, 2) })
  ).complete
  t.match(upstream.last().body, { tools: [{ name: 'get_weather' }, MARK] })
  const off = await world(t, fits, { prompt_caching: false })
  await (
    await rawPost(off.gateway.url, CHAT_PATH, { ...body, messages: CONVERSATION })
  ).complete
  t.notMatch(off.upstream.last().raw, 'cache_control')
})

const client = (gateway: OwnGateway): OpenAI => new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'x', maxRetries: 0 })

t.test('the official client of chat: streamed and whole, an answer says the same', async (t) => {
  const { gateway } = await world(t)
  const asked = { model: MODEL, messages: [{ role: 'user' as const, content: 'Weather?' }], tools: TOOLS }
  const once = await client(gateway).chat.completions.create(asked)
  const stream = client(gateway).chat.completions.stream({ ...asked, stream_options: { include_usage: true } })
  const live = await stream.finalChatCompletion()
  const message = {
    content: 'I look it up — größer 🚂.',
    tool_calls: [
      { id: 'toolu_01', function: { name: 'get_weather', arguments: '{"city":"Wien","days":2}' } },
      { id: 'toolu_02', function: { name: 'get_time', arguments: '{}' } },
    ],
  }
  const usage = {
    prompt_tokens: 2110,
    completion_tokens: 25,
    total_tokens: 2135,
    prompt_tokens_details: { cached_tokens: 2000, cache_write_tokens: 100 },
    completion_tokens_details: { reasoning_tokens: 12 },
  }
  for (const answer of [once, live])
    t.match(answer, { model: `${MODEL}-20250929`, choices: [{ finish_reason: 'tool_calls', message }], usage })
  t.match(once.choices[0]?.message, { reasoning_content: 'Größe? 水!' })
  for (const [kind, tokens] of Object.entries({
    input: 2110,
    cached_input: 2000,
    cache_write: 100,
    output: 25,
    reasoning: 12,
  }))
    t.equal(await gateway.settled('turnout_tokens_total', { kind }, 2 * tokens), 2 * tokens, kind)
  const cost = await gateway.settled('turnout_cost_usd_total', {}, 2 * COST)
  t.ok(Math.abs(cost - 2 * COST) < 1e-9, `${cost}`)
})

t.test('the official client of Messages: the bytes of the cloud, and the caller s own request', async (t) => {
  const { gateway, upstream } = await world(t)
  for (const version of ['2023-06-01', '2026-10-21']) {
    const headers = { 'anthropic-version': version, 'anthropic-beta': 'context-1m-2025-08-07', 'x-canary': 'canary' }
    const anthropic = new Anthropic({
      baseURL: gateway.url,
      apiKey: 'sk-caller',
      defaultHeaders: headers,
      maxRetries: 0,
    })
    const asked = { model: MODEL, max_tokens: 100, messages: [{ role: 'user' as const, content: 'Weather?' }] }
    t.match(await anthropic.messages.create(asked), ANSWER)
    t.match(await anthropic.messages.stream(asked).finalMessage(), {
      content: ANSWER['content'],
      stop_reason: 'tool_use',
    })
    const { headers: heard, body } = upstream.last()
    t.strictSame(body, { ...asked, stream: true })
    t.match(heard, { 'anthropic-version': version, 'anthropic-beta': 'context-1m-2025-08-07', 'x-api-key': KEY })
    t.notMatch(JSON.stringify(heard), /canary|sk-caller/)
  }
  for (const [kind, tokens] of Object.entries({ input: 2110, cached_input: 2000, cache_write: 100, output: 25 }))
    t.equal(await gateway.settled('turnout_tokens_total', { kind }, 4 * tokens), 4 * tokens, kind)
})

t.test('bytes of a request in its own format pass as they are', async (t) => {
  const { gateway, upstream } = await world(t)
  const odd = `{ "max_tokens":5 ,"messages":[{"content":[{"type":"text","text":"\\u00fc\\ud83d\\ude82","cache_control":{"ttl":"1h","type":"ephemeral"}}],"role":"user"}],"temperature":1.0e0,"new_field":[ 1.50 ], "model":"${MODEL}"}`
  const headers = { 'content-type': 'application/json' }
  const answer = await fetch(gateway.url + MESSAGES_PATH, { method: 'POST', headers, body: odd })
  t.equal(await answer.text(), JSON.stringify(ANSWER))
  t.equal(upstream.last().raw, odd)
  await (
    await fetch(gateway.url + MESSAGES_PATH, { method: 'POST', headers, body: odd.replace(MODEL, `cloud/${MODEL}`) })
  ).text()
  t.equal(upstream.last().raw, odd.replace('{ ', '{').replace(', "model"', ',"model"'), 'but for the model')
})

t.test('what another maker has sealed, or nobody, does not go to the cloud', async (t) => {
  const { gateway, upstream } = await world(t)
  const assistant = (...content: object[]): object => ({ role: 'assistant', content })
  const text = { type: 'text', text: 'Yes.' }
  const own = { type: 'thinking', thinking: 'Mine.', signature: 'EqQB' }
  const user = { role: 'user', content: 'Hi' }
  const foreign = [
    { type: 'thinking', thinking: 'Local.', signature: '' },
    { type: 'thinking', thinking: 'Other.', signature: 'turnout.openai-responses.c2VhbA==' },
    { type: 'redacted_thinking', data: 'turnout.gemini.c2VhbA==' },
  ]
  const list = [user, assistant(foreign[0]!, own, text), user, assistant(...foreign), user, assistant(own, text), user]
  const answer = await rawPost(gateway.url, MESSAGES_PATH, messages({ model: MODEL, messages: list }))
  t.equal(answer.status, 200)
  await answer.complete
  t.strictSame(upstream.last().body['messages'], [user, assistant(own, text), user, user, assistant(own, text), user])
})

t.test('every split of the stream gives callers of both formats the same', async (t) => {
  const content = (ANSWER['content'] as readonly JsonObject[]).slice(0, 3)
  const bytes = Buffer.from(asStream({ ...ANSWER, content, usage: { input_tokens: 10, output_tokens: 25 } }).join(''))
  let at = 0
  const { gateway } = await world(t, () => ({
    packets: [bytes.subarray(0, at), bytes.subarray(at)].filter((one) => one.length > 0),
  }))
  const native = messages({ model: MODEL, stream: true })
  const translated = chat({ model: MODEL, stream: true, stream_options: { include_usage: true } })
  const caller = await RawClient.open(gateway.url)
  t.teardown(() => caller.destroy())
  const chunks = async (): Promise<string> =>
    JSON.stringify((await readStream(await caller.send(CHAT_PATH, { body: translated }))).chunks.map(timeless))
  const expected = await chunks()
  t.match(expected, 'größer 🚂')
  const different: string[] = []
  for (at = 1; at < bytes.length; at++) {
    const passed = await (await caller.send(MESSAGES_PATH, { body: native })).body()
    if (!passed.equals(bytes)) different.push(`native ${at}`)
    if ((await chunks()) !== expected) different.push(`translated ${at}`)
  }
  t.strictSame(different, [], `${bytes.length} bytes`)
})

const timeless = (chunk: object): object => ({ ...chunk, created: 0, id: '' })

t.test('as many events go out as came in, byte by byte as well', async (t) => {
  const bytes = Buffer.from(asStream(ANSWER).join(''))
  const { gateway } = await world(t, () => ({ packets: [...bytes].map((byte) => Buffer.from([byte])) }))
  const passed = await (await rawPost(gateway.url, MESSAGES_PATH, messages({ model: MODEL, stream: true }))).body()
  t.equal(passed.toString(), bytes.toString())
})

const ENDS: Readonly<Record<string, (sent: string[]) => MessagesReply>> = {
  'an error of the cloud': (sent) => ({
    packets: [...sent, sse({ type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } })],
  }),
  'an end without a word': (sent) => ({ packets: sent }),
  'a connection that breaks': (sent) => ({ packets: sent, end: 'reset' }),
}

for (const [what, end] of Object.entries(ENDS))
  t.test(
    `${what}, behind each event: before the answer another backend is asked, in it the stream ends as it must`,
    async (t) => {
      const events = asStream(ANSWER)
      const begins = events.findIndex((event) => event.includes('thinking_delta'))
      const isComplete = (sent: number): boolean =>
        events.slice(0, sent).some((event) => event.includes('message_delta'))
      let sent = 0
      const upstream = await messagesUpstream(t, () => end(events.slice(0, sent)))
      const other = await messagesUpstream(t, fits)
      const backend = (name: string, url: string): object => ({
        name,
        kind: 'anthropic',
        url,
        key: KEY,
        models: [MODEL],
      })
      for (sent = 0; sent < events.length; sent++) {
        // What fails is left alone for a while.
        const gateway = await gatewayFor(t, {
          backends: [backend('cloud', upstream.url), backend('other', other.url)],
          routes: [{ name: 'pair', candidates: ['cloud/*', 'other/*'], strategy: 'ordered' }],
        })
        const rescued = sent <= begins || (isComplete(sent) && what !== 'an error of the cloud')
        const passed = (
          await (await rawPost(gateway.url, MESSAGES_PATH, messages({ model: 'pair', stream: true }))).body()
        ).toString()
        t.match(
          passed,
          rescued ? /event: message_stop\ndata: \{"type":"message_stop"\}\n\n$/ : /event: error\ndata: .*\n\n$/,
          `native, ${sent}`,
        )
        const translated = (
          await (await rawPost(gateway.url, CHAT_PATH, chat({ model: 'pair', stream: true }))).body()
        ).toString()
        t.match(translated, /data: \[DONE\]\n\n$/, `translated, ${sent}`)
        await gateway.close()
      }
    },
  )

const REFUSALS: readonly (readonly [string, number, string, string, number])[] = [
  ['overloaded_error', 529, 'Overloaded', 'overloaded', 503],
  ['rate_limit_error', 429, 'This request would exceed your organization’s rate limit', 'upstream_rate_limited', 429],
  ['billing_error', 402, 'Your billing needs attention', 'upstream_quota', 429],
  ['invalid_request_error', 400, 'Your credit balance is too low to access the Anthropic API.', 'upstream_quota', 429],
  ['invalid_request_error', 400, 'prompt is too long: 210000 tokens > 200000 maximum', 'context_length_exceeded', 400],
  ['authentication_error', 401, 'invalid x-api-key', 'upstream_auth', 502],
  ['not_found_error', 404, 'model: claude-9', 'upstream_model_missing', 502],
  ['invalid_request_error', 400, 'messages: text content blocks must be non-empty', 'invalid_request', 400],
]

for (const [type, status, message, code, told] of REFUSALS)
  t.test(`${status} ${type}: ${code}`, async (t) => {
    const body = JSON.stringify({ type: 'error', error: { type, message }, request_id: 'req_1' })
    const { gateway } = await world(t, () => ({ status, headers: { 'retry-after': '7' }, packets: [body] }))
    const answer = await rawPost(gateway.url, CHAT_PATH, chat({ model: MODEL }))
    const error = errorOf(await answer.json())
    t.equal(error.code, code)
    t.equal(answer.status, told)
    const native = await rawPost(gateway.url, MESSAGES_PATH, messages({ model: MODEL }))
    t.match(await native.json(), { type: 'error', error: { type: String } })
    t.equal(native.status, status === 529 ? 529 : told, 'its clients know it by the status of the cloud')
    if (status === 529 || status === 429) t.equal(native.headers['retry-after'], '7')
  })

t.test('what newer models refuse is left out for callers that cannot know, and named', async (t) => {
  const refused = (message: string): MessagesReply => ({
    status: 400,
    packets: [JSON.stringify({ type: 'error', error: { type: 'invalid_request_error', message } })],
  })
  const { gateway, upstream } = await world(t, ({ body }) => {
    if (Number(body['max_tokens']) > 64_000)
      return refused(
        `max_tokens: ${body['max_tokens'] as number} > 64000, which is the maximum allowed number of output tokens for ${MODEL}`,
      )
    if ('temperature' in body) return refused('`temperature` is deprecated for this model.')
    return whole(ANSWER)
  })
  const ask = async (more: object = {}): Promise<number> => {
    const answer = await rawPost(gateway.url, CHAT_PATH, chat({ model: MODEL, temperature: 0.5, ...more }))
    await answer.complete
    return answer.status
  }
  t.equal(await ask(), 200)
  t.equal(upstream.asked.length, 3)
  t.match(upstream.last().body, { max_tokens: 64_000, temperature: undefined })
  t.equal(await ask(), 200)
  t.equal(upstream.asked.length, 4, 'it is remembered')
  const native = await rawPost(gateway.url, MESSAGES_PATH, messages({ model: MODEL, temperature: 0.5 }))
  t.equal(native.status, 400, 'callers of its own format are told')
})

t.test('its OpenAI-compatible endpoint is asked where the configuration says so', async (t) => {
  const completion = { choices: [{ index: 0, message: { role: 'assistant', content: 'Hi' }, finish_reason: 'stop' }] }
  const upstream = await messagesUpstream(t, () => whole(completion), '/v1/chat/completions')
  const own = { name: 'cloud', kind: 'anthropic', url: upstream.url, key: KEY, models: [MODEL] }
  const gateway = await gatewayFor(t, { backends: [{ ...own, formats: ['openai-chat'] }] })
  const body = JSON.stringify(chat({ model: MODEL }))
  const headers = { 'content-type': 'application/json' }
  t.equal((await fetch(gateway.url + CHAT_PATH, { method: 'POST', headers, body })).status, 200)
  t.equal(upstream.last().raw, body)
  const json = { type: 'json_schema', json_schema: { name: 'x', schema: {} } }
  const refused = await rawPost(gateway.url, CHAT_PATH, chat({ model: MODEL, response_format: json }))
  t.equal(errorOf(await refused.json()).code, 'unsupported', 'which ignores schemas')
})

t.test('a schema and an effort are told in its own fields', async (t) => {
  const { gateway, upstream } = await world(t, fits, { models: [MODEL, 'claude-opus-4-7'] })
  const schema = { type: 'object', properties: { a: { type: 'string' } }, required: ['a'], additionalProperties: false }
  const response_format = { type: 'json_schema', json_schema: { name: 'x', strict: true, schema } }
  await (
    await rawPost(gateway.url, CHAT_PATH, chat({ model: 'claude-opus-4-7', response_format, reasoning_effort: 'low' }))
  ).complete
  t.match(upstream.last().body, {
    thinking: { type: 'adaptive' },
    output_config: { effort: 'low', format: { type: 'json_schema', schema } },
  })
  await (
    await rawPost(
      gateway.url,
      CHAT_PATH,
      chat({ model: MODEL, reasoning_effort: 'high', temperature: 0.3, max_tokens: 3000 }),
    )
  ).complete
  t.match(upstream.last().body, {
    max_tokens: 3000,
    thinking: { type: 'enabled', budget_tokens: 1500 },
    temperature: undefined,
  })
})

t.test('a gateway in front of this one counts the same', async (t) => {
  const { gateway: inner } = await world(t)
  const outer = await gatewayFor(t, {
    backends: [
      { name: 'native', kind: 'anthropic', url: inner.url, key: 'x', models: [MODEL] },
      { name: 'chat', kind: 'openai-compatible', url: inner.url, models: [`cloud/${MODEL}`] },
    ],
  })
  const kinds = ['input', 'cached_input', 'cache_write', 'output', 'reasoning']
  const counted = async (gateway: OwnGateway): Promise<number[]> =>
    Promise.all(kinds.map((kind) => gateway.metric('turnout_tokens_total', { kind })))
  const ways: readonly (readonly [string, Record<string, unknown>])[] = [
    [MESSAGES_PATH, messages({ model: `native/${MODEL}` })],
    [CHAT_PATH, chat({ model: `native/${MODEL}` })],
    [CHAT_PATH, chat({ model: `chat/cloud/${MODEL}` })],
    [MESSAGES_PATH, messages({ model: `chat/cloud/${MODEL}` })],
  ]
  for (const [path, body] of ways)
    for (const stream of [false, true]) {
      const answer = await rawPost(outer.url, path, { ...body, stream })
      await answer.complete
      t.equal(answer.status, 200)
    }
  await outer.settled('turnout_tokens_total', { kind: 'output' }, 8 * 25)
  await inner.settled('turnout_tokens_total', { kind: 'output' }, 8 * 25)
  t.strictSame(await counted(outer), await counted(inner))
  t.strictSame(
    await counted(outer),
    [2110, 2000, 100, 25, 12].map((tokens) => 8 * tokens),
  )
})
