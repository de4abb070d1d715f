import type { Test } from 'tap'
import t from 'tap'
import { atRest } from './await.ts'
import { failing, flaky } from './fault-plan.ts'
import type { FaultOptions, Plan } from './fault-plan.ts'
import type { FaultUpstream } from './fault-upstream.ts'
import { startFaultUpstream } from './fault-upstream.ts'
import { WORDS, usageOf } from './openai-answers.ts'
import { RawClient, rawPost } from './raw-client.ts'

const PATH = '/v1/chat/completions'
const BODY = { model: 'tiny', messages: [{ role: 'user', content: 'hi' }] }
const STREAM = { ...BODY, stream: true }

async function upstreamFor(test: Test, options: FaultOptions = {}): Promise<FaultUpstream> {
  const upstream = await startFaultUpstream(options)
  test.teardown(() => upstream.close())
  return upstream
}

async function dataOf(test: Test, plan: Plan, body: object = STREAM): Promise<string[]> {
  const upstream = await upstreamFor(test, { plan })
  const response = await rawPost(upstream.url, PATH, body)
  const blocks = await response.blocks()
  test.equal(await response.complete, true)
  return blocks.flatMap((block) => (block.data === null ? [] : [block.data]))
}

t.test('a plain answer is recorded with its bytes and parsed body', async (t) => {
  const upstream = await upstreamFor(t)
  const response = await rawPost(upstream.url, PATH, BODY, { 'X-Odd': 'Kept' })
  const answer = await response.json()
  t.match(answer, {
    object: 'chat.completion',
    model: 'tiny',
    choices: [{ message: { content: WORDS.join('') }, finish_reason: 'stop' }],
  })
  t.match(answer.usage, usageOf(WORDS.length))
  const request = await upstream.waitRequest(1)
  t.same(JSON.parse(request.bytes.toString()), BODY)
  t.ok(request.rawHeaders.some(([name, value]) => name === 'X-Odd' && value === 'Kept'))
  t.equal(upstream.requests.length, 1)
})

t.test('the model list is a probe, not a request', async (t) => {
  const upstream = await upstreamFor(t, { models: ['a', 'b/c:d'] })
  const client = await RawClient.open(upstream.url)
  const response = await client.send('/v1/models', { method: 'GET' })
  t.match(await response.json(), { data: [{ id: 'a' }, { id: 'b/c:d' }] })
  t.equal(upstream.requests.length, 0)
  t.equal(upstream.probes.length, 1)
  client.destroy()
  await upstream.waitSockets(0)
})

t.test('usage stands where the plan says', async (t) => {
  const places = { own: 0, always: 1, content: 1, finish: 1, cumulative: WORDS.length + 2, never: 0, null: 0 } as const
  for (const [usage, count] of Object.entries(places)) {
    const data = await dataOf(t, { usage: usage as keyof typeof places })
    t.equal(data.filter((text) => text.includes('"usage":{')).length, count, usage)
    t.equal(data.at(-1), '[DONE]')
  }
  const asked = await dataOf(t, {}, { ...STREAM, stream_options: { include_usage: true } })
  t.match(JSON.parse(asked.at(-2) ?? ''), { choices: [], usage: usageOf(WORDS.length) })
})

t.test('a split gives the same bytes, however small the pieces', async (t) => {
  const whole = await dataOf(t, { eol: '\r\n' })
  const upstream = await upstreamFor(t, { plan: { eol: '\r\n', split: 'every' } })
  const response = await rawPost(upstream.url, PATH, STREAM)
  t.same(
    (await response.blocks()).map((block) => block.data),
    whole,
  )
})

t.test('cuts end the body as planned', async (t) => {
  for (const how of ['reset', 'fin', 'end'] as const) {
    const upstream = await upstreamFor(t, { plan: { cut: { events: 2, how } } })
    const response = await rawPost(upstream.url, PATH, STREAM)
    t.equal((await response.blocks()).length, 2, how)
    t.equal(await response.complete, how === 'end', how)
    await (
      await upstream.waitRequest(1)
    ).finished
  }
  const upstream = await upstreamFor(t, { plan: { cut: { bytes: 101, how: 'fin' } } })
  const response = await rawPost(upstream.url, PATH, STREAM)
  t.equal(await response.complete, false)
  t.equal(response.received, 101)
})

t.test('drop closes before any answer', async (t) => {
  const upstream = await upstreamFor(t, { plan: { drop: 'reset' } })
  await t.rejects(rawPost(upstream.url, PATH, BODY), /closed before the status line/)
})

t.test('who closes first is told: FIN and RST, headers not yet sent or stalled', async (t) => {
  for (const plan of [{ headersAfter: 'never' }, { firstAfter: 'never' }, { stallAfter: 2 }] as const)
    for (const how of ['destroy', 'reset'] as const) {
      const upstream = await upstreamFor(t, { plan })
      const client = await RawClient.open(upstream.url)
      const answer = client.send(PATH, { body: STREAM })
      answer.catch(() => undefined)
      const request = await upstream.waitRequest(1)
      if (!('headersAfter' in plan)) await answer
      client[how]()
      t.equal((await request.closed).by, how === 'reset' ? 'reset' : 'fin', `${Object.keys(plan)[0]} ${how}`)
      await upstream.waitSockets(0)
    }
})

t.test('a reader that stops stops the writer', async (t) => {
  const words = Array.from({ length: 400 }, () => 'x'.repeat(100_000))
  const upstream = await upstreamFor(t, { plan: { words } })
  const client = await RawClient.open(upstream.url)
  const response = await client.send(PATH, { body: STREAM })
  client.socket.pause()
  const request = await upstream.waitRequest(1)
  await atRest(200, 'the writer', () => request.sent)
  t.ok(request.sent < words.length, `stopped at ${request.sent}`)
  client.socket.resume()
  t.equal((await response.blocks()).length, words.length + 3)
  client.destroy()
})

t.test('plans come from the rule, the queue, the model, in this order', async (t) => {
  const upstream = await upstreamFor(t, {
    byModel: { bad: failing(503) },
    plan: failing(418),
    rule: flaky(4, failing(500)),
  })
  upstream.next(failing(429, { headers: { 'retry-after': '7' } }))
  const statuses: number[] = []
  for (const model of ['tiny', 'bad', 'tiny', 'tiny'])
    statuses.push((await rawPost(upstream.url, PATH, { ...BODY, model })).status)
  t.same(statuses, [429, 503, 418, 500])
})

t.test('strict servers name what they refuse', async (t) => {
  const upstream = await upstreamFor(t, { strict: true })
  const refused = await rawPost(upstream.url, PATH, { ...BODY, api_base: 'x', turnout: 1 })
  t.equal(refused.status, 400)
  t.match(await refused.json(), { error: { message: 'unknown fields: api_base, turnout' } })
  t.equal((await rawPost(upstream.url, PATH, BODY)).status, 200)
  upstream.set({ refusesStreamOptions: true })
  const old = await rawPost(upstream.url, PATH, { ...STREAM, stream_options: { include_usage: true } })
  t.match(await old.json(), { object: 'error', message: /extra_forbidden/ })
})

t.test('odd bodies: gzip, HTML with 200, in-band errors, noise, a broken event', async (t) => {
  const upstream = await upstreamFor(t)
  upstream.next({ ...failing(500), gzip: true }, { body: '<html>', contentType: 'text/html' })
  const zipped = await rawPost(upstream.url, PATH, BODY)
  t.equal(zipped.headers['content-encoding'], 'gzip')
  t.equal((await zipped.body()).readUInt16BE(0), 0x1f8b)
  t.equal((await (await rawPost(upstream.url, PATH, STREAM)).body()).toString(), '<html>')
  t.match((await dataOf(t, { inBand: { after: 0, form: 'flat', code: 400 } }))[0], /^\{"object":"error"/)
  t.match((await dataOf(t, { inBand: { after: 2, form: 'object' } }))[2], /^\{"error":/)
  t.ok((await dataOf(t, { noise: true, comments: true })).length > WORDS.length + 3)
  t.throws(() => JSON.parse('this is no JSON'))
  t.equal((await dataOf(t, { malformed: { at: 1, how: 'text' } }))[1], 'this is no JSON')
})

t.test('a kept connection carries the next request, and the record says so', async (t) => {
  const upstream = await upstreamFor(t, { rule: (request) => (request.reused ? { drop: 'reset' } : undefined) })
  const client = await RawClient.open(upstream.url)
  await (await client.send(PATH, { body: BODY })).body()
  await t.rejects(client.send(PATH, { body: BODY }))
  t.same(
    upstream.requests.map(({ reused, socket }) => [reused, socket]),
    [
      [false, 1],
      [true, 1],
    ],
  )
})
