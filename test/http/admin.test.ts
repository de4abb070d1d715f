import { connect } from 'node:net'
import { once } from 'node:events'
import t from 'tap'
import { createAdmin } from '../../src/http/admin/server.ts'
import type { SessionQueryString } from '../../src/http/admin/session-routes.ts'
import { adminRoutes, type AdminTools } from '../../src/http/admin/routes.ts'
import { KeyStore } from '../../src/keys/key-store.ts'
import { LastHour } from '../../src/observe/headline/last-hour.ts'
import { LastWeek } from '../../src/observe/savings/last-week.ts'
import { createLog } from '../../src/observe/log/log.ts'
import { catalogOf } from '../support/factories.ts'
import { finished } from '../support/records.ts'
import { hashOf } from '../../src/keys/secret.ts'
import { hashed, startGateway } from '../support/gateway.ts'
import { adminRig, type Answer, send, TOKEN } from './admin.ts'

/** Only methods and paths are read. */
const ROUTES = adminRoutes({ budgets: null, sessions: null } as AdminTools)

const pathOf = (path: string): string => path.replace(/:\w+/g, 'some')

interface Key {
  readonly id: string
  readonly state: string
}

t.test('every route asks for the token, and none of them is on the port of the gateway', async (t) => {
  t.equal(ROUTES.length, 13)
  for (const { method, path } of ROUTES) {
    // A rig of its own: wrong tokens are counted.
    const { ask, gateway } = await adminRig(t)
    const label = `${method} ${path}`
    for (const token of [null, 'wrong', hashOf(TOKEN), hashed(TOKEN), `${TOKEN}x`, '']) {
      const { status, body, headers } = await ask(method, pathOf(path), undefined, token)
      t.equal(status, 401, label)
      t.match(body, { error: { code: 'invalid_api_key', source: 'caller' } })
      t.equal(headers.get('www-authenticate'), 'Bearer')
    }
    t.not((await ask(method, pathOf(path))).status, 401, `${label} with the token`)
    for (const token of [null, TOKEN]) {
      const main = await send(`${gateway.url}${pathOf(path)}`, method, token)
      t.match(main, { status: 404, body: { error: { code: 'not_found' } } }, `${label} on the main port`)
    }
  }
})

t.test('the token counts in one header only, and hosts, queries and keys open nothing', async (t) => {
  const { ask, url } = await adminRig(t)
  const { secret } = (await ask('POST', '/admin/keys', { id: 'a' })).body as { secret: string }
  const attempts: Record<string, string>[] = [
    { 'x-api-key': TOKEN },
    { 'api-key': TOKEN },
    { authorization: TOKEN },
    { authorization: `Basic ${TOKEN}` },
    { authorization: `Bearer ${secret}` },
    { 'x-forwarded-for': '127.0.0.1', 'x-forwarded-host': 'localhost', 'x-real-ip': '127.0.0.1' },
  ]
  for (const headers of attempts)
    t.equal((await fetch(`${url}/admin/keys?token=${TOKEN}`, { headers })).status, 401, JSON.stringify(headers))
  t.equal((await ask('GET', '/nowhere', undefined, null)).status, 401, 'paths that are not there are not told either')
  t.match(await ask('GET', '/nowhere'), { status: 404, body: { error: { code: 'not_found' } } })
})

t.test('an address that guesses waits, and does not lock out the right token', async (t) => {
  const { ask, gateway } = await adminRig(t)
  const guesses = await Promise.all(
    Array.from({ length: 40 }, (_, at) => ask('GET', '/admin/keys', undefined, `g${at}`)),
  )
  t.ok(guesses.every(({ status }) => status === 401 || status === 429))
  for (const token of ['another', null, '', `${TOKEN}x`]) {
    const waiting = await ask('GET', '/admin/keys', undefined, token)
    t.match(waiting, { status: 429, body: { error: { code: 'rate_limit_exceeded' } } })
    t.ok(Number(waiting.headers.get('retry-after')) > 0)
  }
  for (const { method, path } of ROUTES.filter(({ event }) => event === null))
    t.not((await ask(method, pathOf(path))).status, 429, `${method} ${path} with the token`)
  t.equal((await ask('GET', '/admin/keys')).status, 200)
  const refusals = gateway.logged().match(/"event":"admin_refused"/g)?.length ?? 0
  t.ok(refusals > 0 && refusals <= 40, `${refusals} lines of refusals`)
})

t.test('a key: made, used, looked at, changed, rotated, revoked', async (t) => {
  const { ask, chat, gateway, upstream } = await adminRig(t)
  t.equal((await chat('anything')).status, 401, 'an empty file opens no door')
  const made = await ask('POST', '/admin/keys', { id: 'ci', routes: ['small'], team: 'blue', labels: { a: 'b' } })
  t.match(made, { status: 201, body: { key: { id: 'ci', state: 'active', team: 'blue' } } })
  t.equal(made.headers.get('cache-control'), 'no-store')
  const { secret } = made.body as { secret: string }
  t.equal((await chat(secret)).status, 200)
  t.match(
    await chat(secret, 'big'),
    { status: 403, body: { error: { code: 'forbidden' } } },
    'bound to its routes from its first request on',
  )
  t.match(await ask('PATCH', '/admin/keys/ci', { routes: null }), { status: 200, body: { key: { routes: null } } })
  t.equal((await chat(secret, 'big')).status, 200, 'a change counts at once')

  const rotated = (await ask('POST', '/admin/keys/ci/rotate', { grace: '1h' })).body as { secret: string }
  t.same([(await chat(secret)).status, (await chat(rotated.secret)).status], [200, 200])
  const last = (await ask('POST', '/admin/keys/ci/rotate')).body as { secret: string }
  t.same(
    [(await chat(secret)).status, (await chat(rotated.secret)).status, (await chat(last.secret)).status],
    [401, 401, 200],
  )

  t.match(await ask('GET', '/admin/keys/ci'), { status: 200, body: { key: { id: 'ci', source: 'file' } } })
  t.match(await ask('DELETE', '/admin/keys/ci'), { status: 200, body: { key: { state: 'revoked' } } })
  t.match(await chat(last.secret), {
    status: 401,
    body: { error: { code: 'invalid_api_key', message: 'Key "ci" was revoked.' } },
  })
  const { keys } = (await ask('GET', '/admin/keys')).body as { keys: Key[] }
  t.match(keys, [{ id: 'ci', state: 'revoked' }])

  for (const one of [secret, rotated.secret, last.secret, TOKEN, hashOf(last.secret), hashOf(TOKEN)]) {
    t.notOk(gateway.logged().includes(one), 'no secret and no hash in the log')
    t.notOk(JSON.stringify((await ask('GET', '/admin/keys')).body).includes(one))
  }
  t.notOk(gateway.logged().includes(upstream.url))
  const events = gateway
    .logged()
    .split('\n')
    .filter((line) => line.includes('"event":"key_'))
  t.same(
    events
      .map((line) => JSON.parse(line) as { event: string; id: string; by: string })
      .map(({ event, id, by }) => [event, id, by]),
    [
      ['key_created', 'ci', '127.0.0.1'],
      ['key_changed', 'ci', '127.0.0.1'],
      ['key_rotated', 'ci', '127.0.0.1'],
      ['key_rotated', 'ci', '127.0.0.1'],
      ['key_revoked', 'ci', '127.0.0.1'],
    ],
  )
})

t.test('requests per minute of a key that is made and changed at run time', async (t) => {
  const { ask, chat } = await adminRig(t)
  const { secret } = (await ask('POST', '/admin/keys', { id: 'few', rpm: 2 })).body as { secret: string }
  const free = (await ask('POST', '/admin/keys', { id: 'free' })).body as { secret: string }
  const first = await chat(secret)
  t.same(
    [
      first.status,
      first.headers.get('x-ratelimit-limit-requests'),
      first.headers.get('x-ratelimit-remaining-requests'),
    ],
    [200, '2', '1'],
  )
  t.same([(await chat(secret)).status, (await chat(secret)).status], [200, 429])
  await ask('PATCH', '/admin/keys/few', { rpm: 5 })
  const more = await chat(secret)
  t.same(
    [more.status, more.headers.get('x-ratelimit-limit-requests'), more.headers.get('x-ratelimit-remaining-requests')],
    [200, '5', '1'],
  )
  t.same([(await chat(secret)).status, (await chat(secret)).status], [200, 429])
  await ask('PATCH', '/admin/keys/few', { rpm: null })
  t.equal((await chat(secret)).status, 200)
  t.equal((await chat(free.secret)).headers.get('x-ratelimit-limit-requests'), null)
})

t.test('a key that may only read', async (t) => {
  const { ask, chat, gateway, upstream } = await adminRig(t)
  const { secret } = (await ask('POST', '/admin/keys', { id: 'eye', scope: 'read' })).body as { secret: string }
  for (const path of ['/v1/models', '/v1/models/tiny', '/health'])
    t.equal((await send(`${gateway.url}${path}`, 'GET', secret)).status, 200, path)
  t.match(await chat(secret), { status: 403, body: { error: { code: 'forbidden', source: 'policy' } } })
  for (const path of ['/v1/embeddings', '/v1/route', '/v1/feedback', '/v1/messages'])
    t.equal((await send(`${gateway.url}${path}`, 'POST', secret, {})).status, 403, path)
  t.equal(upstream.requests.length, 0)
  await ask('PATCH', '/admin/keys/eye', { scope: 'inference' })
  t.equal((await chat(secret)).status, 200)
})

t.test('what is wrong with a request is said in the envelope of all errors', async (t) => {
  const { ask, url } = await adminRig(t)
  await ask('POST', '/admin/keys', { id: 'a' })
  for (const [method, path, body, status, code, message] of [
    ['POST', '/admin/keys', '{"id":', 400, 'invalid_json', /not JSON/],
    ['POST', '/admin/keys', undefined, 400, 'invalid_request', /map/],
    ['POST', '/admin/keys', { id: 'b', url: 'http://evil' }, 400, 'invalid_request', /url: there is no such field/],
    ['POST', '/admin/keys', { id: 'b', rpm: '7' }, 400, 'invalid_request', /rpm: "7" is a text; write a/],
    ['POST', '/admin/keys', { id: 'a' }, 409, 'invalid_request', /There is a key "a" already/],
    ['POST', '/admin/keys', `{"id":"${'x'.repeat(70_000)}"}`, 413, 'body_too_large', /larger/],
    ['PATCH', '/admin/keys/a', { secret: 'mine' }, 400, 'invalid_request', /secret: there is no such field/],
    ['PATCH', '/admin/keys/no', { rpm: 1 }, 404, 'not_found', /There is no key "no"/],
    ['POST', '/admin/keys/a/rotate', { grace: 'soon' }, 400, 'invalid_request', /grace: "soon" is not a time/],
    ['GET', '/admin/keys/no', undefined, 404, 'not_found', /There is no key/],
    ['GET', '/admin/keys/%ff', undefined, 404, 'not_found', /decoded/],
    ['GET', '/admin/sessions?limit=0', undefined, 400, 'invalid_request', /limit: "0" is not a number from 1 to 1000/],
    ['GET', '/admin/sessions?since=then', undefined, 400, 'invalid_request', /since: "then" is not a time/],
    ['GET', '/admin/sessions?what=1', undefined, 400, 'invalid_request', /what: there is no such field/],
    ['GET', '/admin/sessions?sort=beauty', undefined, 400, 'invalid_request', /sort: "beauty" is none of recent, cost/],
    ['GET', '/admin/sessions/a%2Fb', undefined, 404, 'not_found', /There is no session "a\/b"/],
    [
      'POST',
      '/admin/budgets/a/reset',
      { ids: 1 },
      400,
      'invalid_request',
      /ids: there is no such field; did you mean `id`/,
    ],
    ['PUT', '/admin/keys', { id: 'b' }, 404, 'not_found', /No such path: PUT/],
  ] as const) {
    const answer = await ask(method, path, body)
    t.match(
      answer,
      { status, body: { error: { code, message, type: String, source: String } } },
      `${method} ${path} ${answer.text}`,
    )
    t.ok(answer.headers.get('x-request-id'))
  }
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  socket.write('what\r\n\r\n')
  let said = ''
  socket.on('data', (chunk: Buffer) => (said += chunk.toString()))
  await once(socket, 'close')
  t.match(said, /^HTTP\/1\.1 400 .*"code":"invalid_request"/s)
})

t.test('backends: states and reasons, never URLs', async (t) => {
  const { ask, upstream } = await adminRig(t)
  const { text, body } = await ask('GET', '/admin/backends')
  t.match(body, {
    backends: [
      {
        name: 'up',
        kind: 'openai-compatible',
        state: 'ready',
        reason: null,
        since: /^\d{4}-.*Z$/,
        until: null,
        process: null,
        resting_until: null,
        models: [{ model: 'tiny', calls: 0, resting_until: null, refuses: [] }, { model: 'big' }],
      },
    ],
  })
  t.notOk(text.includes(upstream.url) || text.includes('http'))
})

t.test('a failing model rests, and it is told until when', async (t) => {
  const { ask, chat, upstream } = await adminRig(t)
  const { secret } = (await ask('POST', '/admin/keys', { id: 'a' })).body as { secret: string }
  for (let i = 0; i < 4; i++) upstream.next({ status: 500, body: '{}' })
  await chat(secret)
  const { backends } = (await ask('GET', '/admin/backends')).body as {
    backends: { models: { resting_until: string | null }[] }[]
  }
  const until = Date.parse(backends[0]?.models[0]?.resting_until ?? '')
  t.ok(until > Date.now() && until < Date.now() + 61_000, backends[0]?.models[0]?.resting_until ?? 'no rest')
})

t.test('keys of the configuration are shown and not changed', async (t) => {
  const { ask, chat } = await adminRig(t, {
    keys: [
      {
        id: 'fixed',
        hash: hashed('sk-fixed'),
        rpm: 100,
        budget: { usd: 5, per: 'month' },
        tpm: 9,
        expires: '2099-01-01',
      },
    ],
  })
  t.equal((await chat('sk-fixed')).status, 200)
  t.match(await ask('GET', '/admin/keys/fixed'), {
    body: {
      key: {
        id: 'fixed',
        source: 'configuration',
        rpm: 100,
        tpm: 9,
        budget: { usd: 5, per: 'month' },
        expires: '2099-01-01T00:00:00.000Z',
      },
    },
  })
  for (const [method, path] of [
    ['PATCH', ''],
    ['POST', '/rotate'],
    ['DELETE', ''],
  ] as const)
    t.match(await ask(method, `/admin/keys/fixed${path}`, method === 'PATCH' ? { rpm: 1 } : undefined), { status: 409 })
})

t.test('without a file of keys none can be made; without `admin` there is no admin API', async (t) => {
  const { ask, gateway } = await adminRig(t, { store: {} })
  t.match(await ask('POST', '/admin/keys', { id: 'a' }), {
    status: 409,
    body: { error: { message: /store: \{ keys/ } },
  })
  t.equal((await send(`${gateway.url}/v1/models`, 'GET', null)).status, 200, 'and nobody is asked for a key')
  const open = await startGateway({
    backends: [{ name: 'a', kind: 'openai-compatible', url: 'http://127.0.0.1:9', models: ['m'] }],
  })
  t.equal(open.adminUrl, null)
  await open.close()
})

t.test('budgets and sessions are those that the gateway keeps', async (t) => {
  const resets: unknown[] = []
  const queries: SessionQueryString[] = []
  let recorded = 0
  const lastHour = new LastHour()
  lastHour.onCompleted(finished({ endedAt: Date.now() }))
  const lastWeek = new LastWeek()
  const trials = [{ feature: 'routing' as const, control: true, share: 0.05 }]
  lastWeek.onCompleted(finished({ endedAt: Date.now(), trials }))
  const admin = await createAdmin({
    hosts: [],
    spec: { host: '127.0.0.1', port: 0, hash: hashOf(TOKEN) },
    keys: new KeyStore({ fixed: [], file: null, routes: [], emit: () => undefined }),
    fleet: { states: () => [], catalog: catalogOf() },
    budgets: {
      states: () => [{ name: 'daily' }],
      has: (name) => name === 'daily',
      reset: (name, id) => resets.push([name, id]),
    },
    sessions: {
      list: (query) => [queries.push(query)].map((at) => ({ id: `s${at}` })),
      get: (id) => (id === 'a/b c' ? { id } : null),
    },
    lastHour,
    lastWeek,
    books: { flush: () => recorded++ },
    log: createLog('silent'),
    emit: () => undefined,
    now: () => 0,
  })
  const url = await admin.listen()
  t.teardown(() => admin.close())
  const ask = (method: string, path: string, body?: unknown): Promise<Answer> =>
    send(`${url}${path}`, method, TOKEN, body)
  t.match(await ask('GET', '/admin/budgets'), { status: 200, body: { budgets: [{ name: 'daily' }] } })
  t.match(await ask('GET', '/admin/stats'), {
    status: 200,
    body: { last_hour: { requests: 1, successes: 1 }, budgets: [{ name: 'daily' }] },
  })
  t.match(await ask('GET', '/admin/savings'), {
    status: 200,
    body: { savings: [{ route: 'coding', control: { requests: 1 }, cost_per_success_usd: { why: 'few' } }] },
  })
  t.equal(recorded, 3, 'and what has ended is recorded before it is shown')
  t.match(await ask('POST', '/admin/budgets/daily/reset'), { status: 200, body: { name: 'daily', id: null, reset: 1 } })
  t.match(await ask('POST', '/admin/budgets/daily/reset', { id: 'blue' }), { body: { id: 'blue', reset: 2 } })
  t.strictSame(resets, [
    ['daily', null],
    ['daily', 'blue'],
  ])
  t.match(await ask('GET', '/admin/sessions'), { status: 200, body: { sessions: [{ id: 's1' }] } })
  await ask('GET', '/admin/sessions?since=2026-01-01T00:00:00Z&sort=cost&limit=7&agent=a&key=k&team=t')
  const before = Date.now()
  await ask('GET', '/admin/sessions?since=1h')
  t.strictSame(queries.slice(0, 2), [
    { since: null, sort: null, limit: 100, agent: null, key: null, team: null, by: null },
    { since: Date.UTC(2026, 0, 1), sort: 'cost', limit: 7, agent: 'a', key: 'k', team: 't', by: null },
  ])
  t.ok(Math.abs((queries[2]?.since ?? 0) - (before - 3_600_000)) < 10_000)
  t.match(await ask('GET', '/admin/sessions/a%2Fb%20c'), { status: 200, body: { session: { id: 'a/b c' } } })
  t.match(await ask('GET', '/admin/sessions/other'), { status: 404, body: { error: { code: 'not_found' } } })
  t.match(await ask('GET', '/admin/backends'), { status: 200, body: { backends: [] } })
})
