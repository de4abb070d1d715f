/** Redis that goes, comes, forgets, does not answer or takes nothing. */
import t from 'tap'
import { eventually } from '../support/await.ts'
import { missing } from '../support/engines.ts'
import { startRedis } from '../support/redis.ts'
import { budget, claim, NOON, NOTHING, subject } from './rig.ts'
import { heldOf, holdingOf, sharedDesk, storeOf, tryTo, usedOf } from './shared-rig.ts'

const skip = missing('redis')

t.test('limits hold by what was last known while Redis is away', { skip }, async (t) => {
  const redis = await startRedis(t)
  const open = budget({ name: 'open', nanoUsd: 10e9, requests: 5 })
  const one = await sharedDesk(t, redis, [open])
  ;(await one.limiter.reserve(subject(), [], claim(1e9), 'a')).settle(claim(1e9))
  await eventually(5_000, 'it is told', () => one.limiter.settled)
  await redis.stop()
  const results = []
  for (let i = 0; i < 8; i++) results.push(await tryTo(() => one.limiter.reserve(subject(), [], claim(1e9), `b${i}`)))
  const admitted = results.filter((result) => typeof result !== 'string')
  t.equal(admitted.length, 4, 'counted here alone, on top of what was known')
  const [still, ...ended] = admitted
  for (const reservation of ended) reservation.settle(claim(1e9))
  t.equal(one.limiter.up, false)
  t.strictSame(
    one.told.map(({ event }) => event).filter((event) => event.startsWith('store')),
    ['store_away'],
    'told once',
  )
  const closed = await sharedDesk(t, redis, [budget({ name: 'shut', nanoUsd: 10e9, onStoreError: 'deny' })])
  t.match(await tryTo(() => closed.limiter.reserve(subject(), [], NOTHING, 'c')), /"shut" cannot be checked/)
  t.strictSame(closed.refused, ['shut away'])
  await t.rejects(one.limiter.reset('open', null), { code: 'budget_store_unavailable' })
  await redis.start()
  await eventually(5_000, 'Redis is asked again', async () => {
    const again = await tryTo(() => closed.limiter.reserve(subject(), [], NOTHING, 'd'))
    return typeof again !== 'string'
  })
  await eventually(5_000, 'all is told', () => one.limiter.up && one.limiter.settled)
  const store = await storeOf(t, redis)
  const count = store.count(open, 'red', NOON)
  t.strictSame(
    await usedOf(store, count),
    { nanoUsd: 4e9, tokens: 0, requests: 5 },
    'what was spent meanwhile, and what Redis knew before',
  )
  t.strictSame(await heldOf(store, count), ['1000000000', '1'], 'what is still under way')
  still!.settle(claim(5e8))
  await eventually(5_000, 'it is told', () => one.limiter.settled)
  t.strictSame(await usedOf(store, count), { nanoUsd: 4.5e9, tokens: 0, requests: 5 })
  t.equal(one.told.filter(({ event }) => event === 'store_back').length, 1)
})

t.test('Redis that has forgotten all is reminded', { skip }, async (t) => {
  const redis = await startRedis(t)
  const specs = [budget({ nanoUsd: 10e9 }), budget({ name: 'air', of: 'key', per: null, parallel: 2 })]
  const [one, other] = [await sharedDesk(t, redis, specs), await sharedDesk(t, redis, specs)]
  ;(await one.limiter.reserve(subject(), [], claim(6e9), 'a')).settle(claim(6e9))
  await eventually(5_000, 'it is told', () => one.limiter.settled)
  const open = [
    await one.limiter.reserve(subject(), [], claim(1e9), 'b'),
    await one.limiter.reserve(subject(), [], claim(1e9), 'c'),
  ]
  const store = await storeOf(t, redis)
  const count = store.count(specs[0]!, 'red', NOON)
  await store.client.flushall()
  t.match(await tryTo(() => one.limiter.reserve(subject(), [], claim(1e9), 'd')), /2 requests are in flight/)
  t.match(await usedOf(store, count), { nanoUsd: 6e9 })
  t.match(await tryTo(() => other.limiter.reserve(subject(), [], claim(1e9), 'e')), /2 requests are in flight/)
  open[0]!.settle(claim(5e8))
  await eventually(5_000, 'it is told', () => one.limiter.settled)
  await store.client.flushall()
  open[1]!.settle(claim(5e8))
  await eventually(5_000, 'it is told', () => one.limiter.settled)
  t.match(await usedOf(store, count), { nanoUsd: 7e9 }, 'never less than nothing')
  t.equal((await heldOf(store, count))[0] ?? '0', '0')
  t.strictSame([...one.told, ...other.told], [], 'Redis was there all the time')
})

t.test('a short pause between two answers loses nothing', { skip }, async (t) => {
  const redis = await startRedis(t)
  const { limiter } = await sharedDesk(t, redis, [budget({ nanoUsd: 10e9 })])
  const reservation = await limiter.reserve(subject(), [], claim(5e9), 'a')
  redis.freeze()
  reservation.settle(claim(1e9))
  await eventually(5_000, 'it is noticed', () => !limiter.up)
  redis.thaw()
  await eventually(5_000, 'it is told', () => limiter.up && limiter.settled)
  const store = await storeOf(t, redis)
  const count = store.count(budget(), 'red', NOON)
  t.strictSame(await usedOf(store, count), { nanoUsd: 1e9, tokens: 0, requests: 1 })
  t.strictSame(await heldOf(store, count), ['0', '0'])
})

t.test('Redis that takes no writes is away until it does', { skip }, async (t) => {
  const redis = await startRedis(t)
  const { limiter, told } = await sharedDesk(t, redis, [budget({ nanoUsd: 10e9 })])
  const store = await storeOf(t, redis)
  await store.client.config('SET', 'maxmemory', '1')
  ;(await limiter.reserve(subject(), [], claim(1e9), 'a')).settle(claim(1e9))
  // Several probes long.
  const until = Date.now() + 1_500
  await eventually(5_000, 'some time goes by', () => Date.now() > until)
  t.equal(limiter.up, false)
  t.strictSame(told, [{ event: 'store_away' }])
  await store.client.config('SET', 'maxmemory', '0')
  await eventually(5_000, 'it is told', () => limiter.up && limiter.settled)
  t.strictSame(await usedOf(store, store.count(budget(), 'red', NOON)), { nanoUsd: 1e9, tokens: 0, requests: 1 })
})

t.test('Redis that takes everything and answers nothing holds no request up for long', { skip }, async (t) => {
  const redis = await startRedis(t)
  const { limiter, store } = await sharedDesk(t, redis, [budget({ nanoUsd: 10e9 })])
  ;(await limiter.reserve(subject(), [], NOTHING, 'a')).settle(NOTHING)
  redis.freeze()
  let started = performance.now()
  const first = await tryTo(() => limiter.reserve(subject(), [], claim(1e9), 'b'))
  if (typeof first === 'string') throw new Error(first)
  t.ok(performance.now() - started < 2_000)
  started = performance.now()
  t.equal(typeof (await tryTo(() => limiter.reserve(subject(), [], claim(1e9), 'c'))), 'object')
  t.ok(performance.now() - started < 200, 'others do not wait')
  started = performance.now()
  await t.rejects(store.client.get('x'))
  t.ok(performance.now() - started < 200, 'those who share the client do not either')
  first.settle(claim(1e9))
  redis.thaw()
  await eventually(10_000, 'it is asked again', () => limiter.up && limiter.settled)
  const [count] = [store.count(budget(), 'red', NOON)]
  t.match(await usedOf(store, count), { nanoUsd: 1e9, requests: 3 })
  t.strictSame(await heldOf(store, count), ['1000000000', '1'], 'the one that is still under way')
})

t.test('a process that is too busy to read does not take Redis for gone', { skip }, async (t) => {
  const redis = await startRedis(t)
  const { limiter, told } = await sharedDesk(t, redis, [budget({ requests: 2 })])
  ;(await limiter.reserve(subject(), [], NOTHING, 'a')).settle(NOTHING)
  await eventually(5_000, 'it is told', () => limiter.settled)
  const asked = [0, 1, 2].map((index) => tryTo(() => limiter.reserve(subject(), [], NOTHING, `b${index}`)))
  const until = performance.now() + 1_500
  while (performance.now() < until);
  const answers = await Promise.all(asked)
  t.equal(answers.filter((one) => typeof one !== 'string').length, 1, 'as Redis counts')
  t.equal(limiter.up, true)
  t.strictSame(
    told.filter(({ event }) => event === 'store_away'),
    [],
  )
})

t.test('what is under way when Redis forgets counts once', { skip }, async (t) => {
  const redis = await startRedis(t)
  const specs = [budget({ requests: 100, nanoUsd: 100e9 })]
  const [one, other] = [await sharedDesk(t, redis, specs), await sharedDesk(t, redis, specs)]
  const open = []
  for (const [index, { limiter }] of [one, one, other].entries())
    open.push(await limiter.reserve(subject(), [], claim(1e9), `open${index}`))
  for (const { limiter } of [one, other]) {
    ;(await limiter.reserve(subject(), [], claim(1e9), 'ended')).settle(claim(1e9))
    await eventually(5_000, 'it is told', () => limiter.settled)
  }
  const store = await storeOf(t, redis)
  const count = store.count(specs[0]!, 'red', NOON)
  for (let times = 0; times < 2; times++) {
    await store.client.flushall()
    for (const { limiter } of [one, other]) open.push(await limiter.reserve(subject(), [], claim(1e9), `again${times}`))
  }
  t.match(await usedOf(store, count), { nanoUsd: 2e9, requests: 2 + open.length })
  t.strictSame(await heldOf(store, count), [String(open.length * 1e9), String(open.length)])
  for (const reservation of open) reservation.settle(claim(5e8))
  for (const { limiter } of [one, other]) await eventually(5_000, 'it is told', () => limiter.settled)
  t.match(await usedOf(store, count), { nanoUsd: 2e9 + open.length * 5e8, requests: 2 + open.length })
})

t.test('a request that Redis reads after its end takes nothing', { skip }, async (t) => {
  const redis = await startRedis(t)
  const store = await storeOf(t, redis)
  const count = store.count(budget({ nanoUsd: 10e9 }), 'red', NOON)
  for (const [id, actual] of [
    ['sent', claim(1e9)],
    ['not sent', null],
  ] as const) {
    const holding = holdingOf([count], id, 5e9)
    await store.settle(holding, actual, '', NOON)
    await store.reserve(holding, 60_000, '', NOON)
  }
  t.match(await usedOf(store, count), { nanoUsd: 1e9, requests: 1 })
  t.equal((await heldOf(store, count))[1] ?? '0', '0')
})
