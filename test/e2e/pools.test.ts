/** Pools of vLLM: an engine of role prefill reads the prompt, one of role decode fetches what was read and answers. */
import t, { type Test } from 'tap'
import { eventually, within } from '../support/await.ts'
import { chat, CHAT_PATH, chatStream, COMPLETIONS_PATH, errorOf, readStream } from '../support/chat.ts'
import type { FaultOptions, Plan } from '../support/fault-plan.ts'
import { failing } from '../support/fault-plan.ts'
import { type FaultUpstream, startFaultUpstream } from '../support/fault-upstream.ts'
import type { ConfigObject, Gateway } from '../support/gateway.ts'
import { messages, MESSAGES_PATH } from '../support/messages.ts'
import { RawClient, rawPost } from '../support/raw-client.ts'
import { gatewayFor } from '../support/rig.ts'

const KV = 'kv_transfer_params'
/** As NixlConnector answers; the last member has more digits than a number of ours can hold. */
const BLOCKS =
  '{"do_remote_prefill": true, "do_remote_decode": false, "remote_block_ids": [7, 8], "remote_engine_id": "p-1", "remote_host": "10.1.2.3", "remote_port": 5600, "mark": 12345678901234567890}'
const readAnswer = (kept: string): Plan => ({
  body: `{"id":"r","object":"chat.completion","created":1,"model":"tiny","choices":[{"index":0,"message":{"role":"assistant","content":"A"},"finish_reason":"length"}],"usage":{"prompt_tokens":900,"completion_tokens":1,"total_tokens":901},"${KV}":${kept}}`,
})
const ASKED_TO_READ = {
  do_remote_decode: true,
  do_remote_prefill: false,
  remote_engine_id: null,
  remote_block_ids: null,
  remote_host: null,
  remote_port: null,
}

interface World {
  readonly gateway: Gateway
  readonly prefill: FaultUpstream
  readonly decode: FaultUpstream
}

async function world(
  t: Test,
  options: FaultOptions = { plan: readAnswer(BLOCKS) },
  { backends = [], config = {}, pool = {} }: { backends?: object[]; config?: ConfigObject; pool?: object } = {},
): Promise<World> {
  const prefill = await startFaultUpstream(options)
  const decode = await startFaultUpstream({})
  t.teardown(() => Promise.all([prefill.close(), decode.close()]))
  const gateway = await gatewayFor(t, {
    backends: [
      { name: 'p', kind: 'vllm', url: prefill.url, role: 'prefill', ...pool },
      { name: 'd', kind: 'vllm', url: decode.url, role: 'decode' },
      ...backends,
    ],
    ...config,
  })
  return { gateway, prefill, decode }
}

const PHASED = 'prefill-decode'

t.test('one engine reads the prompt, the other fetches it and answers', async (t) => {
  const { gateway, prefill, decode } = await world(t)
  const body = chat({ max_completion_tokens: 50, min_tokens: 5, temperature: 0.5 })
  const answer = await rawPost(gateway.url, CHAT_PATH, body, { 'x-request-id': 'one' })
  t.equal(answer.status, 200)
  t.equal(answer.headers['x-turnout-path'], PHASED)
  t.equal(answer.headers['x-turnout-backend'], 'd')
  t.equal(answer.headers['x-turnout-attempts'], '1')
  const { usage } = await answer.json<{ usage: { prompt_tokens: number } }>()
  t.not(usage.prompt_tokens, 900)
  t.match(answer.headers['x-turnout-tokens'], new RegExp(`^input=${usage.prompt_tokens}, `), 'the prompt counts once')
  const counted = await gateway.settled('turnout_tokens_total', { kind: 'input' }, usage.prompt_tokens)
  t.equal(counted, usage.prompt_tokens, 'in the metrics as well')

  const { min_tokens, ...rest } = body
  t.equal(min_tokens, 5)
  const read = prefill.requests[0]!
  t.equal(prefill.requests.length, 1)
  t.equal(read.path, CHAT_PATH)
  t.equal(read.headers['x-request-id'], 'one')
  t.equal(read.headers.accept, 'application/json')
  t.strictSame(read.json, {
    ...rest,
    ...{ max_completion_tokens: 1, max_tokens: 1, stream: false, [KV]: ASKED_TO_READ },
  })
  const [fetched] = decode.requests
  t.equal(decode.requests.length, 1)
  t.strictSame(fetched?.json, { ...body, [KV]: JSON.parse(BLOCKS) as unknown })
  t.equal(fetched?.headers['x-request-id'], 'one')
  t.ok(fetched?.bytes.includes(BLOCKS), 'what was read is named byte for byte')
})

t.test('a stream, and legacy completions', async (t) => {
  const { gateway, prefill, decode } = await world(t)
  const body = chatStream({ stream_options: { include_usage: true } })
  const answer = await rawPost(gateway.url, CHAT_PATH, body)
  const { text, usages, errors, dones } = await readStream(answer)
  t.equal(answer.headers['x-turnout-path'], PHASED)
  t.strictSame([text.length > 0, usages.length, errors, dones], [true, 1, [], 1])
  const read = prefill.requests[0]!
  t.strictSame(read.json, { ...chat({ stream: false }), max_tokens: 1, [KV]: ASKED_TO_READ })
  t.strictSame(decode.requests[0]?.json, { ...body, [KV]: JSON.parse(BLOCKS) as unknown })

  const legacy = await rawPost(gateway.url, COMPLETIONS_PATH, { model: 'tiny', prompt: 'The river', max_tokens: 9 })
  t.strictSame([legacy.status, legacy.headers['x-turnout-path']], [200, PHASED])
  const asked = { model: 'tiny', prompt: 'The river', max_tokens: 1, stream: false, [KV]: ASKED_TO_READ }
  t.strictSame([prefill.requests[1]?.path, prefill.requests[1]?.json], [COMPLETIONS_PATH, asked])
})

const FAULTS: Readonly<Record<string, Plan>> = {
  'a refusal': failing(400),
  'a fault': failing(500),
  'no room': failing(503),
  'a broken connection': { drop: 'reset' },
  'half of an answer': { ...readAnswer(BLOCKS), cut: { bytes: 60, how: 'reset' } },
  'no JSON': { body: 'what?' },
  'an answer without the field': {},
  'nothing in the field': readAnswer('null'),
  'an empty field': readAnswer('{}'),
  'another shape of the field': readAnswer('["x"]'),
  silence: { headersAfter: 'never' },
  'an answer that does not end': { ...readAnswer(BLOCKS), firstAfter: 'never' },
}

for (const [name, plan] of Object.entries(FAULTS))
  t.test(`whoever answers reads the prompt as well, after ${name}`, async (t) => {
    const { gateway, prefill, decode } = await world(t, { plan }, { config: { limits: { ttft: '150ms' } } })
    for (const stream of [false, true]) {
      const body = stream ? chatStream() : chat()
      const answer = await rawPost(gateway.url, CHAT_PATH, body)
      t.strictSame([answer.status, answer.headers['x-turnout-path']], [200, 'unified'])
      t.equal(answer.headers['x-turnout-attempts'], '1')
      if (stream) t.strictSame((await readStream(answer)).errors, [])
      const { stream_options, ...sent } = decode.requests.at(-1)?.json ?? {}
      t.strictSame(sent, body, 'the request as it is')
      t.equal(stream_options !== undefined, stream)
    }
    t.ok(prefill.requests.length > 0, 'it was asked')
    t.equal(decode.requests.length, 2)
    t.equal(await gateway.metric('turnout_inflight_requests'), 0)
  })

t.test('where none is there, or none has a place, nobody waits for one', async (t) => {
  const gone = await world(t)
  await gone.prefill.close()
  await eventually(5_000, 'it is known to be gone', async () => {
    const answer = await rawPost(gone.gateway.url, CHAT_PATH, chat())
    t.strictSame([answer.status, answer.headers['x-turnout-path']], [200, 'unified'])
    const { backends } = await (await fetch(`${gone.gateway.url}/health`)).json() as { backends: Record<string, unknown>[] } // prettier-ignore
    return JSON.stringify(backends).includes('down')
  })

  const { gateway, prefill } = await world(
    t,
    { plan: { ...readAnswer(BLOCKS), headersAfter: 'never' } },
    { pool: { limits: { parallel: 1 } } },
  )
  const first = await RawClient.open(gateway.url)
  first.send(CHAT_PATH, { body: chat() }).catch(() => undefined)
  await within(2_000, 'the first is read', prefill.waitRequest(1))
  const second = await rawPost(gateway.url, CHAT_PATH, chat())
  t.strictSame([second.status, second.headers['x-turnout-path'], prefill.requests.length], [200, 'unified', 1])
  first.destroy()
})

t.test('a caller that leaves frees the engine that reads, and the other one is not asked', async (t) => {
  const { gateway, prefill, decode } = await world(t, { plan: { headersAfter: 'never' } })
  for (const [at, way] of (['destroy', 'reset'] as const).entries()) {
    const client = await RawClient.open(gateway.url)
    client.send(CHAT_PATH, { body: chatStream() }).catch(() => undefined)
    const request = await within(2_000, 'the request', prefill.waitRequest(at + 1))
    const leftAt = performance.now()
    client[way]()
    const { at: closedAt } = await within(2_000, 'its end', request.closed)
    t.ok(closedAt - leftAt < 200, `${way}: ${(closedAt - leftAt).toFixed(1)} ms`)
  }
  t.equal(await gateway.settled('turnout_requests_total', { status: '499' }, 2), 2)
  t.equal(decode.requests.length, 0)
  t.equal(await gateway.metric('turnout_inflight_requests'), 0)
  prefill.set({ plan: readAnswer(BLOCKS) })
  const answer = await rawPost(gateway.url, CHAT_PATH, chat())
  t.equal(answer.headers['x-turnout-path'], PHASED, 'and nothing is held against it')
})

t.test('the engine that reads has little load where two are there, and is never asked by itself', async (t) => {
  const other = await startFaultUpstream({ plan: readAnswer(BLOCKS) })
  t.teardown(() => other.close())
  const backends = [{ name: 'q', kind: 'vllm', url: other.url, role: 'prefill' }]
  const { gateway, prefill, decode } = await world(t, { plan: { headersAfter: 'never' } }, { backends })
  const first = await RawClient.open(gateway.url)
  first.send(CHAT_PATH, { body: chat() }).catch(() => undefined)
  await within(2_000, 'the first is read', prefill.waitRequest(1))
  for (let count = 1; count <= 3; count++) {
    const answer = await rawPost(gateway.url, CHAT_PATH, chat())
    t.strictSame([answer.headers['x-turnout-path'], other.requests.length, prefill.requests.length], [PHASED, count, 1])
  }
  first.destroy()
  const named = await rawPost(gateway.url, CHAT_PATH, chat({ model: 'q/tiny' }))
  t.strictSame([named.status, errorOf(await named.json()).code], [503, 'no_backend'])
  t.equal(other.requests.length, 3)

  decode.set({ plan: failing(500) })
  const failed = await rawPost(gateway.url, CHAT_PATH, chat())
  t.equal(failed.status, 502, 'where nobody answers, nobody who only reads is asked to')
  t.ok([...prefill.requests, ...other.requests].every(({ json }) => json?.max_tokens === 1))
})

t.test('what cannot be handed over is read where it is answered', async (t) => {
  const { gateway, prefill, decode } = await world(t)
  const lists = [['one', 'two'], [[1], [2]]] // prettier-ignore
  const bodies: [string, object][] = [
    [CHAT_PATH, chat({ n: 2 })],
    [CHAT_PATH, chat({ prompt_logprobs: 1 })],
    [COMPLETIONS_PATH, { model: 'tiny', prompt: 'a', best_of: 2 }],
    [COMPLETIONS_PATH, { model: 'tiny', prompt: 'a', echo: true }],
    ...lists.map((prompt): [string, object] => [COMPLETIONS_PATH, { model: 'tiny', prompt }]),
  ]
  for (const [path, body] of bodies) {
    const answer = await rawPost(gateway.url, path, body)
    t.strictSame([answer.status, answer.headers['x-turnout-path']], [200, 'unified'], JSON.stringify(body))
    t.strictSame(decode.requests.at(-1)?.json, body)
  }
  t.equal(prefill.requests.length, 0)
})

t.test('a prompt of local engines is not read elsewhere; no pool, no header', async (t) => {
  const cloud = await startFaultUpstream({ plan: readAnswer(BLOCKS) })
  const plain = await startFaultUpstream({ models: ['other'] })
  t.teardown(() => Promise.all([cloud.close(), plain.close()]))
  const decode = await startFaultUpstream({})
  t.teardown(() => decode.close())
  const gateway = await gatewayFor(t, {
    backends: [
      { name: 'c', kind: 'openai-compatible', url: cloud.url, role: 'prefill', models: ['tiny'] },
      { name: 'd', kind: 'vllm', url: decode.url, role: 'decode' },
      { name: 'o', kind: 'vllm', url: plain.url },
    ],
  })
  const answer = await rawPost(gateway.url, CHAT_PATH, chat())
  t.strictSame([answer.status, answer.headers['x-turnout-path'], cloud.requests.length], [200, 'unified', 0])
  const other = await rawPost(gateway.url, CHAT_PATH, chat({ model: 'other' }))
  t.strictSame([other.status, other.headers['x-turnout-path']], [200, undefined])
})

t.test('callers of other formats: in two phases where the engine is asked in this one', async (t) => {
  const prefill = await startFaultUpstream({ plan: readAnswer(BLOCKS) })
  const decode = await startFaultUpstream({})
  t.teardown(() => Promise.all([prefill.close(), decode.close()]))
  const formats = ['openai-chat']
  const gateway = await gatewayFor(t, {
    backends: [
      { name: 'p', kind: 'vllm', url: prefill.url, role: 'prefill', formats },
      { name: 'd', kind: 'vllm', url: decode.url, role: 'decode', formats },
    ],
  })
  const answer = await rawPost(gateway.url, MESSAGES_PATH, messages())
  t.strictSame([answer.status, answer.headers['x-turnout-path']], [200, PHASED])
  t.strictSame(decode.requests[0]?.json?.[KV], JSON.parse(BLOCKS))
})
