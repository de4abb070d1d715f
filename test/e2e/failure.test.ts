import t from 'tap'
import { chat, chatStream, CHAT_PATH, errorOf, readStream } from '../support/chat.ts'
import type { Plan } from '../support/fault-plan.ts'
import { failing } from '../support/fault-plan.ts'
import { rawPost } from '../support/raw-client.ts'
import { pairRig, singleRig } from '../support/rig.ts'

t.test('each limit has its own error', async (t) => {
  const cases: readonly [string, Record<string, string>, Plan, boolean][] = [
    ['headers_timeout', { headers: '80ms' }, { headersAfter: 'never' }, true],
    ['ttft_timeout', { ttft: '80ms' }, { firstAfter: 'never' }, true],
    ['ttft_timeout', { ttft: '80ms', idle: '10s' }, { stallAfter: 1 }, true],
    ['total_timeout', { total: '80ms' }, { headersAfter: 'never' }, false],
    ['total_timeout', { total: '80ms' }, { firstAfter: 'never' }, false],
    ['total_timeout', { total: '80ms' }, { headersAfter: 'never' }, true],
  ]
  for (const [code, limits, plan, stream] of cases) {
    const { gateway, upstream } = await singleRig(t, { plan }, { limits })
    const response = await rawPost(gateway.url, CHAT_PATH, { ...chat(), stream })
    t.equal(response.status, 504, code)
    t.match(errorOf(await response.json()), { code, source: 'upstream' })
    await (
      await upstream.waitRequest(1)
    ).closed
  }
})

t.test('limits inside a stream: silence and the total', async (t) => {
  for (const [code, limits, plan] of [
    ['idle_timeout', { idle: '80ms' }, { stallAfter: 2 }],
    ['idle_timeout', { idle: '80ms' }, { stallAfter: 3 }],
    ['total_timeout', { total: '150ms' }, { pace: 20, words: Array.from({ length: 100 }, () => 'x') }],
  ] as const) {
    const { gateway, upstream } = await singleRig(t, { plan }, { limits })
    const got = await readStream(await rawPost(gateway.url, CHAT_PATH, chatStream()))
    t.equal(got.errors[0]?.code, code)
    t.same([got.dones, got.doneLast], [1, true])
    await (
      await upstream.waitRequest(1)
    ).closed
  }
})

t.test('a slow stream within its limits is left alone', async (t) => {
  const plan = { pace: 30, words: Array.from({ length: 12 }, () => 'x ') }
  const { gateway } = await singleRig(t, { plan }, { limits: { headers: '250ms', ttft: '250ms', idle: '250ms' } })
  const got = await readStream(await rawPost(gateway.url, CHAT_PATH, chatStream()))
  t.same([got.text, got.finish, got.errors.length], ['x '.repeat(12), 'stop', 0])
})

t.test("the caller's deadline ends a call", async (t) => {
  const { gateway } = await singleRig(t, { plan: { headersAfter: 'never' } })
  const response = await rawPost(gateway.url, CHAT_PATH, chat(), { 'x-turnout-deadline-ms': '80' })
  t.equal(response.status, 504)
  t.equal(errorOf(await response.json()).code, 'deadline_exceeded')
})

t.test('the wait that a backend asks for is passed on', async (t) => {
  const date = (seconds: number): string => new Date(Date.now() + seconds * 1000).toUTCString()
  const cases: readonly [number, Record<string, string>, number, number][] = [
    [429, { 'retry-after': '7' }, 7000, 7000],
    [503, { 'retry-after': '2' }, 2000, 2000],
    [429, { 'retry-after-ms': '1500', 'retry-after': '9' }, 1500, 1500],
    [429, { 'retry-after': date(20) }, 18_000, 20_000],
    [429, { 'x-ratelimit-remaining-requests': '0', 'x-ratelimit-reset-requests': '1m2s' }, 62_000, 62_000],
  ]
  for (const [status, headers, least, most] of cases) {
    const { gateway } = await singleRig(t, { plan: failing(status, { headers }) })
    const response = await rawPost(gateway.url, CHAT_PATH, chat())
    const label = `${status} ${JSON.stringify(headers)}`
    t.equal(response.status, status, label)
    errorOf(await response.json())
    const ms = Number(response.headers['retry-after-ms'])
    t.ok(ms >= least && ms <= most, `${label}: ${ms} ms`)
    t.equal(Number(response.headers['retry-after']), Math.ceil(ms / 1000), label)
  }
})

t.test("a caller's mistake is told as the backend tells it, and nobody else is asked", async (t) => {
  const { gateway, upstreams } = await pairRig(t)
  for (let round = 0; round < 3; round++)
    for (const status of [400, 413, 422])
      for (const stream of [true, false]) {
        upstreams.a.next(failing(status, { message: `bad field ${status}` }))
        const response = await rawPost(gateway.url, CHAT_PATH, { ...chat({ model: 'pair' }), stream })
        t.equal(response.status, status)
        t.match(errorOf(await response.json()), {
          message: /bad field/,
          source: 'caller',
          type: 'invalid_request_error',
        })
        t.equal(response.headers['x-turnout-attempts'], '1')
      }
  t.equal(upstreams.b.requests.length, 0)
  const good = await rawPost(gateway.url, CHAT_PATH, chat({ model: 'pair' }))
  t.equal(good.headers['x-turnout-backend'], 'a', 'and it does not count against the backend')
  await good.complete
})

t.test('a reset of a new connection is not repaired: it may have been the request', async (t) => {
  const { gateway, upstream } = await singleRig(t, { plan: { drop: 'reset' } })
  const response = await rawPost(gateway.url, CHAT_PATH, chat())
  t.equal(response.status, 502)
  t.equal(errorOf(await response.json()).code, 'upstream_unreachable')
  t.equal(upstream.requests.length, 1)
})

t.test('an error whose words never come is judged by its status', async (t) => {
  for (const stream of [true, false]) {
    const { gateway, upstreams } = await pairRig(t)
    upstreams.a.set({ plan: { ...failing(503), firstAfter: 'never' } })
    const startedAt = performance.now()
    const response = await rawPost(gateway.url, CHAT_PATH, { ...chat({ model: 'pair' }), stream })
    t.equal(response.status, 200)
    t.equal(response.headers['x-turnout-backend'], 'b')
    t.ok(performance.now() - startedAt < 3_000)
    await response.complete
    t.equal(await gateway.settled('turnout_attempts_total', { backend: 'a', outcome: 'overloaded' }, 1), 1)
  }
})

t.test('a stream that is answered by a JSON body that never ends has its own limit', async (t) => {
  const plan: Plan = { body: '{"id":"x","choices":[', contentType: 'application/json', firstAfter: 'never' }
  const { gateway } = await singleRig(t, { plan }, { limits: { ttft: '100ms', headers: '50s' } })
  const response = await rawPost(gateway.url, CHAT_PATH, chatStream())
  t.equal(errorOf(await response.json()).code, 'ttft_timeout')
})

t.test('a rerank answer of an unknown shape is the fault of its backend', async (t) => {
  const { gateway, upstreams } = await pairRig(t)
  upstreams.b.set({ plan: { body: '[null]', contentType: 'application/json' } })
  const rerank = await rawPost(gateway.url, '/v1/rerank', { model: 'b/tiny', query: 'q', documents: ['d'] })
  t.equal(rerank.status, 502)
  t.equal(errorOf(await rerank.json()).code, 'upstream_bad_response')
})

t.test('embeddings of an unknown shape pass as they came: what is no vector is not made one', async (t) => {
  const { gateway, upstreams } = await pairRig(t)
  const shapes: readonly object[] = [
    { embedding: [null, 1] },
    [{ object: 'embedding', index: 0, embedding: [null, null] }],
    [{ object: 'embedding', index: 0, embedding: [[0.1], [0.2]] }],
    [{ object: 'embedding', index: 0, embedding: { sparse: [1] } }],
  ]
  for (const data of shapes) {
    const body = { object: 'list', data }
    upstreams.a.set({ plan: { body } })
    for (const encoding_format of ['base64', 'float']) {
      const request = { model: 'a/tiny', input: 'x', encoding_format }
      const response = await rawPost(gateway.url, '/v1/embeddings', request)
      t.equal(response.status, 200)
      t.equal((await response.body()).toString(), JSON.stringify(body))
    }
  }
  t.equal(upstreams.b.requests.length, 0)
})

t.test('embeddings larger than the buffer are put into the wanted form as they pass', async (t) => {
  const data = [{ object: 'embedding', index: 0, embedding: Array.from({ length: 2000 }, () => 0.5) }]
  const { gateway } = await singleRig(t, { plan: { body: { object: 'list', data } } }, { limits: { buffer: '4KiB' } })
  const ask = async (more: object): Promise<unknown> => {
    const response = await rawPost(gateway.url, '/v1/embeddings', { model: 'tiny', input: 'x', ...more })
    return (await response.json<{ data: typeof data }>()).data[0]!.embedding
  }
  t.same(await ask({}), data[0]!.embedding)
  const packed = Buffer.from((await ask({ encoding_format: 'base64' })) as string, 'base64')
  t.same([...new Float32Array(new Uint8Array(packed).buffer)], data[0]!.embedding)
})

t.test('headers that leave before it is known who answers name nobody', async (t) => {
  const { gateway, upstreams } = await pairRig(t, { limits: { keep_alive: '30ms', ttft: '150ms' } })
  upstreams.a.set({ plan: { firstAfter: 'never' } })
  const response = await rawPost(gateway.url, CHAT_PATH, chatStream({ model: 'pair' }))
  t.equal(response.headers['x-turnout-backend'], undefined)
  t.equal(response.headers['x-turnout-attempts'], undefined)
  t.equal(response.headers['x-turnout-route'], 'pair')
  t.equal((await readStream(response)).finish, 'stop')
})

t.test('one busy backend among broken ones does not make all of them busy', async (t) => {
  const { gateway, upstreams } = await pairRig(t)
  upstreams.a.set({ plan: failing(429) })
  upstreams.b.set({ plan: failing(500) })
  const response = await rawPost(gateway.url, CHAT_PATH, chat({ model: 'pair' }))
  t.equal(response.status, 502)
  t.equal(errorOf(await response.json()).code, 'upstream_error')
})
