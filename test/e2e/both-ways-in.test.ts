/**
 * Inference is taken before Fastify sees it, all else is not; whoever calls cannot tell by which way a request came in. Each case goes
 * to a path of either way, byte for byte the same, and what comes back is compared: status, headers, body, log line, what becomes of the connection.
 */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { eventually, within } from '../support/await.ts'
import { chat, CHAT_PATH } from '../support/chat.ts'
import { missing } from '../support/engines.ts'
import type { FaultUpstream } from '../support/fault-upstream.ts'
import { type ConfigObject, type Gateway, hashed } from '../support/gateway.ts'
import { startRedis } from '../support/redis.ts'
import { rig } from '../support/rig.ts'

/** Taken by the lane, and by Fastify: both want a chat. */
const WAYS = [CHAT_PATH, '/v1/route'] as const

interface Said {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly interim: boolean
}

/** What was said on one connection, and whether it was closed behind it. */
interface Heard {
  readonly said: readonly Said[]
  readonly closed: boolean
}

/** The complete answers in `text`. */
function answersIn(text: string, isHead: boolean): Said[] {
  const found: Said[] = []
  let interim = false
  for (let rest = text; ;) {
    const end = rest.indexOf('\r\n\r\n')
    if (end < 0) return found
    const [start = '', ...lines] = rest.slice(0, end).split('\r\n')
    const headers = Object.fromEntries(lines.map((line) => line.toLowerCase().split(/: (.*)/s).slice(0, 2) as [string, string])) // prettier-ignore
    const status = Number(start.split(' ')[1])
    const length = isHead || status < 200 ? 0 : Number(headers['content-length'] ?? 0)
    if (rest.length < end + 4 + length) return found
    if (status < 200) interim = true
    else found.push({ status, headers, body: rest.slice(end + 4, end + 4 + length), interim })
    rest = rest.slice(end + 4 + length)
  }
}

async function opened({ port }: Gateway): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  return socket
}

/** Sends bytes and hears so many answers, or what comes until the other side closes. */
async function talk(gateway: Gateway, bytes: string, { answers = 1, fin = false } = {}): Promise<Heard> {
  const socket = await opened(gateway)
  let [text, closed] = ['', false]
  socket.on('data', (more: Buffer) => (text += more.toString('latin1')))
  socket.on('end', () => (closed = true))
  socket.write(bytes, 'latin1')
  if (fin) socket.end()
  const heard = (): Said[] => answersIn(text, bytes.startsWith('HEAD'))
  await eventually(5_000, `an answer to ${bytes.slice(0, 60)}`, () => closed || heard().length >= answers)
  // A close follows its answer at once.
  if (/^connection: close/im.test(text)) await eventually(2_000, 'the close', () => closed)
  socket.destroy()
  return { said: heard(), closed }
}

interface Post {
  readonly method?: string
  readonly version?: string
  readonly headers?: Readonly<Record<string, string | null>>
  readonly body?: string
}

/** `null` leaves out a header that is usual. */
function bytesOf(path: string, { method = 'POST', version = '1.1', headers = {}, body }: Post = {}): string {
  const payload = body ?? (method === 'POST' ? JSON.stringify(chat()) : '')
  const all: Record<string, string | null> = {
    host: 'localhost',
    ...(method === 'POST' ? { 'content-type': 'application/json', 'content-length': String(payload.length) } : {}),
    ...headers,
  }
  const lines = Object.entries(all).flatMap(([name, value]) => (value === null ? [] : [`${name}: ${value}\r\n`]))
  return `${method} ${path} HTTP/${version}\r\n${lines.join('')}\r\n${payload}`
}

const UNTOLD = { 'content-length': null, 'transfer-encoding': 'chunked' }
const chunked = (...parts: string[]): string =>
  [...parts.map((part) => `${part.length.toString(16)}\r\n${part}\r\n`), '0\r\n\r\n'].join('')

interface Case extends Post {
  readonly status: number
  readonly code?: string
  readonly fin?: boolean
  /** The path that is sent, of the path that is meant. */
  readonly spelled?: (path: string) => string
  /** Behind the request. */
  readonly closes?: boolean
}

const bearer = (key: string): Record<string, string> => ({ authorization: `Bearer ${key}` })
const large = JSON.stringify(chat({ user: 'x'.repeat(9_000) }))
const text = JSON.stringify(chat())

/** Without keys. */
const OPEN: Readonly<Record<string, Case>> = {
  'a chat': { status: 200 },
  'a type with parameters': { headers: { 'content-type': 'Application/JSON; charset=utf-8' }, status: 200 },
  'a body in chunks': { headers: UNTOLD, body: chunked(text.slice(0, 7), text.slice(7)), status: 200 },
  'a coding that is none': { headers: { 'content-encoding': 'identity' }, status: 200 },
  'an expectation': { headers: { expect: '100-continue' }, status: 200 },
  'an expectation that nobody knows': { headers: { expect: 'miracles' }, status: 200 },
  'HTTP/1.0': { version: '1.0', headers: { host: null }, status: 200, closes: true },
  'HTTP/1.0 that stays': { version: '1.0', headers: { connection: 'keep-alive' }, status: 200 },
  'no more after this': { headers: { connection: 'close' }, status: 200, closes: true },
  'an id of its own': { headers: { 'x-request-id': 'own.id-1' }, status: 200 },
  'an origin that may call': { headers: { origin: 'https://app.example' }, status: 200 },
  'its own origin': { headers: { origin: 'http://localhost' }, status: 200 },
  'a query': { spelled: (path) => `${path}?x=1&y=/v1/`, status: 200 },
  'a fragment': { spelled: (path) => `${path}#x`, status: 200 },
  'two slashes': { spelled: (path) => `/${path}`, status: 200 },
  'a slash behind': { spelled: (path) => `${path}/`, status: 200 },
  'a base twice': { spelled: (path) => `/openai/v1${path}`, status: 200 },
  'no base': { spelled: (path) => path.slice(3), status: 200 },
  'an absolute target': { spelled: (path) => `http://localhost${path}`, status: 200 },
  'letters that are encoded': { spelled: (path) => path.replace('o', '%6F').replace('/v1', '/%761'), status: 200 },
  'a slash that is encoded': { spelled: (path) => path.replace('/v1/', '/v1%2F'), status: 404, code: 'not_found' },
  'a percent sign that is encoded': { spelled: (path) => path.replace('o', '%256F'), status: 404, code: 'not_found' },
  'another path behind it': { spelled: (path) => `${path}/x`, status: 404, code: 'not_found' },
  capitals: { spelled: (path) => path.toUpperCase(), status: 404, code: 'not_found' },
  GET: { method: 'GET', status: 405, code: 'method_not_allowed' },
  HEAD: { method: 'HEAD', status: 405 },
  PUT: { method: 'PUT', status: 405, code: 'method_not_allowed' },
  DELETE: { method: 'DELETE', status: 405, code: 'method_not_allowed' },
  'OPTIONS without an origin': { method: 'OPTIONS', status: 405, code: 'method_not_allowed' },
  'a preflight': {
    method: 'OPTIONS',
    headers: { origin: 'https://app.example', 'access-control-request-method': 'POST', 'access-control-request-headers': 'x-a' }, // prettier-ignore
    status: 204,
  },
  'a foreign preflight': {
    method: 'OPTIONS',
    headers: { origin: 'https://evil.example', 'access-control-request-method': 'POST' },
    status: 403,
    code: 'origin_not_allowed',
  },
  'a foreign origin': { headers: { origin: 'https://evil.example' }, status: 403, code: 'origin_not_allowed' },
  'a foreign host': { headers: { host: 'evil.example' }, status: 421, code: 'host_not_allowed' },
  'a foreign target': { spelled: (path) => `http://evil.example${path}`, status: 421, code: 'host_not_allowed' },
  'no host': { headers: { host: null }, status: 400, code: 'invalid_request', closes: true },
  'another type': { headers: { 'content-type': 'text/plain' }, status: 415, code: 'unsupported_media_type' },
  'a type that is none': { headers: { 'content-type': 'json' }, status: 415, code: 'unsupported_media_type' },
  'an empty type': { headers: { 'content-type': '' }, status: 415, code: 'unsupported_media_type' },
  'no type': { headers: { 'content-type': null }, status: 415, code: 'unsupported_media_type' },
  'another type without a body': { headers: { 'content-type': 'text/plain' }, body: '', status: 415, code: 'unsupported_media_type' }, // prettier-ignore
  'a coding': { headers: { 'content-encoding': 'gzip' }, status: 415, code: 'unsupported_media_type', closes: true },
  'no body': { body: '', status: 400, code: 'invalid_json' },
  'no body and no type': { headers: { 'content-type': null, 'content-length': null }, body: '', status: 400, code: 'invalid_json' }, // prettier-ignore
  'no body in chunks': { headers: UNTOLD, body: chunked(), status: 400, code: 'invalid_json' },
  'no JSON': { body: '{"model":', status: 400, code: 'invalid_json' },
  'no object': { body: '[]', status: 400, code: 'invalid_json' },
  'messages that are none': { body: '{"model":"tiny","messages":7}', status: 400, code: 'invalid_request' },
  'a header that is wrong': { headers: { 'x-turnout-deadline-ms': 'soon' }, status: 400, code: 'invalid_request' },
  'a body that is too large': { body: large, status: 413, code: 'body_too_large', closes: true },
  'chunks that are too large': { headers: UNTOLD, body: chunked(large), status: 413, code: 'body_too_large', closes: true }, // prettier-ignore
  'too large, and of another type': { headers: { 'content-type': 'text/plain' }, body: large, status: 415, code: 'unsupported_media_type' }, // prettier-ignore
  'half a body, and a FIN': { headers: { 'content-length': '500' }, fin: true, status: 400, code: 'invalid_request', closes: true }, // prettier-ignore
  'chunks that are none': { headers: UNTOLD, body: 'zz\r\n', status: 400, code: 'invalid_request', closes: true },
}

/** With keys. */
const LOCKED: Readonly<Record<string, Case>> = {
  'no key': { status: 401, code: 'invalid_api_key' },
  'an empty key': { headers: { 'x-api-key': '' }, status: 401, code: 'invalid_api_key' },
  'a key that is unknown': { headers: bearer('sk-nobody'), status: 401, code: 'invalid_api_key' },
  'a key that is over': { headers: bearer('sk-old'), status: 401, code: 'invalid_api_key' },
  'a bearer': { headers: { authorization: 'bEARER  sk-team ' }, status: 200 },
  'x-api-key': { headers: { 'x-api-key': 'sk-team' }, status: 200 },
  'api-key': { headers: { 'api-key': 'sk-team' }, status: 200 },
  'a wrong bearer beside a good key': { headers: { ...bearer('sk-nobody'), 'x-api-key': 'sk-team' }, status: 200 },
  'another scheme': { headers: { authorization: 'Basic sk-team' }, status: 401, code: 'invalid_api_key' },
  'a foreign host': { headers: { host: 'evil.example', ...bearer('sk-team') }, status: 200 },
  'a foreign origin': { headers: { origin: 'https://evil.example', ...bearer('sk-team') }, status: 200 },
  'no key, and another type': { headers: { 'content-type': 'text/plain' }, status: 401, code: 'invalid_api_key' },
  'no key, and too large': { body: large, status: 401, code: 'invalid_api_key' },
  'no key, and another method': { method: 'GET', status: 405, code: 'method_not_allowed' },
}

const KEYS = [
  { id: 'team', hash: hashed('sk-team') },
  { id: 'few', hash: hashed('sk-few'), rpm: 3 },
  { id: 'old', hash: hashed('sk-old'), expires: '2020-01-01' },
]
const LIMITS = { limits: { body: '8KiB', bodies: '16KiB' }, server: { cors: { origins: ['https://app.example'] } } }

async function open(t: Test, config: ConfigObject = {}): Promise<{ gateway: Gateway; upstream: FaultUpstream }> {
  const { gateway, upstreams } = await rig(t, { upstreams: { up: {} }, config: { ...LIMITS, ...config } })
  return { gateway, upstream: upstreams['up']! }
}

interface Line {
  readonly msg: string
  readonly endpoint: string
  readonly caller?: string
  readonly status: number
  readonly error?: { readonly code: string }
}

/** The lines of refusals; those of answers come later, and differ by what was answered. */
const refusalsIn = (gateway: Gateway): Line[] =>
  gateway
    .logged()
    .split('\n')
    .flatMap((line) => (line.includes('"msg":"request"') ? [JSON.parse(line) as Line] : []))
    .filter(({ status }) => status >= 400)

/** Of an answer, what must not depend on the way: of a success no more than its status and what is told to anybody. */
function comparable({ said, closed }: Heard, path: string): object {
  return {
    closed,
    said: said.map(({ status, headers, body, interim }) => {
      const { date, 'x-request-id': id, 'x-turnout-overhead-ms': overhead, 'content-length': length, ...rest } = headers
      const told = Object.entries(rest).filter(([name]) => status >= 300 || /^(access-|x-ratelimit-|connection|keep-alive)/.test(name)) // prettier-ignore
      return {
        status,
        interim,
        id: id === 'own.id-1' ? id : typeof id,
        overhead: typeof overhead,
        hasLength: length !== undefined,
        told: Object.fromEntries(told.sort()),
        date: typeof date,
        // What it advises is nearest to the path.
        body:
          status < 300
            ? ''
            : status === 404
              ? body.replace(/"message":".*?","type"/, '')
              : body.replaceAll(path, 'PATH'),
      }
    }),
  }
}

async function compare(t: Test, gateway: Gateway, label: string, one: Case): Promise<void> {
  const { status, code, fin = false, spelled = (path: string): string => path, closes = false } = one
  const [first, second] = await Promise.all(
    WAYS.map(async (path) => ({ path, heard: await talk(gateway, bytesOf(spelled(path), one), { fin }) })),
  )
  for (const { path, heard } of [first!, second!]) {
    t.equal(heard.said[0]?.status, status, `${label}: ${path}`)
    t.equal(heard.closed, closes || fin, `${label}: ${path} closes`)
    if (code !== undefined) t.match(heard.said[0]?.body, `"code":"${code}"`, `${label}: ${path}`)
  }
  const spellings = (path: string): string => spelled(path).replace(/^https?:\/\/[^/]*/, '')
  t.strictSame(
    comparable(first!.heard, spellings(first!.path)),
    comparable(second!.heard, spellings(second!.path)),
    label,
  )
  if (status < 400) return
  const [line, other, ...more] = refusalsIn(gateway).slice(-2)
  t.equal(more.length, 0)
  const SAME = { endpoint: '', request_id: '', total_ms: 0, time: 0 }
  const plain = (one: Line): object => ({ ...one, ...SAME })
  const forChars = (text: string): string => text.replace(/"message_chars":\d+/g, '')
  if (line === undefined || other === undefined) return void t.fail(`${label}: both have a line`)
  t.equal(forChars(JSON.stringify(plain(line))), forChars(JSON.stringify(plain(other))), `${label}: the line`)
}

for (const [name, cases, config] of [
  ['without keys', OPEN, {}],
  ['with keys', LOCKED, { keys: KEYS }],
] as const)
  t.test(`both ways answer the same, ${name}`, async (t) => {
    const { gateway } = await open(t, config)
    for (const [label, one] of Object.entries<Case>(cases)) await compare(t, gateway, label, one)
    t.equal(await gateway.settled('turnout_inflight_requests', {}, 0), 0)
  })

const remainingOf = ({ said }: Heard): string =>
  `${said[0]?.status} ${said[0]?.headers['x-ratelimit-remaining-requests']}`

t.test('requests per minute are one count over both ways', async (t) => {
  const { gateway } = await open(t, { keys: KEYS })
  const ask = (path: string): Promise<Heard> => talk(gateway, bytesOf(path, { headers: bearer('sk-few') }))
  const [lane, fastify] = WAYS
  const seen: string[] = []
  for (const path of [lane, fastify, lane, fastify, lane]) seen.push(remainingOf(await ask(path)))
  t.strictSame(seen, ['200 2', '200 1', '200 0', '429 0', '429 0'])
  const list = await talk(gateway, bytesOf('/v1/models', { method: 'GET', headers: bearer('sk-few') }))
  t.equal(remainingOf(list), '200 0', 'a list takes nothing, and is told the same')
  const names = (heard: Heard): string[] => Object.keys(heard.said[0]?.headers ?? {}).sort()
  t.strictSame(names(await ask(lane)), names(await ask(fastify)), 'with the same headers')
})

t.test('and over gateways that share a Redis', { skip: missing('redis') }, async (t) => {
  const redis = await startRedis(t)
  const gateways = await Promise.all(
    [1, 2].map(async () => {
      const { gateway } = await open(t, { keys: KEYS, store: { redis: redis.url } })
      return gateway
    }),
  )
  const seen: string[] = []
  for (const [at, path] of [
    [0, WAYS[0]],
    [1, WAYS[1]],
    [1, WAYS[0]],
    [0, WAYS[1]],
    [1, WAYS[0]],
  ] as const)
    seen.push(remainingOf(await talk(gateways[at]!, bytesOf(path, { headers: bearer('sk-few') }))))
  t.strictSame(seen, ['200 2', '200 1', '200 0', '429 0', '429 0'])
})

t.test('requests of both ways behind each other are answered in their order', async (t) => {
  const { gateway, upstream } = await open(t)
  upstream.next({ headersAfter: 50 })
  const [lane, fastify] = WAYS
  const asked = [lane, fastify, lane, '/v1/nowhere', lane, '/v1/feedback', lane]
  const { said } = await talk(gateway, asked.map((path) => bytesOf(path)).join(''), { answers: asked.length })
  t.strictSame(said.map(({ status }) => status), [200, 200, 200, 404, 200, 400, 200]) // prettier-ignore
})

t.test('room for bodies is one room for both ways', async (t) => {
  const { gateway } = await open(t)
  const held = await Promise.all(
    WAYS.map(async (path) => {
      const socket = await opened(gateway)
      socket.write(bytesOf(path, { headers: { 'content-length': '8000' }, body: 'x' }))
      return socket
    }),
  )
  for (const path of WAYS) {
    await eventually(2_000, 'no room', async () => (await talk(gateway, bytesOf(path, { body: large.slice(0, 5_000) }))).said[0]?.status === 503) // prettier-ignore
    const heard = await talk(gateway, bytesOf(path, { body: large.slice(0, 5_000) }))
    t.match(heard.said[0]?.body, '"code":"gateway_overloaded"')
    t.match(heard.said[0]?.headers, { 'retry-after': '1', connection: 'close' })
  }
  for (const socket of held) socket.destroy()
  for (const path of WAYS)
    await eventually(2_000, 'room', async () => (await talk(gateway, bytesOf(path))).said[0]?.status === 200)
})

for (const way of ['destroy', 'resetAndDestroy'] as const)
  t.test(`a caller that leaves in its upload is the same refusal by both ways (${way})`, async (t) => {
    const { gateway, upstream } = await open(t)
    for (const path of WAYS) {
      const before = refusalsIn(gateway).length
      const socket = await opened(gateway)
      socket.write(bytesOf(path, { headers: UNTOLD, body: '5\r\n{"mod\r\n' }))
      // The same connection shows that its first half was read: nothing else does.
      await eventually(2_000, 'it is there', async () => (await gateway.metric('turnout_requests_total')) >= 0)
      socket[way]()
      await eventually(2_000, 'its line', () => refusalsIn(gateway).length > before)
      const line = refusalsIn(gateway).at(-1)
      t.match(line, { status: way === 'destroy' ? 400 : 499 }, path)
    }
    t.equal(upstream.requests.length, 0)
  })

t.test('while the gateway stops both ways say so, and close', async (t) => {
  for (const path of WAYS) {
    const upstreams = await rig(t, { upstreams: { up: {} }, config: { ...LIMITS, server: { drain: '5s' } } })
    const { gateway } = upstreams
    upstreams.upstreams['up']!.next({ headersAfter: 300 })
    const heard = talk(gateway, bytesOf(CHAT_PATH), { answers: 2 })
    const socket = await opened(gateway)
    let said = ''
    socket.on('data', (more: Buffer) => (said += more.toString()))
    socket.write(bytesOf(CHAT_PATH))
    await upstreams.upstreams['up']!.waitRequest(1)
    const closing = gateway.close()
    socket.write(bytesOf(path))
    await within(5_000, 'the end', once(socket, 'end'))
    const last = answersIn(said, false).at(-1)
    t.equal(last?.status, 503, path)
    t.match(last?.body, '"code":"shutting_down"')
    t.match(last?.headers, { connection: 'close', 'retry-after': '1' })
    socket.destroy()
    await Promise.all([closing, heard])
  }
})
