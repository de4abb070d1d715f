/** What is no HTTP, or half of it: told in the envelope of the contract, counted, and closed. */
import { once } from 'node:events'
import t from 'tap'
import { eventually, within } from '../support/await.ts'
import { chat, CHAT_PATH, errorOf } from '../support/chat.ts'
import type { Gateway } from '../support/gateway.ts'
import { RawClient, rawPost } from '../support/raw-client.ts'
import { singleRig } from '../support/rig.ts'

const HEAD = `POST ${CHAT_PATH} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n`

interface Told {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Record<string, unknown>
}

/** What comes back for these bytes; `end`: with a FIN behind them. */
async function say(gateway: Gateway, bytes: string, end = false): Promise<Told> {
  const client = await RawClient.open(gateway.url)
  let text = ''
  client.socket.on('data', (more: Buffer) => (text += more.toString()))
  client.socket[end ? 'end' : 'write'](bytes)
  await within(3_000, `the end of ${bytes.slice(0, 20)}`, once(client.socket, 'end'))
  client.destroy()
  const [head = '', body = ''] = text.split('\r\n\r\n')
  const [start = '', ...lines] = head.split('\r\n')
  const headers = Object.fromEntries(lines.map((line) => line.split(': ') as [string, string]))
  return { status: Number(start.split(' ')[1]), headers, body: JSON.parse(body) as Record<string, unknown> }
}

interface RequestLine {
  readonly msg: string
  readonly request_id: string
  readonly endpoint: string
  readonly status: number
}

const linesOf = (gateway: Gateway): RequestLine[] =>
  gateway
    .logged()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as RequestLine)
    .filter(({ msg }) => msg === 'request')

t.test('each fault has the envelope, an id, one line and one count', async (t) => {
  const { gateway, upstream } = await singleRig(t)
  const cases: readonly [string, string, boolean, number, string][] = [
    ['garbage', 'GARBAGE\r\n\r\n', false, 400, 'other'],
    ['half a head, then FIN', 'POST /v1/chat', true, 400, 'other'],
    ['large headers', `GET / HTTP/1.1\r\nhost: localhost\r\na: ${'x'.repeat(70_000)}\r\n\r\n`, false, 431, 'other'],
    ['half a body, then FIN', `${HEAD}content-length: 500\r\n\r\n{"mod`, true, 400, 'chat'],
    ['a chunk that is none', `${HEAD}transfer-encoding: chunked\r\n\r\nzz\r\n`, false, 400, 'chat'],
  ]
  for (const [name, bytes, end, status, endpoint] of cases) {
    const before = linesOf(gateway).length
    const told = await say(gateway, bytes, end)
    t.equal(told.status, status, name)
    t.match(errorOf(told.body), { code: 'invalid_request', source: 'caller' }, name)
    const [line, ...more] = linesOf(gateway).slice(before)
    t.match(line, { endpoint, status, request_id: told.headers['x-request-id'] }, name)
    t.match(told.headers['x-request-id'], /^[\w-]{36}$/, name)
    t.equal(more.length, 0, `${name}: one line`)
  }
  t.equal(await gateway.metric('turnout_requests_total', { endpoint: 'other', status: '400' }), 2)
  t.equal(await gateway.metric('turnout_requests_total', { endpoint: 'other', status: '431' }), 1)
  t.equal(await gateway.metric('turnout_requests_total', { endpoint: 'chat', status: '400' }), 2)
  t.equal(upstream.requests.length, 0)
})

t.test('HTTP/1.1 without a Host header', async (t) => {
  const { gateway } = await singleRig(t)
  const told = await say(gateway, 'GET /v1/models HTTP/1.1\r\n\r\n')
  t.equal(told.status, 400)
  t.match(errorOf(told.body), { code: 'invalid_request', message: /Host/ })
  t.equal(linesOf(gateway).at(-1)?.request_id, told.headers['x-request-id'])
  const old = await say(gateway, 'GET /v1/models HTTP/1.0\r\n\r\n')
  t.equal(old.status, 200, 'HTTP/1.0 needs none')
})

t.test('an expectation that nobody knows is no reason to refuse', async (t) => {
  const { gateway } = await singleRig(t)
  t.equal(
    (await say(gateway, 'GET / HTTP/1.1\r\nhost: localhost\r\nexpect: miracles\r\nconnection: close\r\n\r\n')).status,
    200,
  )
})

t.test('callers of garbage that keep their side open are closed', async (t) => {
  const { gateway } = await singleRig(t)
  const clients = await Promise.all(Array.from({ length: 5 }, () => RawClient.open(gateway.url)))
  for (const client of clients) client.socket.write('GARBAGE\r\n\r\n')
  await Promise.all(clients.map((client) => once(client.socket, 'end')))
  // Their own half stays open; only a write meets the reset.
  await eventually(4_000, 'each connection is gone', () => {
    for (const { socket } of clients) if (!socket.destroyed) socket.write('x')
    return clients.every(({ socket }) => socket.destroyed)
  })
})

t.test('a compressed body is refused as such', async (t) => {
  const { gateway, upstream } = await singleRig(t)
  for (const [encoding, status] of [
    ['gzip', 415],
    ['br', 415],
    ['identity', 200],
  ] as const) {
    const answer = await rawPost(gateway.url, CHAT_PATH, chat(), { 'content-encoding': encoding })
    t.equal(answer.status, status, encoding)
    const body = await answer.json()
    if (status !== 200) t.match(errorOf(body), { code: 'unsupported_media_type', message: /content-encoding: / })
  }
  t.equal(upstream.requests.length, 1)
})

t.test('answers below /v1 tell the time of the gateway, whoever gave them', async (t) => {
  const { gateway } = await singleRig(t)
  for (const path of ['/v1/models', '/v1/models/none', '/v1/nowhere', CHAT_PATH]) {
    const value = (await fetch(gateway.url + path)).headers.get('x-turnout-overhead-ms')
    t.ok(Number(value) > 0 && Number(value) < 5_000, `${path}: ${value}`)
  }
  t.equal((await fetch(`${gateway.url}/health`)).headers.get('x-turnout-overhead-ms'), null)
})
