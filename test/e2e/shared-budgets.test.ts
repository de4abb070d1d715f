/** Two gateway processes before one Redis. */
import t, { type Test } from 'tap'
import { chat, CHAT_PATH, errorOf } from '../support/chat.ts'
import { eventually } from '../support/await.ts'
import { missing } from '../support/engines.ts'
import { type FaultUpstream, startFaultUpstream } from '../support/fault-upstream.ts'
import { hashed } from '../support/gateway.ts'
import { type GatewayProcess, startGatewayProcess } from '../support/gateway-process.ts'
import { rawPost } from '../support/raw-client.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'

const skip = missing('redis')
const OWN = { authorization: 'Bearer sk-ann' }

interface World {
  readonly redis: RedisServer
  readonly upstream: FaultUpstream
  readonly gateways: readonly GatewayProcess[]
}

async function world(t: Test, budgets: readonly object[], key: object = {}): Promise<World> {
  const redis = await startRedis(t)
  const upstream = await startFaultUpstream()
  t.teardown(() => upstream.close())
  const config = {
    backends: [{ name: 'up', kind: 'openai-compatible', url: upstream.url, models: ['tiny'] }],
    models: { tiny: { price: { input_per_mtok_usd: 1000, output_per_mtok_usd: 1000 } } },
    keys: [
      { id: 'ann', hash: hashed('sk-ann'), team: 'red', ...key },
      { id: 'warm', hash: hashed('sk-warm'), team: 'blue' },
    ],
    budgets,
    store: { redis: redis.url },
  }
  const gateways = await Promise.all([0, 1].map(() => startGatewayProcess(config)))
  for (const gateway of gateways) t.teardown(() => gateway.close())
  // A process that has just started is slow enough to take Redis for gone when hundreds come at once.
  for (let i = 0; i < 30; i++)
    await Promise.all(
      gateways.map(async (gateway) => {
        const response = await rawPost(gateway.url, '/v1/route', chat(), { authorization: 'Bearer sk-warm' })
        await response.complete
      }),
    )
  return { redis, upstream, gateways }
}

async function ask(gateway: GatewayProcess, fields: object = {}): Promise<number> {
  const response = await rawPost(gateway.url, CHAT_PATH, { ...chat(), ...fields }, OWN)
  await response.complete
  return response.status
}

t.test('500 at once at a limit of 100, in two processes: 100 pass', { skip }, async (t) => {
  const { upstream, gateways } = await world(t, [{ name: 'few', of: 'team', requests: 100, per: 'month' }])
  const statuses = await Promise.all(Array.from({ length: 500 }, (_, index) => ask(gateways[index % 2]!)))
  t.equal(statuses.filter((status) => status === 200).length, 100)
  t.equal(statuses.filter((status) => status === 429).length, 400)
  t.equal(upstream.requests.length, 100)
})

t.test('money is counted by both together', { skip }, async (t) => {
  const { upstream, gateways } = await world(t, [{ name: 'teams', of: 'team', usd: 2, per: 'month' }])
  for (let round = 0; round < 40; round++)
    await Promise.all([0, 1, 2, 3].map((index) => ask(gateways[index % 2]!, { max_tokens: 40 })))
  const spent = await Promise.all(gateways.map((gateway) => gateway.metric('turnout_cost_usd_total')))
  const sum = spent[0]! + spent[1]!
  const each = sum / upstream.requests.length
  t.ok(
    spent.every((one) => one > 0),
    'both have spent',
  )
  t.ok(sum >= 2 - 1e-9 && sum < 2 + 1.5 * each, `${sum} USD of 2, ${each} an answer`)
})

t.test('requests per minute of a key hold over both', { skip }, async (t) => {
  const { gateways } = await world(t, [], { rpm: 20 })
  const statuses = await Promise.all(Array.from({ length: 100 }, (_, index) => ask(gateways[index % 2]!)))
  t.equal(statuses.filter((status) => status === 200).length, 20)
})

t.test('a process that is killed holds no places for ever, and Redis may go and come', { skip }, async (t) => {
  const { redis, upstream, gateways } = await world(t, [
    { name: 'open', of: 'team', requests: 1000, per: 'month' },
    { name: 'shut', of: 'key', ids: ['nobody'], requests: 1, per: 'month', on_store_error: 'deny' },
  ])
  const [one, other] = gateways
  upstream.next({ headersAfter: 'never' })
  void ask(one!).catch(() => undefined)
  await upstream.waitRequest(1)
  one!.signal('SIGKILL')
  await one!.exited
  t.equal(await ask(other!), 200)
  await redis.stop()
  t.equal(await ask(other!), 200, 'a limit that is open counts alone')
  await eventually(5_000, 'the metric tells', async () => (await other!.metric('turnout_limits_store_up')) === 0)
  await eventually(5_000, 'the log tells', () => other!.logged().includes('store_away'))
  await redis.start()
  await eventually(10_000, 'it is asked again', async () => {
    await ask(other!)
    return (await other!.metric('turnout_limits_store_up')) === 1
  })
})

t.test('a limit that is closed refuses while Redis is away', { skip }, async (t) => {
  const { redis, gateways } = await world(t, [
    { name: 'shut', of: 'team', requests: 1000, per: 'month', on_store_error: 'deny' },
  ])
  t.equal(await ask(gateways[0]!), 200)
  await redis.stop()
  const refused = await rawPost(gateways[0]!.url, CHAT_PATH, chat(), OWN)
  t.equal(refused.status, 503)
  t.match(errorOf(await refused.json()), { code: 'budget_store_unavailable', source: 'turnout' })
  t.equal(await gateways[0]!.metric('turnout_budget_refusals_total', { budget: 'shut', reason: 'away' }), 1)
})
