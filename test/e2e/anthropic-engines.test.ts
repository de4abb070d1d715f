/** Engines with Messages of their own, over real sockets: the bytes of callers that speak it pass, and what gets lost there goes another way. */
import t, { type Test } from 'tap'
import Anthropic from '@anthropic-ai/sdk'
import { loadProviders } from '../../src/config/providers.ts'
import type { JsonObject } from '../../src/core/json.ts'
import { chat, CHAT_PATH } from '../support/chat.ts'
import { missing, startLlama } from '../support/engines.ts'
import type { OwnGateway } from '../support/gateway.ts'
import { startFormatUpstream, type FormatUpstream } from '../support/format-upstream.ts'
import { messagesUpstream, sse } from '../support/messages-upstream.ts'
import { messages, MESSAGES_PATH } from '../support/messages.ts'
import { rawPost } from '../support/raw-client.ts'
import { gatewayFor } from '../support/rig.ts'
import { noSamples, sample } from '../support/samples.ts'

const providers = [...(await loadProviders()).values()].filter(
  ({ local, endpoints }) => local && endpoints.chat?.some(({ format }) => format === 'anthropic-messages'),
)

async function engine(test: Test, kind: string): Promise<{ gateway: OwnGateway; upstream: FormatUpstream }> {
  const upstream = await startFormatUpstream('tiny')
  test.teardown(() => upstream.close())
  const backends = [{ name: 'own', kind, url: upstream.url, models: ['tiny'] }]
  return { gateway: await gatewayFor(test, { backends }), upstream }
}

const SCHEMA = { output_config: { format: { type: 'json_schema', schema: { type: 'object' } } } }

t.ok(providers.length >= 5, `${providers.length} engines`)

for (const { kind, endpoints } of providers) {
  const place = endpoints.chat!.find(({ format }) => format === 'anthropic-messages')!

  t.test(`${kind}: callers of Messages are passed through, all others are asked as ever`, async (t) => {
    const { gateway, upstream } = await engine(t, kind)
    for (const stream of [false, true]) {
      const body = messages({ model: 'tiny', stream, metadata: { user_id: 'u' }, top_k: 5 })
      await (await rawPost(gateway.url, MESSAGES_PATH, body)).body()
      t.match(upstream.last(), { format: 'anthropic-messages', url: place.path })
      t.strictSame(upstream.last().body, body)
      await (await rawPost(gateway.url, CHAT_PATH, chat({ model: 'tiny', stream }))).body()
      t.equal(upstream.last().format, 'openai-chat')
    }
  })

  t.test(`${kind}: what would get lost there goes another way`, async (t) => {
    const { gateway, upstream } = await engine(t, kind)
    await (await rawPost(gateway.url, MESSAGES_PATH, messages({ model: 'tiny', ...SCHEMA }))).body()
    const lost = place.lacks.includes('json_schema')
    t.equal(upstream.last().format, lost ? 'openai-chat' : 'anthropic-messages')
    if (lost) t.match(upstream.last().body, { response_format: { type: 'json_schema' } })
  })

  t.test(`${kind}: an older version without it is asked for a chat, and remembered`, async (t) => {
    const old = await messagesUpstream(
      t,
      () => ({
        packets: [
          JSON.stringify({
            choices: [{ index: 0, message: { role: 'assistant', content: 'Hi' }, finish_reason: 'stop' }],
          }),
        ],
      }),
      '/v1/chat/completions',
    )
    const gateway = await gatewayFor(t, { backends: [{ name: 'own', kind, url: old.url, models: ['tiny'] }] })
    for (let round = 1; round <= 2; round++) {
      const answer = await rawPost(gateway.url, MESSAGES_PATH, messages({ model: 'tiny' }))
      t.match(await answer.json(), {
        type: 'message',
        content: [{ type: 'text', text: 'Hi' }],
        stop_reason: 'end_turn',
      })
      t.equal(answer.headers['x-turnout-attempts'], round === 1 ? '2' : '1')
    }
  })

  t.test(`${kind}: a server that has none of its places is asked once at each`, async (t) => {
    const none = await messagesUpstream(t, () => ({ packets: [] }), '/nowhere')
    const gateway = await gatewayFor(t, { backends: [{ name: 'own', kind, url: none.url, models: ['tiny'] }] })
    const answer = await rawPost(gateway.url, MESSAGES_PATH, messages({ model: 'tiny' }))
    t.match(await answer.json(), { type: 'error' })
    t.equal(answer.headers['x-turnout-attempts'], String(endpoints.chat!.filter(({ spare }) => spare !== true).length))
  })
}

const NATIVE = 'llamacpp'

t.test('what is meant for Anthropic alone does not reach an engine', async (t) => {
  const { gateway, upstream } = await engine(t, NATIVE)
  const ask = async (more: object): Promise<JsonObject> => {
    const answer = await rawPost(gateway.url, MESSAGES_PATH, messages({ model: 'tiny', ...more }), {
      'anthropic-beta': 'canary',
      'x-api-key': 'canary',
      'x-canary': 'canary',
    })
    await answer.body()
    t.notMatch(JSON.stringify(upstream.last().headers), 'canary')
    return upstream.last().body
  }
  const attribution = { type: 'text', text: 'x-anthropic-billing-header: cc_version=2.1; cch=a5145;' }
  const rest = { type: 'text', text: 'Be brief.', cache_control: { type: 'ephemeral' } }
  t.strictSame((await ask({ system: [attribution, rest] }))['system'], [rest])
  t.equal((await ask({ system: [attribution] }))['system'], undefined)
  t.strictSame((await ask({ system: [{ ...attribution, text: `${attribution.text}\nYou are.` }, rest] }))['system'], [
    { type: 'text', text: 'You are.' },
    rest,
  ])
  t.equal((await ask({ system: `${attribution.text}\nYou are.` }))['system'], 'You are.')
  const thinking = { type: 'thinking', thinking: 'Hm.', signature: 'EqQB' }
  const assistant = (...content: object[]): object => ({ role: 'assistant', content })
  const user = { role: 'user', content: 'Hi' }
  const hidden = { type: 'redacted_thinking', data: 'EqQB' }
  const told = await ask({ messages: [user, assistant(thinking, hidden, rest), user, assistant(hidden), user] })
  t.strictSame(told['messages'], [user, assistant(thinking, rest), user, user])
})

t.test('how hard to think reaches the template of an engine, by the word of the caller', async (t) => {
  const { gateway, upstream } = await engine(t, NATIVE)
  const kwargs = async (more: object): Promise<unknown> => {
    await (await rawPost(gateway.url, MESSAGES_PATH, messages({ model: 'tiny', ...more }))).body()
    return upstream.last().body['chat_template_kwargs']
  }
  t.equal(await kwargs({}), undefined)
  t.strictSame(await kwargs({ thinking: { type: 'disabled' } }), { enable_thinking: false })
  t.strictSame(await kwargs({ thinking: { type: 'enabled', budget_tokens: 2000 } }), { enable_thinking: true })
  t.strictSame(await kwargs({ thinking: { type: 'disabled' }, chat_template_kwargs: { a: 1 } }), {
    enable_thinking: false,
    a: 1,
  })
  t.strictSame(await kwargs({ thinking: { type: 'disabled' }, chat_template_kwargs: { enable_thinking: true } }), {
    enable_thinking: true,
  })
})

const RECORDED = {
  llamacpp: [
    'llamacpp/llamacpp-anthropic-messages',
    'llamacpp/llamacpp-anthropic-tools',
    'llamacpp/llamacpp-anthropic-messages-stream',
  ],
  vllm: ['vllm/anthropic-messages'],
  ollama: ['ollama/v1-messages'],
} as const

for (const [kind, names] of Object.entries(RECORDED))
  for (const name of names)
    t.test(`${name}: passed as it was recorded, and translated`, { skip: noSamples }, async (t) => {
      const { body } = sample(name)
      const stream = name.endsWith('-stream')
      const upstream = await messagesUpstream(t, () => ({ packets: [body] }))
      const backend = { name: 'own', kind, url: upstream.url, models: ['tiny'] }
      const gateway = await gatewayFor(t, {
        backends: [backend, { ...backend, name: 'only', formats: ['anthropic-messages'] }],
      })
      const passed = await (await rawPost(gateway.url, MESSAGES_PATH, messages({ model: 'own/tiny', stream }))).body()
      t.equal(passed.toString(), stream ? `${body.toString().trimEnd()}\n\n` : body.toString())
      const counts = /"usage":(\{[^}]*\})/.exec(body.toString())![1]!
      const usage = { ...(JSON.parse(counts) as Record<string, number>) }
      const output = Number(
        /"output_tokens":(\d+)\}\}?\s*(?:$|\n\nevent: message_stop)/.exec(body.toString())?.[1] ??
          usage['output_tokens'],
      )
      const answer = await rawPost(gateway.url, CHAT_PATH, chat({ model: 'only/tiny' }))
      if (stream) return
      t.match(await answer.json(), {
        usage: {
          prompt_tokens: (usage['input_tokens'] ?? 0) + (usage['cache_read_input_tokens'] ?? 0),
          completion_tokens: output,
        },
      })
    })

t.test('a stream without names of events gets them, and a foreign end behind it is none', async (t) => {
  const events: ({ readonly type: string } & JsonObject)[] = [
    {
      type: 'message_start',
      message: {
        id: 'm',
        type: 'message',
        role: 'assistant',
        model: 'x',
        content: [],
        usage: { input_tokens: 3, output_tokens: 0 },
      },
    },
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hi' } },
    { type: 'content_block_stop', index: 0 },
    { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 2 } },
  ]
  const packets = [...events.map((event) => `data: ${JSON.stringify(event)}\n\n`), 'data: [DONE]\n\n']
  const upstream = await messagesUpstream(t, () => ({ packets }))
  const gateway = await gatewayFor(t, {
    backends: [{ name: 'own', kind: NATIVE, url: upstream.url, models: ['tiny'] }],
  })
  const passed = await (await rawPost(gateway.url, MESSAGES_PATH, messages({ stream: true }))).body()
  t.equal(passed.toString(), [...events, { type: 'message_stop' }].map((event) => sse(event)).join(''))
})

t.test('a real llama.cpp answers the official client by its own Messages', { skip: missing('llama') }, async (t) => {
  const engine = await startLlama()
  t.teardown(() => engine.stop())
  const gateway = await gatewayFor(t, { backends: [{ name: 'real', kind: NATIVE, url: engine.url }] })
  const asked = {
    model: engine.model,
    max_tokens: 12,
    // Gone from the types of today's client, and read by engines.
    ...{ temperature: 0 },
    messages: [{ role: 'user' as const, content: 'The river' }],
  }
  const client = (baseURL: string): Anthropic => new Anthropic({ baseURL, apiKey: 'any', maxRetries: 0 })
  const through = await client(gateway.url).messages.create(asked)
  const direct = await client(engine.url).messages.create(asked)
  t.strictSame(through.content, direct.content)
  t.equal(through.stop_reason, direct.stop_reason)
  const live = await client(gateway.url).messages.stream(asked).finalMessage()
  t.strictSame(live.content, through.content)
  t.equal(live.usage.output_tokens, direct.usage.output_tokens)
  const tokens = 2 * direct.usage.output_tokens
  t.equal(await gateway.settled('turnout_tokens_total', { kind: 'output' }, tokens), tokens)
  const tools = [{ name: 'weather', input_schema: { type: 'object', properties: { city: { type: 'string' } } } }]
  const body = { ...asked, max_tokens: 200, tools, tool_choice: { type: 'any' } }
  const called = await rawPost(gateway.url, MESSAGES_PATH, body)
  t.match(await called.json(), { content: [{ type: 'tool_use', name: 'weather', id: String, input: Object }] })
  const long = await rawPost(gateway.url, MESSAGES_PATH, {
    ...asked,
    messages: [{ role: 'user', content: 'word '.repeat(20_000) }],
  })
  t.match(await long.json(), { type: 'error', error: { type: 'invalid_request_error', message: /prompt is too long/ } })
})
