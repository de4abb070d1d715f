import t from 'tap'
import { startBlackHole } from '../support/black-hole.ts'
import { chat, chatStream, CHAT_PATH, errorOf, readStream } from '../support/chat.ts'
import type { Plan } from '../support/fault-plan.ts'
import { failing } from '../support/fault-plan.ts'
import { WORDS } from '../support/openai-answers.ts'
import type { RawResponse } from '../support/raw-client.ts'
import { rawPost } from '../support/raw-client.ts'
import { pairRig, rig } from '../support/rig.ts'

const TEXT = WORDS.join('')

async function textOf(response: RawResponse, stream: boolean): Promise<string> {
  if (stream) return (await readStream(response)).text
  const body = await response.json<{ choices?: [{ message: { content: string } }] }>()
  return body.choices?.[0].message.content ?? ''
}

const BOTH: Readonly<Record<string, Plan>> = {
  'status 500': failing(500),
  'status 502': failing(502),
  'status 503': failing(503),
  'status 429': failing(429),
  'status 401': failing(401),
  'RST in place of an answer': { drop: 'reset' },
  'FIN in place of an answer': { drop: 'fin' },
  'HTML with 200': { body: '<html>bad gateway</html>', contentType: 'text/html' },
  'gzip error': { ...failing(500), gzip: true },
  'empty body': { body: '' },
  redirect: { status: 307, headers: { location: 'http://127.0.0.1:9/' }, body: '' },
}
const STREAMS: Readonly<Record<string, Plan>> = {
  'no headers': { headersAfter: 'never' },
  'no event': { firstAfter: 'never' },
  'RST before the first event': { cut: { events: 0, how: 'reset' } },
  'FIN before the first event': { cut: { events: 0, how: 'fin' } },
  'end before the first event': { cut: { events: 0, how: 'end' } },
  'RST inside the first event': { cut: { bytes: 20, how: 'reset' } },
  'in-band error first': { inBand: { after: 0, form: 'object' } },
  'flat in-band error first': { inBand: { after: 0, form: 'flat' } },
  'error event first': { inBand: { after: 0, form: 'event' } },
  'first event is no JSON': { malformed: { at: 0, how: 'text' } },
  'first event is half of a JSON': { malformed: { at: 0, how: 'truncated' } },
  'nothing but [DONE]': { events: [] },
}
const WHOLES: Readonly<Record<string, Plan>> = {
  'RST inside the body': { cut: { bytes: 40, how: 'reset' } },
  'FIN inside the body': { cut: { bytes: 40, how: 'fin' } },
  'half a JSON': { body: '{"id":"x","choices":[', contentType: 'application/json' },
  'an error object with 200': { body: { error: { message: 'fell over', type: 'server_error', code: 500 } } },
}

t.test('before the first frame another backend answers, whatever the fault', async (t) => {
  for (const stream of [true, false])
    for (const [name, plan] of Object.entries({ ...BOTH, ...(stream ? STREAMS : WHOLES) })) {
      const { gateway, upstreams } = await pairRig(t, { limits: { headers: '150ms', ttft: '150ms' } })
      upstreams.a.set({ plan })
      const response = await rawPost(gateway.url, CHAT_PATH, { ...chat({ model: 'pair' }), stream })
      const label = `${stream ? 'streamed' : 'whole'}: ${name}`
      t.equal(response.status, 200, label)
      t.equal(await textOf(response, stream), TEXT, label)
      t.match(response.headers, { 'x-turnout-backend': 'b', 'x-turnout-attempts': '2' }, label)
      t.same([upstreams.a.requests.length, upstreams.b.requests.length], [1, 1], label)
      await gateway.close()
    }
})

t.test('a port that refuses, and one that never accepts', async (t) => {
  const hole = await startBlackHole()
  t.teardown(() => hole.close())
  const { gateway, upstreams } = await rig(t, {
    upstreams: { b: {} },
    config: {
      limits: { connect: '150ms', attempts: 3 },
      discovery: { timeout: '100ms' },
      backends: [
        { name: 'refusing', kind: 'openai-compatible', url: 'http://127.0.0.1:1', models: ['tiny'] },
        { name: 'hole', kind: 'openai-compatible', url: hole.url, models: ['tiny'] },
      ],
      routes: [{ name: 'three', candidates: ['refusing/*', 'hole/*', 'b/*'], strategy: 'ordered' }],
    },
  })
  const response = await rawPost(gateway.url, CHAT_PATH, chatStream({ model: 'three' }))
  t.equal(response.status, 200)
  t.equal((await readStream(response)).text, TEXT)
  t.equal(response.headers['x-turnout-backend'], 'b')
  t.equal(upstreams.b?.requests.length, 1)
})

t.test('a request that every backend refuses is tried at most `attempts` times, all in all', async (t) => {
  const names = ['a', 'b', 'c', 'd', 'e']
  const upstreams = Object.fromEntries(names.map((name) => [name, { plan: failing(500) }]))
  const all = await rig(t, {
    upstreams,
    config: {
      limits: { attempts: 3 },
      routes: [{ name: 'all', candidates: names.map((name) => `${name}/*`), strategy: 'ordered' }],
    },
  })
  const response = await rawPost(all.gateway.url, CHAT_PATH, chat({ model: 'all' }))
  t.equal(response.status, 502)
  t.equal(errorOf(await response.json()).code, 'upstream_error')
  t.equal(response.headers['x-turnout-attempts'], '3')
  t.same(
    names.map((name) => all.upstreams[name]?.requests.length),
    [1, 1, 1, 0, 0],
  )
})

t.test('x-turnout-no-fallback: one attempt, its own error', async (t) => {
  for (const stream of [true, false]) {
    const { gateway, upstreams } = await pairRig(t)
    upstreams.a.set({ plan: failing(503, { headers: { 'retry-after': '3' } }) })
    const response = await rawPost(
      gateway.url,
      CHAT_PATH,
      { ...chat({ model: 'pair' }), stream },
      { 'x-turnout-no-fallback': '1' },
    )
    t.equal(response.status, 503)
    t.equal(errorOf(await response.json()).code, 'overloaded')
    t.equal(response.headers['x-turnout-attempts'], '1')
    t.equal(upstreams.b.requests.length, 0)
  }
})

t.test('once the first frame is out, no second backend is asked', async (t) => {
  const { gateway, upstreams } = await pairRig(t)
  upstreams.a.set({ plan: { cut: { events: 3, how: 'reset' } } })
  const got = await readStream(await rawPost(gateway.url, CHAT_PATH, chatStream({ model: 'pair' })))
  t.equal(got.errors[0]?.code, 'upstream_incomplete')
  t.equal(upstreams.b.requests.length, 0)
})
