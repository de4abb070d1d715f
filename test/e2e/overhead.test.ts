/** `overhead_ms` of a request, whatever its way out: what the gateway took itself, never 0 and never the time of a backend. */
import t, { type Test } from 'tap'
import { eventually, within } from '../support/await.ts'
import { chat, CHAT_PATH } from '../support/chat.ts'
import { failing, type Plan } from '../support/fault-plan.ts'
import { RawClient } from '../support/raw-client.ts'
import { rig, type Rig } from '../support/rig.ts'

/** To read it takes the gateway a millisecond or more. */
const LONG = 'Mend the parser of dates; '.repeat(20_000)
const STALL_MS = 400

interface Logged {
  readonly overhead_ms: number
  readonly status: number
  readonly error?: { readonly code: string }
  readonly decision: { readonly outcome: { readonly total_ms: number } } | null
}

interface WayOut {
  readonly plans: readonly Plan[]
  readonly stream: boolean
  /** It leaves when its backend has the request, or when the first event has come. */
  readonly leaves?: 'unanswered' | 'answered'
  /** The gateway stops meanwhile. */
  readonly stops?: boolean
  /** Absent: any. */
  readonly status?: number
  readonly code?: string
  readonly body?: object
  readonly limits?: object
  /** Much of its time is that of a backend. */
  readonly waits?: boolean
}

const SLOW: Plan = { headersAfter: STALL_MS }
const WAYS: Readonly<Record<string, WayOut>> = {
  'an answer': { plans: [SLOW], stream: false, status: 200, waits: true },
  'a stream': { plans: [SLOW], stream: true, status: 200, waits: true },
  'a stream that was kept open by comments first': {
    plans: [SLOW],
    stream: true,
    status: 200,
    waits: true,
    limits: { keep_alive: '100ms' },
  },
  'a caller who left before the headers': {
    plans: [{ headersAfter: 'never' }],
    stream: false,
    leaves: 'unanswered',
    status: 499,
    code: 'client_closed',
  },
  'a caller who left before the first event': {
    plans: [{ firstAfter: 'never' }],
    stream: true,
    leaves: 'unanswered',
    status: 499,
    code: 'client_closed',
  },
  'a caller who left in the middle': {
    plans: [{ stallAfter: 2 }],
    stream: true,
    leaves: 'answered',
    status: 499,
    code: 'client_closed',
  },
  'all backends failed': { plans: [failing(500), failing(500)], stream: false, status: 502, code: 'upstream_error' },
  'a backend that does not answer in time': {
    plans: [{ headersAfter: 'never' }],
    stream: true,
    status: 504,
    code: 'headers_timeout',
    limits: { headers: '300ms', attempts: 1 },
    waits: true,
  },
  'a stream that broke off': {
    plans: [{ cut: { events: 3, how: 'reset' } }],
    stream: true,
    status: 200,
    code: 'upstream_incomplete',
  },
  'a gateway that stops': {
    plans: [{ headersAfter: 'never' }],
    stream: false,
    stops: true,
    status: 503,
    code: 'shutting_down',
  },
  'nobody is able': {
    plans: [],
    stream: false,
    body: { tools: [{ type: 'function', function: { name: 'f' } }] },
  },
}

async function logged({ gateway }: Rig, id: string): Promise<Logged> {
  const line = (): string | undefined =>
    gateway
      .logged()
      .split('\n')
      .find((text) => text.includes(`"request_id":"${id}"`))
  await eventually(10_000, `the line of ${id}`, () => line() !== undefined)
  return JSON.parse(line()!) as Logged
}

async function goes(t: Test, name: string, way: WayOut): Promise<void> {
  const able = { models: { tiny: { capabilities: { tools: false } } } }
  const it = await rig(t, { upstreams: { up: {} }, config: { ...able, limits: { attempts: 2, ...way.limits } } })
  const upstream = it.upstreams['up']!
  upstream.next(...way.plans)
  const client = await RawClient.open(it.gateway.url)
  const body = { ...chat({ messages: [{ role: 'user', content: LONG }], ...way.body }), stream: way.stream }
  const answer = client.send(CHAT_PATH, { body, headers: { 'x-request-id': 'this' } })
  let said: string | undefined
  if (way.leaves === 'unanswered') {
    answer.catch(() => undefined)
    const request = await within(5_000, 'the request', upstream.waitRequest(1))
    if (way.plans[0]!.firstAfter !== undefined) await request.started
    client.destroy()
  } else {
    if (way.stops === true) {
      await within(5_000, 'the request', upstream.waitRequest(1))
      void it.gateway.close()
    }
    const response = await answer
    said = response.headers['x-turnout-overhead-ms']
    if (way.leaves === 'answered') {
      await response.next()
      client.destroy()
    } else await response.complete.catch(() => undefined)
  }
  const line = await logged(it, 'this')
  if (way.status !== undefined) t.equal(line.status, way.status, name)
  if (way.code !== undefined) t.equal(line.error?.code, way.code, name)
  t.ok(line.overhead_ms > 0, `${name}: ${line.overhead_ms} ms`)
  if (said !== undefined) t.ok(Math.abs(Number(said) - line.overhead_ms) <= 0.06, `${name}: ${said} in the header`)
  const total = line.decision?.outcome.total_ms
  if (way.waits === true)
    t.ok(line.overhead_ms <= total! - 0.8 * 300, `${name}: ${line.overhead_ms} of ${total} ms, without the wait`)
  client.destroy()
}

t.test('on each way out it is what the gateway took itself, in the log as in the header', async (t) => {
  for (const [name, way] of Object.entries(WAYS)) await goes(t, name, way)
})
