import t from 'tap'
import { letPass } from '../support/await.ts'
import { chat, chatStream, CHAT_PATH, EMBEDDINGS_PATH, errorOf } from '../support/chat.ts'
import { RawClient, rawPost } from '../support/raw-client.ts'
import { singleRig } from '../support/rig.ts'

t.test('requests per minute of a key: counted on every path, told in headers', async (t) => {
  const { gateway, upstream } = await singleRig(t, {}, { keys: [{ id: 'few', key: 'sk-few', rpm: 3 }, { id: 'free', key: 'sk-free' }] }) // prettier-ignore
  const own = { authorization: 'Bearer sk-few' }
  const remaining: (string | undefined)[] = []
  for (const [path, body] of [
    [CHAT_PATH, chat()],
    [CHAT_PATH, chatStream()],
    [EMBEDDINGS_PATH, { model: 'tiny', input: 'x' }],
  ] as const) {
    const response = await rawPost(gateway.url, path, body, own)
    t.equal(response.status, 200)
    t.equal(response.headers['x-ratelimit-limit-requests'], '3')
    t.ok(response.headers['x-ratelimit-reset-requests'])
    remaining.push(response.headers['x-ratelimit-remaining-requests'])
    await response.complete
  }
  t.same(remaining, ['2', '1', '0'])
  const over = await rawPost(gateway.url, CHAT_PATH, chat(), own)
  t.equal(over.status, 429)
  t.match(errorOf(await over.json()), { code: 'rate_limit_exceeded', type: 'rate_limit_error', source: 'policy' })
  const ms = Number(over.headers['retry-after-ms'])
  t.ok(ms > 0 && ms <= 60_000, `${ms} ms`)
  t.equal(Number(over.headers['retry-after']), Math.ceil(ms / 1000))
  t.equal(over.headers['x-ratelimit-remaining-requests'], '0')
  t.ok(over.headers['x-request-id'])
  const other = await rawPost(gateway.url, CHAT_PATH, chat(), { authorization: 'Bearer sk-free' })
  t.equal(other.status, 200, 'another key has its own count')
  await other.complete
  t.equal(upstream.requests.length, 4)
})

t.test('what is only read takes nothing of the requests per minute, and is never refused for them', async (t) => {
  const { gateway, upstream } = await singleRig(t, {}, { keys: [{ id: 'few', key: 'sk-few', rpm: 2 }] })
  const own = { authorization: 'Bearer sk-few' }
  const read = async (method: string, path: string): Promise<[number, string | null, string | null]> => {
    const { status, headers } = await fetch(gateway.url + path, { method, headers: own })
    return [status, headers.get('x-ratelimit-limit-requests'), headers.get('x-ratelimit-remaining-requests')]
  }
  const READS = ['/v1/models', '/v1/models/tiny', '/v1/models/none', '//v1/models/', '/health']
  const readAll = async (remaining: string): Promise<void> => {
    for (let times = 0; times < 3; times++)
      for (const path of READS)
        for (const method of ['GET', 'HEAD'])
          t.strictSame(
            await read(method, path),
            [path.endsWith('none') ? 404 : 200, '2', remaining],
            `${method} ${path}`,
          )
  }
  await readAll('2')
  t.equal((await rawPost(gateway.url, CHAT_PATH, chat(), own)).status, 200)
  await readAll('1')
  t.equal((await rawPost(gateway.url, '/v1/route', chat(), own)).status, 200, 'a dry run is work, and counts')
  await readAll('0')
  t.equal((await rawPost(gateway.url, CHAT_PATH, chat(), own)).status, 429)
  await readAll('0')
  t.equal(upstream.requests.length, 1)
})

t.test('100 at once at a limit of 10: 10 pass', async (t) => {
  const { gateway, upstream } = await singleRig(t, {}, { keys: [{ id: 'few', key: 'sk-few', rpm: 10 }] })
  const ask = async (): Promise<number> =>
    (await rawPost(gateway.url, CHAT_PATH, chat(), { authorization: 'Bearer sk-few' })).status
  const statuses = await Promise.all(Array.from({ length: 100 }, ask))
  t.equal(statuses.filter((status) => status === 200).length, 10)
  t.equal(statuses.filter((status) => status === 429).length, 90)
  t.equal(upstream.requests.length, 10)
})

t.test('a body over the limit is refused, whether it tells its length or not', async (t) => {
  const { gateway, upstream } = await singleRig(t, {}, { limits: { body: '8KiB' } })
  const large = chat({ user: 'x'.repeat(9_000) })
  const told = await rawPost(gateway.url, CHAT_PATH, large)
  t.equal(told.status, 413)
  t.match(errorOf(await told.json()), { code: 'body_too_large', source: 'caller' })
  const client = await RawClient.open(gateway.url)
  const answer = client.send(CHAT_PATH, {
    headers: { 'transfer-encoding': 'chunked', 'content-type': 'application/json' },
  })
  const text = JSON.stringify(large)
  client.socket.write(`${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`)
  const untold = await answer
  t.equal(untold.status, 413)
  t.equal(errorOf(await untold.json()).code, 'body_too_large')
  client.destroy()
  t.equal(upstream.requests.length, 0)
  t.equal((await rawPost(gateway.url, CHAT_PATH, chat({ user: 'x'.repeat(7_000) }))).status, 200)
})

t.test('what is no request is told so in the shape of the contract', async (t) => {
  const { gateway, upstream } = await singleRig(t)
  const cases: readonly [string, string, string | Buffer, Record<string, string>, number, string][] = [
    ['POST', CHAT_PATH, '{"model":', {}, 400, 'invalid_json'],
    ['POST', CHAT_PATH, '[]', {}, 400, 'invalid_json'],
    ['POST', CHAT_PATH, 'null', {}, 400, 'invalid_json'],
    ['POST', CHAT_PATH, '', {}, 400, 'invalid_json'],
    ['POST', CHAT_PATH, Buffer.from([0xff, 0xfe]), {}, 400, 'invalid_json'],
    ['POST', CHAT_PATH, '\ufeff{}', {}, 400, 'invalid_json'],
    ['POST', CHAT_PATH, `{"model":${'['.repeat(40_000)}`, {}, 400, 'invalid_json'],
    ['POST', CHAT_PATH, `{"model":${'['.repeat(200_000)}`, {}, 400, 'invalid_request'],
    ['POST', CHAT_PATH, `{"model":${'['.repeat(20_000)}${']'.repeat(20_000)}}`, {}, 400, 'invalid_request'],
    ['POST', CHAT_PATH, '{}', {}, 400, 'invalid_request'],
    ['POST', CHAT_PATH, '{"__proto__":{"model":"tiny"},"constructor":1}', {}, 400, 'invalid_request'],
    ['POST', CHAT_PATH, '{"model":7,"messages":[]}', {}, 400, 'invalid_request'],
    ['POST', CHAT_PATH, '{"model":"nobody","messages":[]}', {}, 404, 'model_not_found'],
    ['POST', CHAT_PATH, '{}', { 'content-type': 'text/plain' }, 415, 'unsupported_media_type'],
    ['POST', '/v1/nowhere', '{}', {}, 404, 'not_found'],
    ['GET', CHAT_PATH, '', {}, 405, 'method_not_allowed'],
    ['POST', '/v1/moderations', '{}', {}, 404, 'not_implemented'],
  ]
  for (const [method, path, body, headers, status, code] of cases) {
    const client = await RawClient.open(gateway.url)
    const response = await client.send(path, { method, headers, ...(method === 'POST' ? { body } : {}) })
    const label = `${method} ${path} ${body.toString().slice(0, 40)}`
    t.equal(response.status, status, label)
    t.equal(errorOf(await response.json()).code, code, label)
    t.ok(response.headers['x-request-id'], label)
    client.destroy()
  }
  t.equal(upstream.requests.length, 0)
})

t.test('a caller that leaves in the middle of its request costs no call', async (t) => {
  const { gateway, upstream } = await singleRig(t)
  for (const way of ['destroy', 'reset'] as const) {
    const client = await RawClient.open(gateway.url)
    client.socket.write(
      `POST ${CHAT_PATH} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 5000\r\n\r\n{"model":`,
    )
    await letPass(20, 'half a request shows nowhere')
    client[way]()
    await client.closed
  }
  const after = await rawPost(gateway.url, CHAT_PATH, chat())
  t.equal(after.status, 200)
  await after.complete
  t.equal(upstream.requests.length, 1)
  t.equal(await gateway.settled('turnout_inflight_requests', {}, 0), 0)
  t.notOk(gateway.logged().includes('internal_error'))
})

t.test('the id of a request is the caller’s where it is harmless, and a new one where not', async (t) => {
  const { gateway, upstream } = await singleRig(t)
  for (const [id, kept] of [
    ['trace-42.a_b', true],
    ['x'.repeat(5_000), false],
    ['a b', false],
    ['"><script>', false],
    ['\u00e9', false],
  ] as const) {
    const response = await rawPost(gateway.url, CHAT_PATH, chat(), { 'x-request-id': id })
    await response.complete
    const got = response.headers['x-request-id']
    t.equal(got === id, kept, id.slice(0, 20))
    t.match(got, /^[\w.:-]{8,200}$/)
    t.equal(upstream.requests.at(-1)?.headers['x-request-id'], got, 'and the engine is told the same')
  }
})
