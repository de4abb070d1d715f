/** Many kinds of requests to a running gateway: the record of each is plain data that says nothing of what was in it. */
import { deepStrictEqual } from 'node:assert'
import t, { type Test } from 'tap'
import type { RequestRecord } from '../../src/core/request-record.ts'
import { eventually } from '../support/await.ts'
import { chat, CHAT_PATH, chatStream, EMBEDDINGS_PATH } from '../support/chat.ts'
import { failing, type Plan } from '../support/fault-plan.ts'
import type { RecordedRequest } from '../support/fault-record.ts'
import { startFaultUpstream } from '../support/fault-upstream.ts'
import { hashed, startGateway } from '../support/gateway.ts'
import { rawPost } from '../support/raw-client.ts'

const CANARY = 'canary of the prompt 7f3a'
const KEY = 'sk-caller-5a1b9c'
const BACKEND_KEY = 'sk-backend-0d2e8f'
const messages = [{ role: 'user', content: CANARY }]
const tools = [{ type: 'function', function: { name: 'canary_tool', parameters: { type: 'object' } } }]

/** What the first backend does with a request, by the model that is called. */
const DEEDS: Readonly<Record<string, (request: RecordedRequest) => Plan | undefined>> = {
  good: () => undefined,
  narrow: () => undefined,
  fails: () => failing(500, { message: CANARY, code: CANARY }),
  refuses: () => failing(400, { message: CANARY, code: CANARY }),
  breaks: () => ({ cut: { events: 2, how: 'reset' } }),
  empty: () => ({ words: [] }),
  odd: () => ({ body: { model: CANARY, choices: [{ message: { content: CANARY }, finish_reason: CANARY }] } }),
}

interface Asked {
  readonly name: string
  readonly body: object | string
  readonly path?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly expected: Partial<RequestRecord>
}

const REQUESTS: readonly Asked[] = [
  { name: 'whole', body: chat({ model: 'good', messages }), expected: { status: 200, success: true, calls: 1 } },
  { name: 'streamed', body: chatStream({ model: 'good', messages }), expected: { stream: true, success: true } },
  {
    name: 'tools, sampling parameters, a trace, a session and an explanation',
    body: JSON.stringify(chat({ model: 'good', messages, tools, temperature: 0.5, user: 'u-1', seed: 7 })).replace(
      '"seed":7',
      '"seed":1e999',
    ),
    headers: {
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      tracestate: 'vendor=42',
      'x-turnout-session': 's-1',
      'x-turnout-explain': '1',
      'x-stainless-retry-count': '1',
    },
    expected: { session: 's-1', user: 'u-1', repeated: true },
  },
  {
    name: 'embeddings',
    body: { model: 'good', input: CANARY },
    path: EMBEDDINGS_PATH,
    expected: { endpoint: 'embeddings' },
  },
  {
    name: 'failed over',
    body: chat({ model: 'fails', messages }),
    expected: { calls: 2, answered: true, backend: 'b' },
  },
  {
    name: 'refused by the backend',
    body: chat({ model: 'refuses', messages }),
    expected: { answered: false, status: 400 },
  },
  { name: 'broken off', body: chatStream({ model: 'breaks', messages }), expected: { answered: true, success: false } },
  { name: 'empty', body: chatStream({ model: 'empty', messages }), expected: { success: false } },
  { name: 'odd words', body: chat({ model: 'odd', messages }), expected: { calls: 1 } },
  { name: 'a model that is nowhere', body: chat({ model: CANARY, messages }), expected: { planned: false, calls: 0 } },
  {
    name: 'nothing can serve it',
    body: chat({ model: 'narrow', messages: [{ role: 'user', content: CANARY.repeat(100) }] }),
    expected: { planned: false, calls: 0, strategy: 'balanced', error: 'context_length_exceeded' },
  },
]

/** Everything in it is of JSON: no class, no function, nothing that is not written. */
function oddIn(value: unknown, at = 'record'): string[] {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return []
  if (typeof value === 'number') return Number.isFinite(value) ? [] : [`${at} is ${value}`]
  if (typeof value !== 'object') return [`${at} is of type ${typeof value}`]
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== Array.prototype) return [`${at} is of a class`]
  return Object.entries(value).flatMap(([name, part]) => oddIn(part, `${at}.${name}`))
}

function isPlain(t: Test, name: string, record: RequestRecord): void {
  t.strictSame(oddIn(record), [], `${name}: plain data`)
  t.doesNotThrow(() => deepStrictEqual(structuredClone(record), record), `${name}: can be cloned`)
  const text = JSON.stringify(record)
  t.doesNotThrow(() => deepStrictEqual(JSON.parse(text), record), `${name}: is the same after JSON`)
  for (const secret of [CANARY, 'canary_tool', KEY, BACKEND_KEY, '127.0.0.1', 'http://'])
    t.notOk(text.includes(secret), `${name}: does not hold "${secret}"`)
}

t.test('the record of any request is plain data, and holds no text of it, no secret and no address', async (t) => {
  const rule = (request: RecordedRequest): Plan | undefined => DEEDS[String(request.json?.['model'])]?.(request)
  const models = Object.keys(DEEDS)
  const a = await startFaultUpstream({ models, rule })
  const b = await startFaultUpstream({ models: ['fails'] })
  for (const upstream of [a, b]) t.teardown(() => upstream.close())
  const records: RequestRecord[] = []
  const observer = { readsDecisions: 'all', onCompleted: (record: RequestRecord) => void records.push(record) } as const
  const backend = (name: string, url: string, served: readonly string[]): object => ({
    ...{ name, kind: 'openai-compatible', url, models: served, key: BACKEND_KEY },
    price: { input_per_mtok_usd: 1, output_per_mtok_usd: 2 },
  })
  const gateway = await startGateway(
    {
      backends: [backend('a', a.url, models), backend('b', b.url, ['fails'])],
      models: { narrow: { context: 16 } },
      routes: [{ name: 'pair', match: { model: ['fails'] }, candidates: ['a/fails', 'b/fails'], strategy: 'ordered' }],
      keys: [{ id: 'team-a', hash: hashed(KEY), team: 'red', labels: { unit: '7' }, budget: { usd: 100, per: 'day' } }],
      telemetry: { endpoint: 'http://127.0.0.1:9/', metrics: false },
    },
    [observer],
  )
  t.teardown(() => gateway.close())
  for (const { name, body, path = CHAT_PATH, headers = {}, expected } of REQUESTS) {
    const response = await rawPost(gateway.url, path, body, { authorization: `Bearer ${KEY}`, ...headers })
    await response.complete.catch(() => undefined)
    await eventually(2_000, `${name} has ended`, () => records.length > 0)
    const record = records.pop()!
    t.match(record, { key: 'team-a', team: 'red', labels: { unit: '7' }, ...expected }, name)
    isPlain(t, name, record)
  }
})
