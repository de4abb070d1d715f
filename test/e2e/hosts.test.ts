/** DNS rebinding and foreign pages: which Host and Origin a gateway without keys answers for, over raw sockets. */
import { connect } from 'node:net'
import { networkInterfaces } from 'node:os'
import type { Test } from 'tap'
import t from 'tap'
import { within } from '../support/await.ts'
import { chat, CHAT_PATH, chatStream, EMBEDDINGS_PATH } from '../support/chat.ts'
import { type ConfigObject, type Gateway, hashed } from '../support/gateway.ts'
import { RawClient } from '../support/raw-client.ts'
import { rig } from '../support/rig.ts'
import type { FaultUpstream } from '../support/fault-upstream.ts'

interface Ask {
  readonly method?: string
  readonly path?: string
  readonly version?: string
  /** Null: no Host header. */
  readonly host?: string | null
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: object | string
  readonly address?: string
}

interface Told {
  readonly status: number
  readonly code: string | undefined
  readonly message: string
  readonly text: string
}

/** Bytes as no client library would send them. */
async function say(port: number, ask: Ask): Promise<Told> {
  const { method = 'POST', path = CHAT_PATH, version = '1.1', host = 'localhost', headers = {}, body = chat() } = ask
  const payload = method === 'POST' ? (typeof body === 'string' ? body : JSON.stringify(body)) : ''
  const all = {
    ...(host === null ? {} : { host }),
    ...(method === 'POST' ? { 'content-type': 'application/json', 'content-length': String(payload.length) } : {}),
    connection: 'close',
    ...headers,
  }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  const socket = connect({ port, host: ask.address ?? '127.0.0.1' })
  socket.write(`${method} ${path} HTTP/${version}\r\n${lines.join('')}\r\n${payload}`)
  let text = ''
  for await (const piece of socket as AsyncIterable<Buffer>) text += piece.toString('latin1')
  const error = /"message":"((?:[^"\\]|\\.)*)".*"code":"(\w+)"/.exec(text)
  return { status: Number(text.split(' ')[1]), code: error?.[2], message: error?.[1] ?? '', text }
}

const KEYS = [{ id: 'team', hash: hashed('sk-team') }]

async function open(t: Test, config: ConfigObject = {}): Promise<{ gateway: Gateway; upstream: FaultUpstream }> {
  const { gateway, upstreams } = await rig(t, { upstreams: { up: {} }, config })
  return { gateway, upstream: upstreams['up'] as FaultUpstream }
}

/** Of this machine, beside loopback. */
const ADDRESS = Object.values(networkInterfaces())
  .flatMap((list) => list ?? [])
  .find(({ family, internal }) => family === 'IPv4' && !internal)?.address

const OWN = [
  'localhost',
  'LOCALHOST',
  'localhost.',
  'localhost:1',
  'localhost:65535',
  'localhost.:80',
  'app.localhost',
  'a.b.Localhost:7070',
  '127.0.0.1',
  '127.0.0.1:7070',
  '127.1.2.3',
  '127.255.255.254:99',
  '[::1]',
  '[::1]:7070',
  '[0:0:0:0:0:0:0:1]',
  '[::ffff:127.0.0.1]:80',
  '[::ffff:7f00:1]',
]

const FOREIGN = [
  'evil.example',
  'EVIL.example',
  'evil.example.',
  'evil.example:7070',
  'localhost.evil.example',
  'localhost.evil.example:7070',
  'evil-localhost',
  'notlocalhost',
  '127.0.0.1.evil.example',
  '127.0.0.1.nip.io',
  '127.0.0.1@evil.example',
  'evil.example@127.0.0.1',
  'localhost:7070@evil.example',
  'evil.example#localhost',
  'evil.example/localhost',
  'evil.example\\localhost',
  'localhost:evil',
  'localhost evil.example',
  'localhost, evil.example',
  '10.0.0.1',
  '192.168.1.1:7070',
  '169.254.169.254',
  '0.0.0.0',
  '0.0.0.0:7070',
  '8.8.8.8',
  '[::]',
  '[::2]:7070',
  '[fe80::1]',
  '[fe80::1%25eth0]',
  '[2001:db8::1]',
  '[::1',
  '::1',
  '127.1',
  '2130706433',
  '0x7f000001',
  'xn--localhost-e4a',
  'gateway',
  '',
]

t.test('a gateway without keys answers for loopback only, on every path and method', async (t) => {
  const { gateway, upstream } = await open(t)
  for (const host of OWN) t.equal((await say(gateway.port, { host })).status, 200, host)
  const answered = upstream.requests.length
  t.equal(answered, OWN.length)
  for (const host of FOREIGN) {
    const told = await say(gateway.port, { host })
    t.strictSame([told.status, told.code], [421, 'host_not_allowed'], JSON.stringify(host))
    t.match(told.message, /`server\.hosts`/)
  }
  for (const [method, path] of [
    ['POST', CHAT_PATH],
    ['POST', EMBEDDINGS_PATH],
    ['POST', '/v1/rerank'],
    ['POST', '/v1/route'],
    ['POST', '/v1/feedback'],
    ['POST', '/v1/responses'],
    ['POST', '//v1/v1/chat/completions/'],
    ['GET', '/v1/models'],
    ['GET', '/v1/models/tiny'],
    ['GET', '/health'],
    ['GET', '/health/liveness'],
    ['GET', '/health/readiness'],
    ['GET', '/metrics'],
    ['GET', '/'],
    ['GET', '/nowhere'],
    ['OPTIONS', CHAT_PATH],
    ['HEAD', '/metrics'],
  ] as const)
    t.equal((await say(gateway.port, { method, path, host: 'evil.example' })).status, 421, `${method} ${path}`)
  t.equal(upstream.requests.length, answered)
})

t.test('neither a target, nor a proxy header, nor an old version says otherwise', async (t) => {
  const { gateway, upstream } = await open(t)
  const evil = { host: 'evil.example' }
  const refused: readonly Ask[] = [
    ...['x-forwarded-host', 'forwarded', 'x-host', 'x-original-host', 'x-http-host-override', 'x-real-ip'].map(
      (name) => ({ ...evil, headers: { [name]: name === 'forwarded' ? 'host=localhost' : 'localhost' } }),
    ),
    { ...evil, version: '1.0' },
    { path: `http://evil.example${CHAT_PATH}` },
    { path: `http://evil.example${CHAT_PATH}`, host: null, version: '1.0' },
    { path: `HTTP://EVIL.example:7070${CHAT_PATH}` },
    { path: `https://evil.example${CHAT_PATH}` },
    { path: `http://localhost@evil.example${CHAT_PATH}` },
    { ...evil, path: `http://localhost${CHAT_PATH}` },
    { ...evil, body: chatStream() },
  ]
  for (const ask of refused) t.equal((await say(gateway.port, ask)).status, 421, JSON.stringify(ask))
  t.equal(upstream.requests.length, 0)
  t.equal((await say(gateway.port, { host: null, version: '1.0' })).status, 200, 'HTTP/1.0 without a Host')
  t.equal((await say(gateway.port, { host: null })).status, 400, 'HTTP/1.1 needs one')
  t.equal((await say(gateway.port, { path: `http://localhost:7070${CHAT_PATH}` })).status, 200, 'a target with a host')
})

t.test('a proxy that is trusted changes nothing about it', async (t) => {
  const { gateway } = await open(t, { server: { trust_proxy: true } })
  const told = await say(gateway.port, { host: 'evil.example', headers: { 'x-forwarded-host': 'localhost' } })
  t.equal(told.status, 421)
})

t.test('names of `server.hosts`, the host it listens on, and the address that it was reached by', async (t) => {
  const hosts = ['llm.example.com', '*.lan', 'Gateway', '10.9.8.7', '2001:db8:0:0::5']
  const { gateway } = await open(t, { server: { host: '0.0.0.0', auth: 'none', hosts } })
  for (const [host, status] of [
    ['llm.example.com', 200],
    ['LLM.example.com.:443', 200],
    ['gpu.lan', 200],
    ['a.b.lan:7070', 200],
    ['gateway:7070', 200],
    ['10.9.8.7', 200],
    ['[2001:db8::5]:7070', 200],
    ['0.0.0.0:7070', 200],
    ['localhost', 200],
    ['lan', 421],
    ['evil.example', 421],
    ['llm.example.com.evil.example', 421],
    ['evil-llm.example.com', 421],
    ['10.9.8.8', 421],
  ] as const)
    t.equal((await say(gateway.port, { host })).status, status, host)
  if (ADDRESS === undefined) return
  const own = { host: `${ADDRESS}:${gateway.port}`, address: ADDRESS }
  t.equal((await say(gateway.port, own)).status, 200, 'the address that it was reached by')
  t.equal((await say(gateway.port, { host: ADDRESS })).status, 421, 'which is not that of another connection')
  // As behind the published port of a container, whose address no name could be given to bind it to.
  for (const host of ['192.168.1.5:7070', '10.0.0.1', '203.0.113.9:17070', '[2001:db8::9]:7070'])
    t.equal((await say(gateway.port, { host, address: ADDRESS })).status, 200, host)
  for (const host of FOREIGN.filter((one) => !/^[[\d.:]*[\d.]$|^\[|^$|^gateway$/.test(one)))
    t.equal((await say(gateway.port, { host, address: ADDRESS })).status, 421, host)
  const alone = (await open(t, { server: { host: ADDRESS, auth: 'none' } })).gateway
  for (const [host, status] of [
    [ADDRESS, 200],
    ['192.0.2.1', 421],
    ['evil.example', 421],
  ] as const)
    t.equal((await say(alone.port, { host, address: ADDRESS })).status, status, `${host}, listening on one address`)
})

t.test('with keys any Host may be named, and a key is needed all the same', async (t) => {
  const { gateway, upstream } = await open(t, { keys: KEYS })
  for (const host of ['evil.example', 'llm.example.com:443', '10.0.0.1', 'gateway']) {
    t.equal((await say(gateway.port, { host })).status, 401, host)
    t.equal((await say(gateway.port, { host, headers: { authorization: 'Bearer sk-team' } })).status, 200, host)
    t.equal((await say(gateway.port, { method: 'GET', path: '/metrics', host })).status, 200, host)
  }
  t.equal(upstream.requests.length, 4)
})

t.test('the admin API answers for its own hosts only, before it looks at a token', async (t) => {
  const admin = { port: 0, token: hashed('admin') }
  const { gateway } = await open(t, { keys: KEYS, admin, server: { hosts: ['ops.example.com'] } })
  const port = Number(new URL(gateway.adminUrl ?? '').port)
  const headers = { authorization: 'Bearer admin' }
  for (const host of [...OWN, 'ops.example.com:7071'])
    t.equal((await say(port, { method: 'GET', path: '/admin/keys', host, headers })).status, 200, host)
  for (const host of FOREIGN.slice(0, -1))
    t.equal((await say(port, { method: 'GET', path: '/admin/keys', host, headers })).status, 421, host)
  for (const origin of ['https://evil.example', 'null', 'http://localhost:3000']) {
    const told = await say(port, { method: 'GET', path: '/admin/keys', headers: { ...headers, origin } })
    t.strictSame([told.status, told.code], [403, 'origin_not_allowed'], origin)
  }
  const same = { ...headers, origin: `http://localhost:${port}` }
  t.equal(
    (await say(port, { method: 'GET', path: '/admin/keys', host: `localhost:${port}`, headers: same })).status,
    200,
  )
})

const FOREIGN_ORIGINS = [
  'https://evil.example',
  'http://evil.example:7070',
  'null',
  'file://',
  'http://localhost.evil.example',
  'http://127.0.0.1.evil.example',
  'http://localhost@evil.example',
  'chrome-extension://abcdef',
  'http://0.0.0.0:7070',
  'http://192.168.1.1',
  'http://[::2]',
  'https://',
  '',
]

t.test('a foreign page may not call a gateway without keys, whatever it sends', async (t) => {
  const { gateway, upstream } = await open(t)
  for (const origin of FOREIGN_ORIGINS) {
    const asks: readonly Ask[] = [
      { headers: { origin } },
      { headers: { origin }, body: chatStream() },
      { headers: { origin, 'content-type': 'text/plain' } },
      { headers: { origin, 'content-type': 'application/x-www-form-urlencoded' } },
      { headers: { origin, 'content-type': 'multipart/form-data; boundary=a' } },
      { method: 'GET', path: '/v1/models', headers: { origin } },
      { method: 'GET', path: '/health', headers: { origin } },
      { method: 'GET', path: '/metrics', headers: { origin } },
      { method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'POST' } },
    ]
    for (const ask of asks) {
      const told = await say(gateway.port, ask)
      t.strictSame([told.status, told.code], [403, 'origin_not_allowed'], `${origin}: ${JSON.stringify(ask.headers)}`)
      t.match(told.message, /`server\.cors\.origins`/)
      t.notMatch(told.text, /access-control/i)
    }
  }
  t.equal(upstream.requests.length, 0)
})

t.test('what a form can send is no request, also where its page names no origin', async (t) => {
  const { gateway, upstream } = await open(t)
  for (const type of [
    'text/plain',
    'text/plain;charset=UTF-8',
    'text/plain; application/json',
    'text/plain;x=application/json',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=a',
    'application/jsonx',
    'application/json+x, text/plain',
    '',
  ])
    t.equal((await say(gateway.port, { headers: { 'content-type': type } })).status, 415, type)
  t.equal(upstream.requests.length, 0)
})

t.test("what curl sends to Ollama's paths needs no type, and what a page sends there does", async (t) => {
  const { gateway, upstream } = await open(t)
  const path = '/api/chat'
  for (const type of ['application/x-www-form-urlencoded', 'text/plain', '']) {
    t.equal((await say(gateway.port, { path, headers: { 'content-type': type } })).status, 200, type)
    for (const mark of [
      { origin: 'http://localhost' },
      { referer: 'http://evil.example/' },
      { 'sec-fetch-site': 'none' },
    ]) {
      const headers = { 'content-type': type, ...mark }
      t.not((await say(gateway.port, { path, headers })).status, 200, JSON.stringify(headers))
    }
  }
  t.equal(upstream.requests.length, 3)
})

t.test('it answers on IPv6 loopback as well, and to whom a refusal is sent stays a good connection', async (t) => {
  const { gateway } = await open(t, { server: { host: '::1' } })
  t.equal((await say(gateway.port, { address: '::1', host: `[::1]:${gateway.port}` })).status, 200)
  t.equal((await say(gateway.port, { address: '::1', host: 'evil.example' })).status, 421)
  const client = await RawClient.open(`http://localhost:${(await open(t)).gateway.port}`)
  for (const [host, status] of [
    ['evil.example', 421],
    ['localhost', 200],
  ] as const) {
    const answer = await within(2_000, host, client.send(CHAT_PATH, { body: chat(), headers: { host } }))
    t.equal(answer.status, status, host)
    await answer.complete
  }
  client.destroy()
})
