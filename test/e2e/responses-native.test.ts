/** Backends that speak the Responses API themselves: for callers of it, and of chat. */
import OpenAI from 'openai'
import t, { type Test } from 'tap'
import type { FaultOptions, Plan } from '../support/fault-plan.ts'
import { failing } from '../support/fault-plan.ts'
import { type FaultUpstream, startFaultUpstream } from '../support/fault-upstream.ts'
import type { ConfigObject, OwnGateway } from '../support/gateway.ts'
import { rawPost } from '../support/raw-client.ts'
import { responseOf, streamPlan, textItem, thoughtItem, USAGE } from '../support/responses-answers.ts'
import { isOrderly, readResponses, RESPONSES_PATH } from '../support/responses-stream.ts'
import { gatewayFor } from '../support/rig.ts'

const WORDS = ['größe ', '水と', '🚂', '.']
const TEXT = WORDS.join('')
const ASKED = { model: 'gpt-9', input: 'Where?', temperature: 0.25, text: { verbosity: 'low' } }
/** Members that llama.cpp leaves out. */
const SAID_BY_OTHERS = ['sequence_number', 'output_index', 'content_index']
const WHOLE: Plan = { body: responseOf([textItem(TEXT)]) }

interface World {
  readonly gateway: OwnGateway
  readonly upstream: FaultUpstream
  readonly openai: OpenAI
}

async function upstreamFor(test: Test, options: FaultOptions): Promise<FaultUpstream> {
  const upstream = await startFaultUpstream(options)
  test.teardown(() => upstream.close())
  return upstream
}

async function world(test: Test, options: FaultOptions = {}, more: ConfigObject = {}): Promise<World> {
  const upstream = await upstreamFor(test, options)
  const models = ['gpt-9', 'gpt-9-pro']
  const backends = [{ name: 'up', kind: 'openai', url: upstream.url, key: 'sk-native-0', models, ...more }]
  const gateway = await gatewayFor(test, { backends })
  return { gateway, upstream, openai: new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'any', maxRetries: 0 }) }
}

t.test('a request passes byte for byte, and so does its answer', async (t) => {
  const { gateway, upstream } = await world(t, { plan: WHOLE })
  const body = JSON.stringify({ ...ASKED, tools: [{ type: 'web_search' }], odd: [1.0, 2e3] }, null, 1)
  const answer = await rawPost(gateway.url, RESPONSES_PATH, body)
  t.equal((await answer.body()).toString(), JSON.stringify(WHOLE.body))
  t.equal(upstream.requests[0]?.path, RESPONSES_PATH)
  t.equal(upstream.requests[0]?.bytes.toString(), body)
})

t.test('a stream passes as it comes, whatever its chunks, and the strict helper takes it', async (t) => {
  const plan = streamPlan(WORDS)
  const { gateway, upstream, openai } = await world(t, { plan })
  const read = async (): ReturnType<typeof readResponses> =>
    readResponses(await rawPost(gateway.url, RESPONSES_PATH, { ...ASKED, stream: true }))
  const whole = await read()
  isOrderly(t, whole)
  t.strictSame(
    whole.events,
    plan.events!.map((event) => JSON.parse(event) as unknown),
  )
  upstream.next({ ...plan, split: 'every' })
  t.strictSame((await read()).events, whole.events)
  t.equal((await openai.responses.stream({ model: 'gpt-9', input: 'Where?' }).finalResponse()).output_text, TEXT)
  t.equal(await gateway.settled('turnout_tokens_total', { kind: 'reasoning' }, 6), 6)
  t.equal(await gateway.metric('turnout_tokens_total', { kind: 'cached_input' }), 9)
})

t.test('events that lack what the SDKs need are given it', async (t) => {
  const bare = streamPlan(WORDS).events!.map((event) => {
    const rest = Object.fromEntries(
      Object.entries(JSON.parse(event) as Record<string, unknown>).filter(([name]) => !SAID_BY_OTHERS.includes(name)),
    )
    const { response } = rest
    if (typeof response !== 'object' || response === null || rest['type'] === 'response.completed') return rest
    return { ...rest, response: { id: 'resp_1', object: 'response', status: 'in_progress' } }
  })
  const plan: Plan = { done: false, events: bare.map((event) => JSON.stringify(event)) }
  const { openai } = await world(t, { plan }, { kind: 'llamacpp', models: ['gpt-9'] })
  const final = await openai.responses.stream({ model: 'gpt-9', input: 'Where?' }).finalResponse()
  t.equal(final.output_text, TEXT)
})

t.test('how a native stream ends badly: an error of its own, a cut, an end that is told', async (t) => {
  const { gateway, upstream } = await world(t)
  const failed = responseOf([], { status: 'failed', error: { code: 'server_error', message: 'it broke' } })
  const cases: readonly (readonly [name: string, plan: Plan, end: string])[] = [
    ['response.failed', streamPlan(WORDS, failed), 'response.failed'],
    ['a cut', { ...streamPlan(WORDS), cut: { events: 6, how: 'reset' } }, 'response.failed'],
    ['an end without an end', { ...streamPlan(WORDS), cut: { events: 6, how: 'end' } }, 'response.failed'],
    [
      'length',
      streamPlan(
        WORDS,
        responseOf([textItem(TEXT)], { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } }),
      ),
      'response.incomplete',
    ],
  ]
  for (const [name, plan, end] of cases) {
    upstream.next(plan)
    const read = await readResponses(await rawPost(gateway.url, RESPONSES_PATH, { ...ASKED, stream: true }))
    t.equal(read.types.at(-1), end, name)
    t.strictSame(
      read.events.map((event) => event['sequence_number']),
      read.events.map((_, at) => at),
      name,
    )
  }
  upstream.next({ done: false, events: [streamPlan([], failed).events![0]!, streamPlan([], failed).events!.at(-1)!] })
  const early = await rawPost(gateway.url, RESPONSES_PATH, { ...ASKED, stream: true })
  t.equal(early.status, 502, 'nothing was sent yet')
  t.match(await early.json(), { error: { message: /it broke/ } })
})

t.test('a model that has only Responses answers callers of chat, and keeps nothing of them', async (t) => {
  const { openai, upstream } = await world(t)
  const messages = [
    { role: 'system' as const, content: 'Be brief.' },
    { role: 'user' as const, content: 'Where?' },
  ]
  upstream.next(WHOLE, streamPlan(WORDS))
  const asked = { model: 'gpt-9-pro', messages, max_completion_tokens: 5 }
  const whole = await openai.chat.completions.create(asked)
  t.match(whole, {
    choices: [{ message: { content: TEXT }, finish_reason: 'stop' }],
    usage: { prompt_tokens: USAGE.input_tokens },
  })
  t.match(upstream.requests[0], { path: RESPONSES_PATH })
  t.strictSame(upstream.requests[0]?.json, {
    model: 'gpt-9-pro',
    store: false,
    input: [
      { type: 'message', role: 'system', content: [{ type: 'input_text', text: 'Be brief.' }] },
      { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Where?' }] },
    ],
    max_output_tokens: 16,
  })
  const stream = openai.chat.completions.stream({ ...asked, stream_options: { include_usage: true } })
  const final = await stream.finalChatCompletion()
  t.equal(final.choices[0]?.message.content, TEXT)
  t.equal(final.usage?.completion_tokens, USAGE.output_tokens)
})

t.test('sealed thoughts stay with their maker while it is there, and nobody else is sent them', async (t) => {
  const made = (sealed: string): Plan => ({ body: responseOf([thoughtItem(sealed), textItem(TEXT)]) })
  const [a, b, chat] = await Promise.all([
    upstreamFor(t, { plan: made('of a'), models: ['gpt-9'] }),
    upstreamFor(t, { plan: made('of b'), models: ['gpt-9'] }),
    upstreamFor(t, { models: ['gpt-9'] }),
  ])
  const backends = [
    { name: 'chat', kind: 'openai-compatible', url: chat.url, models: ['gpt-9'] },
    { name: 'a', kind: 'openai', url: a.url, key: 'sk-native-0', models: ['gpt-9'] },
    { name: 'b', kind: 'openai', url: b.url, key: 'sk-native-0', models: ['gpt-9'] },
  ]
  const route = (order: string[]): object => ({
    name: 'one',
    candidates: order.map((name) => `${name}/*`),
    strategy: 'ordered',
  })
  const gateway = await gatewayFor(t, { backends, routes: [route(['b', 'a', 'chat'])] })
  const ask = async (input: unknown): Promise<Record<string, unknown>> =>
    (
      await rawPost(gateway.url, RESPONSES_PATH, { model: 'one', input, store: false }, { 'x-turnout-session': 's' })
    ).json()
  const question = { role: 'user', content: 'Where?' }
  const first = await ask([question])
  t.equal(b.requests.length, 1)
  // Now others come first.
  await gateway.apply({ backends, routes: [route(['chat', 'a', 'b'])] })
  const history = [question, ...(first['output'] as object[]), { role: 'user', content: 'And then?' }]
  await ask(history)
  t.strictSame([a.requests.length, b.requests.length, chat.requests.length], [0, 2, 0])
  t.match(b.requests[1]?.json?.['input'], [
    question,
    { encrypted_content: 'of b' },
    { type: 'message' },
    { role: 'user' },
  ])
  // Its maker is gone: another of its kind refuses what it cannot read, and is asked again without it.
  b.set({ plan: failing(503), models: ['gpt-9'] })
  a.next(failing(400, { code: 'invalid_encrypted_content', message: 'The encrypted content could not be verified.' }))
  await ask(history)
  t.equal(a.requests.length, 2)
  t.match(JSON.stringify(a.requests[0]?.json), /of b/)
  t.notMatch(JSON.stringify(a.requests[1]?.json), /of b|"reasoning"/)
  // What it made itself it is sent all the same.
  await ask([question, thoughtItem('of a'), textItem(TEXT), { role: 'user', content: 'And then?' }])
  t.match(JSON.stringify(a.requests[2]?.json), /of a/)
  // And where none of the kind is there, the rest is asked without it.
  a.set({ plan: failing(503), models: ['gpt-9'] })
  const last = await ask(history)
  t.equal(last['status'], 'completed', JSON.stringify(last))
  t.equal(chat.requests.length, 1)
  t.notMatch(JSON.stringify(chat.requests[0]?.json), /of b/)
})

t.test('an older engine that lacks the path is asked by chat, and not at that path again', async (t) => {
  const rule: FaultOptions['rule'] = ({ path }) =>
    path === RESPONSES_PATH ? { status: 404, body: { detail: 'Not Found' } } : undefined
  const { gateway, upstream } = await world(t, { rule }, { kind: 'vllm', models: ['gpt-9'] })
  for (let at = 0; at < 2; at++) t.equal((await rawPost(gateway.url, RESPONSES_PATH, ASKED)).status, 200)
  t.strictSame(
    upstream.requests.map(({ path }) => path),
    [RESPONSES_PATH, '/v1/chat/completions', '/v1/chat/completions'],
  )
})
