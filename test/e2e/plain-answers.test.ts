/** Answers without a backend: id, log line, metric, and the method that a path takes. */
import { once } from 'node:events'
import { Agent, get, type IncomingMessage } from 'node:http'
import t from 'tap'
import { chat, CHAT_PATH } from '../support/chat.ts'
import { failing } from '../support/fault-plan.ts'
import { rawPost } from '../support/raw-client.ts'
import { singleRig } from '../support/rig.ts'

const KEYS = [{ id: 'team', key: 'secret-key', rpm: 1000 }]
const AUTH = { authorization: 'Bearer secret-key' }

t.test('every answer has an id, and every request but probes a line and a metric', async (t) => {
  const { gateway } = await singleRig(t, {}, { keys: KEYS })
  const get = (path: string, headers: Record<string, string> = AUTH): Promise<Response> =>
    fetch(gateway.url + path, { headers: { ...headers, 'x-request-id': `id${path.replaceAll('/', '.')}` } })
  for (const path of ['/v1/models', '/v1/models/tiny', '/v1/models/none', '/nothing', '/health', '/metrics', '/'])
    t.equal((await get(path)).headers.get('x-request-id'), `id${path.replaceAll('/', '.')}`, path)
  t.equal((await get('/v1/models', {})).status, 401)
  const lines = gateway
    .logged()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter(({ msg }) => msg === 'request')
  t.match(
    lines.map(({ request_id, caller, endpoint, status }) => [request_id, caller, endpoint, status]),
    [
      ['id.v1.models', 'team', 'models', 200],
      ['id.v1.models.tiny', 'team', 'models', 200],
      ['id.v1.models.none', 'team', 'models', 404],
      ['id.nothing', undefined, 'other', 404],
      ['id.v1.models', undefined, 'models', 401],
    ],
  )
  t.equal(lines.length, 5, 'probes and scrapes leave none')
  t.ok(lines.every(({ total_ms }) => typeof total_ms === 'number'))
  t.equal(await gateway.metric('turnout_requests_total', { endpoint: 'models', status: '200' }), 2)
  t.equal(await gateway.metric('turnout_requests_total', { endpoint: 'models', error: 'invalid_api_key' }), 1)
})

t.test('a refusal names the caller in its line', async (t) => {
  const { gateway } = await singleRig(t, {}, { keys: [{ id: 'team', key: 'secret-key', rpm: 1 }] })
  await rawPost(gateway.url, CHAT_PATH, chat(), AUTH)
  t.equal((await rawPost(gateway.url, CHAT_PATH, chat(), AUTH)).status, 429)
  // The line of the answer before it may come later.
  const line = JSON.parse(gateway.logged().split('\n').find((one) => one.includes('"status":429')) ?? '{}') as object // prettier-ignore
  t.match(line, { caller: 'team', endpoint: 'chat', status: 429, error: { code: 'rate_limit_exceeded' } })
})

t.test('a path with another method says which it takes', async (t) => {
  const { gateway } = await singleRig(t)
  for (const [method, path, allow] of [
    ['GET', '/v1/chat/completions', 'POST'],
    ['GET', '/v1/audio/speech', 'POST'],
    ['POST', '/v1/models', 'GET, HEAD'],
    ['DELETE', '/v1/models/tiny', 'GET, HEAD'],
    ['POST', '/health', 'GET, HEAD'],
  ] as const) {
    const response = await fetch(gateway.url + path, { method })
    t.equal(response.status, 405, `${method} ${path}`)
    t.equal(response.headers.get('allow'), allow)
    t.match(await response.json(), { error: { code: 'method_not_allowed' } })
  }
})

t.test('who wants a WebSocket is told to send a POST, and the connection stays good for it', async (t) => {
  const { gateway } = await singleRig(t)
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  t.teardown(() => agent.destroy())
  const ask = async (path: string): Promise<readonly [status: number | undefined, body: unknown]> => {
    const headers = {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-key': 'a',
      'sec-websocket-version': '13',
    }
    const [response] = (await once(get(gateway.url + path, { agent, headers }), 'response')) as [IncomingMessage]
    return [response.statusCode, JSON.parse((await response.toArray()).join(''))]
  }
  for (let again = 0; again < 2; again++) {
    const [status, body] = await ask('/v1/responses')
    t.equal(status, 426)
    t.match(body, { error: { code: 'websocket_not_served', message: /send a POST/ } })
  }
  t.equal((await ask('/v1/models'))[0], 200, 'a path that is there for GET answers as ever')
  t.equal((await ask('/v1/nothing'))[0], 404)
  t.equal((await rawPost(gateway.url, CHAT_PATH, chat())).status, 200)
})

t.test('SDKs are told whether and when to come back', async (t) => {
  const { gateway } = await singleRig(t, { plan: failing(429, { message: 'x', code: 'insufficient_quota' }) })
  const empty = await rawPost(gateway.url, CHAT_PATH, chat())
  t.equal(empty.status, 429)
  t.match(empty.headers, { 'retry-after': '60', 'retry-after-ms': '60000' })
  const missing = await rawPost(gateway.url, '/v1/moderations', { model: 'tiny', input: 'x' })
  t.equal(missing.status, 404)
  t.equal(missing.headers['x-should-retry'], 'false')
})

t.test('an answer that could not be planned names its route', async (t) => {
  const { gateway } = await singleRig(t)
  const response = await rawPost(gateway.url, '/v1/embeddings', { model: 'auto', input: 'x' })
  t.equal(response.status, 400)
  t.equal(response.headers['x-turnout-route'], 'default')
})
