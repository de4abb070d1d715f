import { connect, type Socket } from 'node:net'
import { once } from 'node:events'
import t, { type Test } from 'tap'
import { eventually } from '../support/await.ts'
import { chat, chatStream, CHAT_PATH, errorOf } from '../support/chat.ts'
import type { Plan } from '../support/fault-plan.ts'
import type { FaultUpstream } from '../support/fault-upstream.ts'
import type { Gateway } from '../support/gateway.ts'
import { RawClient, rawPost } from '../support/raw-client.ts'
import { singleRig } from '../support/rig.ts'

const KIB = 1024
const LIMITS = { limits: { body: '64KiB', bodies: '64KiB' } }

/** A chat of exactly so many bytes. */
function chatOf(bytes: number, more: object = {}): Buffer {
  const text = JSON.stringify({ ...chat(), pad: '', ...more })
  return Buffer.from(text.replace('"pad":""', `"pad":"${'x'.repeat(bytes - text.length)}"`))
}

const statusOf = async (
  gateway: Gateway,
  body: Buffer | object,
  headers: Record<string, string> = {},
): Promise<number> => {
  const response = await rawPost(gateway.url, CHAT_PATH, body, headers)
  await response.body().catch(() => undefined)
  return response.status
}

const head = (...more: string[]): string =>
  [`POST ${CHAT_PATH} HTTP/1.1`, 'host: 127.0.0.1', 'content-type: application/json', ...more, '', ''].join('\r\n')

/** A connection on which so much was written. */
async function begun(gateway: Gateway, ...parts: (string | Buffer)[]): Promise<Socket> {
  const socket = connect(gateway.port, '127.0.0.1')
  await once(socket, 'connect')
  socket.on('error', () => undefined)
  for (const part of parts) socket.write(part)
  return socket
}

const chunk = (bytes: number): string => `${bytes.toString(16)}\r\n${'x'.repeat(bytes)}\r\n`

t.test(
  'bodies beyond the room for all are refused with 503, before they are read, and let in when there is room',
  async (t) => {
    const { gateway, upstream } = await singleRig(t, {}, LIMITS)
    let answer: () => void = () => undefined
    upstream.next({ headersAfter: new Promise<void>((resolve) => (answer = resolve)) })
    const first = rawPost(gateway.url, CHAT_PATH, chatOf(40 * KIB))
    await upstream.waitRequest(1)
    for (const [label, body, headers] of [
      ['with a length', chatOf(30 * KIB), {}],
      ['in chunks', null, { 'transfer-encoding': 'chunked' }],
    ] as const) {
      const socket =
        body === null
          ? await begun(gateway, head('transfer-encoding: chunked'), chunk(20 * KIB), chunk(20 * KIB))
          : null
      let said = ''
      if (socket === null) {
        const refused = await rawPost(gateway.url, CHAT_PATH, body!, headers)
        t.match(errorOf(await refused.json()), { code: 'gateway_overloaded', source: 'turnout', type: 'server_error' })
        t.match(refused, { status: 503, headers: { 'retry-after': '1', 'retry-after-ms': '1000' } }, label)
      } else {
        socket.on('data', (bytes: Buffer) => (said += bytes.toString()))
        await once(socket, 'close')
        t.match(said, /^HTTP\/1\.1 503 .*retry-after: 1\r.*"code":"gateway_overloaded"/s, label)
      }
    }
    const claude = await rawPost(gateway.url, '/v1/messages', chatOf(30 * KIB))
    t.match(claude, { status: 529, headers: { 'retry-after': '1' } }, 'callers of Messages know it by another status')
    t.match(await claude.json(), { type: 'error', error: { type: 'overloaded_error', code: 'gateway_overloaded' } })
    t.equal(await statusOf(gateway, chatOf(20 * KIB)), 200, 'what fits is served')
    t.equal(upstream.requests.length, 2, 'nothing of the others was sent')
    answer()
    t.equal((await first).status, 200)
    await eventually(1_000, 'room', async () => (await statusOf(gateway, chatOf(30 * KIB))) === 200)
    t.equal((await gateway.metric('turnout_requests_total', { error: 'gateway_overloaded' })) > 0, true)
  },
)

type Leave = (gateway: Gateway, upstream: FaultUpstream) => Promise<unknown>

const leaving =
  (plan: Plan, body: () => Buffer): Leave =>
  async (gateway, upstream) => {
    upstream.next(plan)
    const before = upstream.requests.length
    const client = await RawClient.open(gateway.url)
    void client.send(CHAT_PATH, { body: body() }).catch(() => undefined)
    await upstream.waitRequest(before + 1)
    client.destroy()
  }

/** Every way that a request can end, each with a body that takes most of the room. */
const WAYS: Readonly<Record<string, Leave>> = {
  'an answer': (gateway) => statusOf(gateway, chatOf(60 * KIB)),
  'a stream': (gateway) => statusOf(gateway, chatOf(60 * KIB, { stream: true })),
  'no JSON': (gateway) => statusOf(gateway, Buffer.alloc(60 * KIB, 'x')),
  'no model': (gateway) => statusOf(gateway, chatOf(60 * KIB, { model: 'nowhere' })),
  'no messages': (gateway) => statusOf(gateway, chatOf(60 * KIB, { messages: 1 })),
  'another type': (gateway) => statusOf(gateway, chatOf(60 * KIB), { 'content-type': 'text/plain' }),
  'a coding': (gateway) => statusOf(gateway, chatOf(60 * KIB), { 'content-encoding': 'gzip' }),
  'too large by its length': (gateway) => statusOf(gateway, chatOf(70 * KIB)),
  'too large in chunks': async (gateway) => {
    const socket = await begun(gateway, head('transfer-encoding: chunked'), chunk(60 * KIB), chunk(60 * KIB))
    await once(socket.resume(), 'close')
  },
  'a header that is wrong': (gateway) => statusOf(gateway, chatOf(60 * KIB), { 'x-turnout-deadline-ms': 'soon' }),
  'a backend that fails': (gateway, upstream) => (
    upstream.next({ status: 500, body: '{}' }),
    statusOf(gateway, chatOf(60 * KIB))
  ),
  'a backend that breaks off': (gateway, upstream) => (
    upstream.next({ drop: 'reset' }),
    statusOf(gateway, chatOf(60 * KIB))
  ),
  'a stream that breaks off': (gateway, upstream) => (
    upstream.next({ cut: { events: 2, how: 'reset' } }),
    statusOf(gateway, chatOf(60 * KIB, { stream: true }))
  ),
  'a deadline': (gateway, upstream) => (
    upstream.next({ headersAfter: 'never' }),
    statusOf(gateway, chatOf(60 * KIB), { 'x-turnout-deadline-ms': '20' })
  ),
  'a caller who leaves before the answer': leaving({ headersAfter: 'never' }, () => chatOf(60 * KIB)),
  'a caller who leaves in the stream': leaving({ stallAfter: 2 }, () => chatOf(60 * KIB, { stream: true })),
  'a caller who leaves in the upload': async (gateway) => {
    const socket = await begun(gateway, head(`content-length: ${60 * KIB}`), 'x'.repeat(30 * KIB))
    await eventually(1_000, 'that it is held', async () => (await statusOf(gateway, chatOf(30 * KIB))) === 503)
    socket.destroy()
  },
  'a caller who leaves in an upload of chunks': async (gateway) => {
    const socket = await begun(gateway, head('transfer-encoding: chunked'), chunk(60 * KIB))
    await eventually(1_000, 'that it is held', async () => (await statusOf(gateway, chatOf(30 * KIB))) === 503)
    socket.resetAndDestroy()
  },
  'a body that is shorter than it says': async (gateway) => {
    const socket = await begun(gateway, head(`content-length: ${60 * KIB}`), 'x')
    socket.end()
    await once(socket.resume(), 'close')
  },
  'chunks that are none': async (gateway) => {
    const socket = await begun(gateway, head('transfer-encoding: chunked'), chunk(60 * KIB), 'no chunk\r\n')
    await once(socket.resume(), 'close')
  },
  'requests behind each other on a connection that breaks': async (gateway, upstream) => {
    upstream.next({ headersAfter: 'never' })
    const before = upstream.requests.length
    const body = chatOf(15 * KIB)
    const one = Buffer.concat([Buffer.from(head(`content-length: ${body.length}`)), body])
    const socket = await begun(gateway, one, one, one, one)
    await upstream.waitRequest(before + 4)
    socket.destroy()
  },
  'a refusal for want of room': async (gateway, upstream) => {
    upstream.next({ headersAfter: 50 })
    await Promise.all([1, 2, 3].map(() => statusOf(gateway, chatOf(60 * KIB))))
  },
  'a dry run': async (gateway) => (await rawPost(gateway.url, '/v1/route', chatOf(60 * KIB))).body(),
  feedback: async (gateway) => (await rawPost(gateway.url, '/v1/feedback', chatOf(60 * KIB))).body(),
  'a path that is not there': async (gateway) => (await rawPost(gateway.url, '/v1/nothing', chatOf(60 * KIB))).body(),
  'a path that is not built': async (gateway) => (await rawPost(gateway.url, '/v1/messages', chatOf(60 * KIB))).body(),
  'no body': async (gateway) => (await rawPost(gateway.url, CHAT_PATH, '')).body(),
}

/** Nothing but an empty room has a place for this. */
const isEmpty = async (test: Test, gateway: Gateway, label: string): Promise<void> => {
  await test.resolves(
    eventually(2_000, label, async () => (await statusOf(gateway, chatOf(64 * KIB))) === 200),
    `all of the room is there after ${label}`,
  )
}

for (const onAbort of ['cancel', 'drain'])
  t.test(`whatever becomes of a request, its room is given back once (on_abort: ${onAbort})`, async (t) => {
    const limits = { ...LIMITS.limits, total: '1s' }
    const { gateway, upstream } = await singleRig(t, {}, { limits, backend: { on_abort: onAbort } })
    for (const [label, way] of Object.entries(WAYS)) {
      await way(gateway, upstream)
      await isEmpty(t, gateway, label)
      // Room that was given back twice would let in two.
      let answer: () => void = () => undefined
      upstream.next({ headersAfter: new Promise<void>((resolve) => (answer = resolve)) })
      const before = upstream.requests.length
      const held = statusOf(gateway, chatOf(64 * KIB))
      await upstream.waitRequest(before + 1)
      t.equal(await statusOf(gateway, chatStream()), 503, `and no more than that after ${label}`)
      answer()
      t.equal(await held, 200)
    }
  })

t.test('a body is read, and takes its room, where its length stands behind more headers than Node keeps', async (t) => {
  const { gateway } = await singleRig(t, {}, LIMITS)
  const many = Array.from({ length: 1_200 }, (_, at) => `x${at}:`)
  for (const [bytes, status] of [
    [40 * KIB, 200],
    [80 * KIB, 503],
  ] as const) {
    const socket = await begun(gateway, head(...many, `content-length: ${bytes}`), chatOf(bytes))
    const [said] = (await once(socket, 'data')) as [Buffer]
    t.match(said.toString(), new RegExp(`^HTTP/1.1 ${status} `))
    socket.destroy()
  }
})
