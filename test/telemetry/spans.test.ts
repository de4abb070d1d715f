import t, { type Test } from 'tap'
import { CHAT_PATH, chat, chatStream, EMBEDDINGS_PATH } from '../support/chat.ts'
import { failing } from '../support/fault-plan.ts'
import type { FaultUpstream } from '../support/fault-upstream.ts'
import type { ConfigObject, Gateway } from '../support/gateway.ts'
import { hashed } from '../support/gateway.ts'
import { rawPost, RawClient } from '../support/raw-client.ts'
import { rig } from '../support/rig.ts'
import { type OtlpReceiver, type ReceivedSpan, startOtlpReceiver } from './otlp-receiver.ts'

const CANARY = 'canary-4f1c9b'
const TRACE = '0af7651916cd43dd8448eb211c80319c'
const CALLER = 'b7ad6b7169203331'
const SERVER = 2
const CLIENT = 3
const PAIR = [{ name: 'pair', candidates: ['a/*', 'b/*'], strategy: 'ordered' }]

interface Traced {
  readonly gateway: Gateway
  readonly a: FaultUpstream
  readonly b: FaultUpstream
  readonly receiver: OtlpReceiver
}

async function traced(t: Test, telemetry: ConfigObject = {}, config: ConfigObject = {}): Promise<Traced> {
  const receiver = await startOtlpReceiver()
  t.teardown(() => receiver.close())
  const { gateway, upstreams } = await rig(t, {
    upstreams: { a: {}, b: {} },
    config: { routes: PAIR, telemetry: { endpoint: `${receiver.url}/`, ...telemetry }, ...config },
    backend: { price: { input_per_mtok_usd: 1, output_per_mtok_usd: 2 } },
  })
  return { gateway, a: upstreams['a']!, b: upstreams['b']!, receiver }
}

/** Answers that are awaited; the last span of a request is made after its last byte. */
async function ask(
  gateway: Gateway,
  body: object,
  headers: Record<string, string> = {},
  path = CHAT_PATH,
): Promise<void> {
  const response = await rawPost(gateway.url, path, body, headers)
  await response.complete
}

const ofKind = (spans: readonly ReceivedSpan[], kind: number): ReceivedSpan[] =>
  spans.filter((span) => span.kind === kind)

/** What a backend was told of the trace. */
const told = (upstream: FaultUpstream): string | undefined =>
  upstream.requests[0]?.rawHeaders.find(([name]) => name.toLowerCase() === 'traceparent')?.[1]

t.test('a whole answer: its span, that of its call, and the trace of the caller', async (t) => {
  const { gateway, a, receiver } = await traced(t)
  const before = Date.now()
  await ask(gateway, chat({ model: 'pair', temperature: 0.5, max_tokens: 50, n: 1 }), {
    traceparent: `00-${TRACE}-${CALLER}-01`,
    tracestate: 'vendor=42',
    'x-turnout-session': 'talk-7',
  })
  await gateway.close()
  const [server, ...moreServers] = ofKind(receiver.spans, SERVER)
  const [client, ...moreClients] = ofKind(receiver.spans, CLIENT)
  t.strictSame([moreServers, moreClients], [[], []])
  t.match(server, {
    name: 'POST /v1/chat/completions',
    traceId: TRACE,
    parentSpanId: CALLER,
    traceState: 'vendor=42',
    status: 0,
    attributes: {
      'http.request.method': 'POST',
      'http.route': CHAT_PATH,
      'http.response.status_code': 200,
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'turnout',
      'gen_ai.request.model': 'pair',
      'gen_ai.request.stream': false,
      'gen_ai.conversation.id': 'talk-7',
      'turnout.key': 'anonymous',
      'turnout.route': 'pair',
      'turnout.strategy': 'ordered',
      'turnout.explored': false,
      'turnout.attempts': 1,
      'turnout.success': true,
    },
  })
  t.match(client, {
    name: 'chat tiny',
    traceId: TRACE,
    parentSpanId: server!.spanId,
    status: 0,
    attributes: {
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'openai-compatible',
      'gen_ai.request.model': 'tiny',
      'gen_ai.request.temperature': 0.5,
      'gen_ai.request.max_tokens': 50,
      'gen_ai.response.model': 'tiny',
      'gen_ai.response.finish_reasons': ['stop'],
      'gen_ai.usage.input_tokens': Number,
      'gen_ai.usage.output_tokens': Number,
      'gen_ai.usage.cache_read.input_tokens': Number,
      'gen_ai.usage.cache_creation.input_tokens': Number,
      'gen_ai.usage.reasoning.output_tokens': Number,
      'http.response.status_code': 200,
      'turnout.backend': 'a',
      'turnout.usage.estimated': false,
      'turnout.cost.source': 'price',
    },
  })
  const { attributes } = client!
  const cost =
    (Number(attributes['gen_ai.usage.input_tokens']) + 2 * Number(attributes['gen_ai.usage.output_tokens'])) / 1e6
  t.ok(Math.abs(Number(attributes['turnout.cost_usd']) - cost) < 1e-12 && cost > 0, `${cost} USD`)
  t.equal(server!.attributes['turnout.cost_usd'], attributes['turnout.cost_usd'])
  t.notOk('gen_ai.request.choice.count' in attributes, 'one choice is not said')
  t.notOk('gen_ai.usage.input_tokens' in server!.attributes, 'tokens are counted once')
  t.notOk('error.type' in attributes || 'error.type' in server!.attributes)
  t.ok(before - 2 <= server!.startMs && server!.endMs <= Date.now() + 2, 'the clock of the wall')
  t.ok(server!.startMs <= client!.startMs && client!.endMs <= server!.endMs + 0.01, 'a call lies in its request')
  t.equal(told(a), `00-${TRACE}-${client!.spanId}-01`, 'the backend joins the trace')
  t.match(receiver.resource, { 'service.name': 'turnout', 'service.version': /^\d/ })
})

t.test('failover: a span for each call, and each backend its own parent', async (t) => {
  const { gateway, a, b, receiver } = await traced(t)
  a.next(failing(503))
  await ask(gateway, chatStream({ model: 'pair' }))
  await gateway.close()
  const [server] = ofKind(receiver.spans, SERVER)
  const [first, second] = ofKind(receiver.spans, CLIENT).sort((one, other) => one.startMs - other.startMs)
  t.equal(server!.parentSpanId ?? '', '', 'the trace begins here')
  t.match(server!.attributes, { 'turnout.attempts': 2, 'turnout.success': true, 'gen_ai.request.stream': true })
  t.match(first, {
    parentSpanId: server!.spanId,
    status: 2,
    attributes: { 'turnout.backend': 'a', 'error.type': /./, 'http.response.status_code': 503 },
  })
  t.notOk('gen_ai.response.finish_reasons' in first!.attributes)
  t.match(second, {
    parentSpanId: server!.spanId,
    status: 0,
    attributes: {
      'turnout.backend': 'b',
      'gen_ai.response.finish_reasons': ['stop'],
      'gen_ai.response.time_to_first_chunk': Number,
    },
  })
  t.equal(told(a), `00-${server!.traceId}-${first!.spanId}-01`)
  t.equal(told(b), `00-${server!.traceId}-${second!.spanId}-01`)
  t.equal(new Set(receiver.spans.map(({ spanId }) => spanId)).size, 3)
})

t.test('a caller that leaves, and a request that nobody can answer', async (t) => {
  const { gateway, a, b, receiver } = await traced(t)
  a.next({ stallAfter: 3 })
  const client = await RawClient.open(gateway.url)
  const response = await client.send(CHAT_PATH, { body: chatStream({ model: 'pair' }) })
  await response.next()
  client.destroy()
  await gateway.settled('turnout_requests_total', { status: '499' }, 1)
  a.next(failing(500))
  b.next(failing(500))
  await ask(gateway, chat({ model: 'pair' }))
  await gateway.close()
  const [left, failed] = ofKind(receiver.spans, SERVER).sort((one, other) => one.startMs - other.startMs)
  t.match(left, {
    status: 0,
    attributes: {
      'error.type': 'client_closed',
      'http.response.status_code': 499,
      'turnout.success': false,
      'turnout.waste.reason': 'client_abort',
    },
  })
  t.match(failed, { status: 2, attributes: { 'error.type': 'upstream_error', 'http.response.status_code': 502 } })
  const calls = ofKind(receiver.spans, CLIENT)
  t.match(
    calls.find(({ parentSpanId }) => parentSpanId === left!.spanId),
    { status: 2, attributes: { 'error.type': 'client_closed', 'turnout.waste.reason': 'client_abort' } },
  )
  t.equal(calls.filter(({ parentSpanId }) => parentSpanId === failed!.spanId).length, 2)
})

t.test('what is not sampled is not exported, and the backend is told so', async (t) => {
  const { gateway, a, b, receiver } = await traced(t, { sample: 0, metrics: false })
  await ask(gateway, chat({ model: 'a/tiny' }))
  await ask(gateway, chat({ model: 'b/tiny' }), { traceparent: `00-${TRACE}-${CALLER}-01` })
  await gateway.close()
  t.match(told(a), /-00$/)
  t.match(told(b), new RegExp(`^00-${TRACE}-(?!${CALLER}).*-01$`), 'the caller sampled it')
  t.strictSame(
    receiver.spans.map(({ traceId }) => traceId),
    [TRACE, TRACE],
  )
  t.equal(receiver.points.length, 0, 'no metrics')
})

t.test('metrics: the client family for each call, the server family for each request', async (t) => {
  const { gateway, a, receiver } = await traced(t, { traces: false })
  a.next(failing(503))
  await ask(gateway, chatStream({ model: 'pair', stream_options: { include_usage: true } }), {
    traceparent: `00-${TRACE}-${CALLER}-01`,
  })
  await ask(gateway, chat({ model: 'pair' }))
  await ask(gateway, { model: 'a/tiny', input: 'x' }, {}, EMBEDDINGS_PATH)
  await gateway.close()
  t.equal(receiver.spans.length, 0, 'no spans')
  t.equal(told(a), `00-${TRACE}-${CALLER}-01`, "without spans of ours the caller's id goes on")
  const points = (name: string): typeof receiver.points => receiver.points.filter((point) => point.name === name)
  const count = (name: string): number => points(name).reduce((sum, point) => sum + point.count, 0)
  t.equal(count('gen_ai.client.operation.duration'), 4)
  t.equal(count('gen_ai.server.request.duration'), 3)
  t.equal(count('gen_ai.client.operation.time_to_first_chunk'), 1)
  t.equal(count('gen_ai.client.operation.time_per_output_chunk'), 1)
  t.equal(count('gen_ai.server.time_to_first_token'), 1)
  t.equal(count('gen_ai.server.time_per_output_token'), 1)
  const failure = points('gen_ai.client.operation.duration').filter(({ attributes }) => 'error.type' in attributes)
  t.match(failure, [
    { unit: 's', count: 1, attributes: { 'turnout.backend': 'a', 'gen_ai.provider.name': 'openai-compatible' } },
  ])
  t.match(points('gen_ai.client.operation.duration')[0]!.bounds, [0.01, 0.02])
  const tokens = points('gen_ai.client.token.usage')
  t.strictSame(tokens[0]!.bounds.slice(-2), [16777216, 67108864])
  t.strictSame(new Set(tokens.map(({ attributes }) => attributes['gen_ai.token.type'])), new Set(['input', 'output']))
  t.strictSame(
    new Set(points('gen_ai.server.request.duration').map(({ attributes }) => attributes['gen_ai.operation.name'])),
    new Set(['chat', 'embeddings']),
  )
})

t.test('no name that a caller makes up becomes a series', async (t) => {
  const { gateway, receiver } = await traced(t, { traces: false })
  for (let number = 0; number < 5; number++) await ask(gateway, chat({ model: `made-up-${number}` }))
  await gateway.close()
  t.equal(receiver.points.length, 1)
  t.match(receiver.points[0], { name: 'gen_ai.server.request.duration', count: 5 })
  t.notMatch(receiver.text, /made-up/)
})

t.test('no key, no text, no user and no address is exported', async (t) => {
  const caller = `sk-caller-${CANARY}`
  const { gateway, a, b, receiver } = await traced(
    t,
    { headers: { authorization: `Bearer otlp-${CANARY}` } },
    { keys: [{ id: 'team', key: undefined, hash: hashed(caller) }].map(({ id, hash }) => ({ id, hash })) },
  )
  a.set({ plan: { words: [CANARY, ' more'] } })
  const body = {
    model: 'pair',
    messages: [
      { role: 'system', content: CANARY },
      { role: 'user', content: CANARY, name: CANARY },
    ],
    stop: [CANARY],
    user: CANARY,
    metadata: { user_id: CANARY },
    tools: [{ type: 'function', function: { name: CANARY, parameters: {} } }],
    api_key: CANARY,
  }
  const headers = {
    authorization: `Bearer ${caller}`,
    cookie: CANARY,
    baggage: `k=${CANARY}`,
    traceparent: CANARY,
    tracestate: `k=${CANARY}`,
    'x-api-key': CANARY,
    'x-forwarded-for': CANARY,
  }
  await ask(gateway, body, headers)
  await ask(gateway, { ...body, stream: true }, headers)
  const echo = failing(500, { message: `${CANARY} at ${a.url}`, code: CANARY, type: CANARY })
  a.next(echo)
  b.next(echo)
  await ask(gateway, body, headers)
  await gateway.close()
  t.equal(ofKind(receiver.spans, SERVER).length, 3)
  t.ok(receiver.points.length > 0)
  t.notMatch(receiver.text, new RegExp(CANARY))
  t.notMatch(receiver.text, new RegExp(`127\\.0\\.0\\.1|:${a.port}|:${b.port}`), 'no address')
  t.ok(receiver.headers.every(({ authorization }) => authorization === `Bearer otlp-${CANARY}`))
  t.notMatch(gateway.logged(), new RegExp(`otlp-${CANARY}`))
})
