/** Another configuration while requests go on, over real sockets. */
import t, { type Test } from 'tap'
import { ConfigError } from '../../src/config/issues.ts'
import { eventually, within } from '../support/await.ts'
import { chat, CHAT_PATH, chatStream, errorOf, readStream } from '../support/chat.ts'
import type { FaultOptions } from '../support/fault-plan.ts'
import { deferred } from '../support/fault-record.ts'
import { type FaultUpstream, startFaultUpstream } from '../support/fault-upstream.ts'
import { type ConfigObject, type Gateway, hashed } from '../support/gateway.ts'
import { WORDS } from '../support/openai-answers.ts'
import { RawClient, rawPost } from '../support/raw-client.ts'
import { gatewayFor } from '../support/rig.ts'

const TOKEN = 'admin-token-of-apply'

async function upstream(t: Test, options: FaultOptions = {}): Promise<FaultUpstream> {
  const one = await startFaultUpstream(options)
  t.teardown(() => one.close())
  return one
}

const backend = (name: string, { url }: FaultUpstream, more: ConfigObject = {}): ConfigObject => ({
  name,
  kind: 'openai-compatible',
  url,
  models: ['tiny'],
  ...more,
})

/** Status of a short chat. */
async function status(gateway: Gateway, body: object = chat(), headers: Record<string, string> = {}): Promise<number> {
  const answer = await rawPost(gateway.url, CHAT_PATH, body, headers)
  await answer.complete
  return answer.status
}

const as = (key: string): Record<string, string> => ({ authorization: `Bearer ${key}` })

t.test('routes lead elsewhere from the next request on', async (t) => {
  const [a, b] = [await upstream(t), await upstream(t)]
  const backends = [backend('a', a), backend('b', b)]
  const to = (name: string): ConfigObject => ({ backends, routes: [{ name: 'chosen', candidates: [`${name}/*`] }] })
  const gateway = await gatewayFor(t, to('a'))
  await status(gateway, chat({ model: 'chosen' }))
  t.same(await gateway.apply(to('b')), { added: [], changed: [], removed: [], needsRestart: [] })
  await status(gateway, chat({ model: 'chosen' }))
  t.same([a.requests.length, b.requests.length], [1, 1])
  const hash = await (await gatewayFor(t, to('b'))).metric('turnout_config_hash')
  t.equal(await gateway.metric('turnout_config_hash'), hash, 'as if it had begun with it')
  await gateway.apply({ backends })
  t.equal(await status(gateway, chat({ model: 'chosen' })), 404, 'a route that is gone means nothing')
})

t.test('a backend goes while its stream is open: the stream ends well, then its connections close', async (t) => {
  const gate = deferred<true>()
  const [a, b] = [await upstream(t, { plan: { pace: (i) => (i === 3 ? gate.promise : undefined) } }), await upstream(t)]
  const gateway = await gatewayFor(t, { backends: [backend('a', a)] })
  const live = await (await RawClient.open(gateway.url)).send(CHAT_PATH, { body: chatStream() })
  await live.next()
  const applied = await gateway.apply({ backends: [backend('b', b)] })
  t.match(applied, { added: ['b'], changed: [], removed: ['a'] })
  t.equal(await status(gateway), 200)
  t.same([a.requests.length, b.requests.length], [1, 1], 'new requests go to the new backend')
  t.notMatch(await (await fetch(`${gateway.url}/health`)).text(), '"a"')
  const looks = a.probes.length
  t.equal(gateway.pools(), 2)
  gate.resolve(true)
  const got = await within(2_000, 'the end of the stream', readStream(live))
  t.same([got.text.endsWith(WORDS.at(-1) ?? ''), got.finish, got.errors.length, got.dones], [true, 'stop', 0, 1])
  await within(2_000, 'its connections', a.waitSockets(0))
  t.equal(gateway.pools(), 1)
  t.equal(a.probes.length, looks, 'it is not looked at any more')
  t.match(
    gateway.logged(),
    '"event":"policy_applied","added":["b"],"changed":[],"removed":["a"],"needs_restart":[],"msg":"policy"',
  )
})

t.test('a request that waits for its backend fails over by the policy that it began with', async (t) => {
  const gate = deferred<true>()
  const [a, b, c] = [await upstream(t), await upstream(t), await upstream(t)]
  a.next({ headersAfter: gate.promise, status: 500, body: { error: { message: 'broken' } } })
  const route = (candidates: readonly string[]) => [{ name: 'pair', strategy: 'ordered', candidates }]
  const gateway = await gatewayFor(t, {
    backends: [backend('a', a), backend('b', b, { key: 'old-key' })],
    routes: route(['a/*', 'b/*']),
  })
  const waiting = status(gateway, chat({ model: 'pair' }))
  await a.waitRequest(1)
  await gateway.apply({ backends: [backend('c', c)], routes: route(['c/*']), limits: { attempts: 1 } })
  gate.resolve(true)
  t.equal(await waiting, 200)
  t.same([b.requests.length, c.requests.length], [1, 0], 'one attempt would not have been enough')
  t.equal(b.requests[0]?.headers['authorization'], 'Bearer old-key')
  await within(2_000, 'the connections of both', Promise.all([a.waitSockets(0), b.waitSockets(0)]))
  t.equal(gateway.pools(), 0)
  t.equal(await status(gateway, chat({ model: 'pair' })), 200)
  t.same([b.requests.length, c.requests.length], [1, 1])
})

t.test('a backend that is added is looked at before it is called', async (t) => {
  const [a, b] = [await upstream(t), await upstream(t, { models: ['found'] })]
  const gateway = await gatewayFor(t, { backends: [backend('a', a)] })
  t.equal(await status(gateway, chat({ model: 'found' })), 404)
  await gateway.apply({ backends: [backend('a', a), { name: 'b', kind: 'openai-compatible', url: b.url }] })
  t.equal(await status(gateway, chat({ model: 'found' })), 200)
})

t.test('another key of a backend is sent from the next request on, over the connections that there are', async (t) => {
  const a = await upstream(t)
  const gateway = await gatewayFor(t, { backends: [backend('a', a, { key: 'first' })] })
  await status(gateway)
  t.match(await gateway.apply({ backends: [backend('a', a, { key: 'second' })] }), { changed: ['a'], removed: [] })
  await status(gateway)
  t.same(
    a.requests.map(({ headers }) => headers['authorization']),
    ['Bearer first', 'Bearer second'],
  )
  await eventually(2_000, 'a look with the new key', () =>
    a.probes.some(({ headers }) => headers['authorization'] === 'Bearer second'),
  )
})

t.test('what is known of a backend that stays is kept: its calls, its health, what is open', async (t) => {
  const gate = deferred<true>()
  const [a, b] = [await upstream(t), await upstream(t)]
  const admin = { port: 0, token: hashed(TOKEN) }
  const gateway = await gatewayFor(t, { backends: [backend('a', a)], admin })
  const known = async (): Promise<unknown> =>
    await (await fetch(`${gateway.adminUrl ?? ''}/admin/backends`, { headers: as(TOKEN) })).json()
  a.next({}, { status: 500, body: { error: { message: 'broken' } } }, { headersAfter: gate.promise })
  await status(gateway)
  await status(gateway)
  const open = status(gateway)
  await a.waitRequest(3)
  const expected = { name: 'a', state: 'ready', inflight: 1, models: [{ calls: 3, resting_until: /^\d/ }] }
  t.match(await known(), { backends: [expected] })
  await gateway.apply({ backends: [backend('a', a, { weight: 2 }), backend('b', b)], admin })
  t.match(await known(), { backends: [expected, { name: 'b', inflight: 0, models: [{ calls: 0 }] }] })
  gate.resolve(true)
  t.equal(await open, 200)
  t.match(await known(), { backends: [{ inflight: 0 }] })
})

t.test('another limit of a budget holds at once, and what was counted stays', async (t) => {
  const a = await upstream(t)
  const few = (requests: number): ConfigObject => ({
    backends: [backend('a', a)],
    budgets: [{ name: 'few', of: 'gateway', requests, per: 'month' }],
  })
  const gateway = await gatewayFor(t, few(3))
  for (let i = 0; i < 3; i++) t.equal(await status(gateway), 200)
  t.equal(await status(gateway), 429)
  await gateway.apply(few(4))
  t.equal(await status(gateway), 200)
  const over = await rawPost(gateway.url, CHAT_PATH, chat())
  t.match(errorOf(await over.json()).message, /^Budget "few" of the gateway: 4 requests a month are used up/)
  t.equal(await gateway.metric('turnout_budget_used_ratio', { budget: 'few' }), 1)
  await gateway.apply({ backends: [backend('a', a)] })
  t.equal(await status(gateway), 200, 'a budget that is gone holds nobody')
  t.equal(await gateway.metric('turnout_budget_used_ratio', { budget: 'few' }), 0)
  await gateway.apply(few(4))
  t.equal(await status(gateway), 429, 'and it comes back as it was')
})

t.test('a request that holds something of a budget gives it back, whatever became of the budget', async (t) => {
  const gate = deferred<true>()
  const a = await upstream(t)
  const at = (parallel: number): ConfigObject => ({
    backends: [backend('a', a)],
    budgets: [{ name: 'narrow', of: 'gateway', parallel }],
  })
  const gateway = await gatewayFor(t, at(1))
  a.next({ headersAfter: gate.promise })
  const open = status(gateway)
  await a.waitRequest(1)
  t.equal(await status(gateway), 429)
  await gateway.apply(at(2))
  t.equal(await status(gateway), 200, 'beside the one that is open')
  await gateway.apply(at(1))
  t.equal(await status(gateway), 429)
  gate.resolve(true)
  t.equal(await open, 200)
  t.equal(await status(gateway), 200)
})

t.test('keys: one that is gone opens nothing, one that is new does, an answer under way goes on', async (t) => {
  const gate = deferred<true>()
  const a = await upstream(t, { plan: { pace: (i) => (i === 3 ? gate.promise : undefined) } })
  const key = (id: string): ConfigObject => ({ id, hash: hashed(`sk-${id}`) })
  const backends = [backend('a', a)]
  const gateway = await gatewayFor(t, { backends, keys: [key('old'), key('both')] })
  const live = await (await RawClient.open(gateway.url)).send(CHAT_PATH, { body: chatStream(), headers: as('sk-old') })
  await live.next()
  await gateway.apply({
    backends,
    keys: [key('both'), { ...key('new'), routes: ['none'] }],
    routes: [{ name: 'none', candidates: ['x/*'] }],
  })
  gate.resolve(true)
  t.equal((await readStream(live)).finish, 'stop')
  t.equal(await status(gateway, chat(), as('sk-old')), 401)
  t.equal(await status(gateway, chat(), as('sk-both')), 200)
  t.equal(
    await status(gateway, chat({ model: 'a/tiny' }), as('sk-new')),
    403,
    'bound to its routes from the first request on',
  )
})

t.test('a configuration that cannot be in force changes nothing', async (t) => {
  const [a, b] = [await upstream(t), await upstream(t)]
  const keys = [{ id: 'k', hash: hashed('sk-k') }]
  const gateway = await gatewayFor(t, { backends: [backend('a', a)], keys, server: { host: '0.0.0.0' } })
  const bad: readonly (readonly [ConfigObject, RegExp])[] = [
    [{ backends: [backend('b', b)], keys, routes: [{ name: 'r', candidates: ['b/*'], strategy: 'luck' }] }, /strategy/],
    [{ backends: [{ name: 'b', kind: 'no-such-kind' }], keys }, /kind/],
    [
      { backends: [backend('b', b)], server: { host: '127.0.0.1' } },
      /server\.host: "0\.0\.0\.0" can be reached from other machines/,
    ],
  ]
  const before = await gateway.metric('turnout_config_hash')
  for (const [config, message] of bad) {
    const thrown: unknown = await gateway.apply(config).catch((error: unknown) => error)
    t.ok(thrown instanceof ConfigError)
    t.match(String(thrown), message)
  }
  t.equal(await status(gateway, chat(), as('sk-k')), 200)
  t.equal(await status(gateway), 401)
  t.same([a.requests.length, b.requests.length, b.probes.length], [1, 0, 0])
  t.equal(await gateway.metric('turnout_config_hash'), before)
  t.notMatch(gateway.logged(), 'policy_applied')
})

t.test('what counts after a restart only is named, and the rest is in force', async (t) => {
  const [a, b] = [await upstream(t), await upstream(t)]
  const gateway = await gatewayFor(t, { backends: [backend('a', a)] })
  const applied = await gateway.apply({
    backends: [backend('b', b)],
    limits: { body: '1KiB', total: '5s' },
    server: { drain: '70ms', log_level: 'silent' },
  })
  t.same(applied.needsRestart, ['server.drain', 'server.log_level', 'limits.body'])
  t.equal(await status(gateway, chat({ user: 'u'.repeat(2_000) })), 200, 'bodies as before')
  t.same([a.requests.length, b.requests.length], [0, 1])
  t.match(gateway.logged(), '"needs_restart":["server.drain","server.log_level","limits.body"]')
})

t.test('time limits hold for requests that begin from then on', async (t) => {
  const gate = deferred<true>()
  const a = await upstream(t)
  const backends = [backend('a', a)]
  const gateway = await gatewayFor(t, { backends, limits: { total: '10s' } })
  a.next({ headersAfter: gate.promise }, { headersAfter: 'never' })
  const patient = status(gateway)
  await a.waitRequest(1)
  await gateway.apply({ backends, limits: { total: '100ms' } })
  t.equal(await status(gateway), 504)
  gate.resolve(true)
  t.equal(await patient, 200)
})

t.test('50 configurations under load: no request fails, and no timer, socket or listener is left over', async (t) => {
  const names = ['a', 'b', 'c']
  const ups = await Promise.all(names.map(() => upstream(t)))
  const keys = [{ id: 'k', hash: hashed('sk-k') }]
  const config = (round: number): ConfigObject => ({
    // Two of three, another two each time, under names that change as well.
    backends: [0, 1].map((i) =>
      backend(names[(round + i) % 3]!, ups[(round + i) % 3]!, { weight: 1 + (round % 2), key: `k${round}` }),
    ),
    routes: [{ name: 'all', candidates: ['*'], strategy: round % 2 === 0 ? 'round_robin' : 'balanced' }],
    budgets: [{ name: 'many', of: 'key', requests: 1_000_000 + round, per: 'month' }],
    discovery: { timeout: `${2_000 + (round % 2)}ms`, interval: `${30 + (round % 3)}s` },
    keys,
  })
  const gateway = await gatewayFor(t, config(0))
  const counted = (): Record<string, number> => {
    const left: Record<string, number> = { pools: gateway.pools() }
    for (const kind of process.getActiveResourcesInfo()) left[kind] = (left[kind] ?? 0) + 1
    for (const name of process.eventNames()) left[`on ${String(name)}`] = process.listenerCount(name)
    // Of the callers, of the gateway and of the upstreams.
    delete left['TCPSocketWrap']
    return left
  }
  let running = true
  const statuses: number[] = []
  const load = async (stream: boolean): Promise<void> => {
    const client = await RawClient.open(gateway.url)
    while (running) {
      const body = stream ? chatStream({ model: 'all' }) : chat({ model: 'all' })
      const answer = await client.send(CHAT_PATH, { body, headers: as('sk-k') })
      const text = (await answer.body()).toString()
      statuses.push(stream && !text.includes('[DONE]') ? -1 : answer.status)
    }
    client.destroy()
    await client.closed
  }
  /** Each configuration is in force for some requests. */
  const swap = async (from: number, to: number): Promise<void> => {
    for (let round = from; round <= to; round++) {
      await gateway.apply(config(round))
      const before = statuses.length
      await eventually(2_000, 'requests', () => statuses.length > before)
    }
  }
  const loaded = async (from: number, to: number): Promise<void> => {
    running = true
    const calls = [true, false, true, false].map(load)
    await swap(from, to)
    running = false
    await Promise.all(calls)
  }
  const idle = (round: number): FaultUpstream => ups[(round + 2) % 3]!
  await loaded(1, 2)
  await within(2_000, 'the connections to the backend that is gone', idle(2).waitSockets(0))
  const before = counted()
  await loaded(3, 50)
  t.strictSame(
    statuses.filter((one) => one !== 200),
    [],
  )
  await within(2_000, 'the connections to the backend that is gone', idle(50).waitSockets(0))
  let after = counted()
  const isLeft = (): boolean => Object.entries(after).some(([what, count]) => count > (before[what] ?? 0))
  await eventually(5_000, 'the end of what was drained', () => {
    after = counted()
    return !isLeft()
  }).catch(() => t.strictSame(after, before))
  t.equal(after['pools'], 2)
})
