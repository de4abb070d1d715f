/** What single steps do in a real Redis. */
import t from 'tap'
import { missing } from '../support/engines.ts'
import { eventually } from '../support/await.ts'
import { startRedis } from '../support/redis.ts'
import { budget, claim, NOON, NOTHING, subject } from './rig.ts'
import { heldOf, holdingOf, sharedDesk, storeOf, taken, tryTo, usedOf } from './shared-rig.ts'

const skip = missing('redis')

t.test('a request that runs longer than its lease', { skip }, async (t) => {
  const redis = await startRedis(t)
  const store = await storeOf(t, redis)
  const counts = [store.count(budget({ nanoUsd: 10e9, parallel: 1 }), 'red', NOON)]
  let named = 0
  let other = holdingOf(counts, 'other', 0)
  const long = await taken(store, counts, 'long', 2e9, 1_000)
  const until = Date.now() + 2_500
  while (Date.now() < until) await store.refresh(long, 1_000, NOON)
  t.match(await store.reserve(other, 1_000, '', NOON), { block: { reason: 'parallel' } })
  t.match(await store.settle(long, claim(1e9), '', NOON), [{ nanoUsd: 1e9, requests: 1 }])
  const over = async (): Promise<void> => {
    await eventually(5_000, 'the lease is over', async () => {
      other = holdingOf(counts, `other${++named}`, 0)
      const { outcome } = await store.reserve(other, 1, '', NOON)
      return outcome === 'taken'
    })
    await store.settle(other, null, '', NOON)
  }
  // One whose lease was over was taken for spent: settled late, it costs what it did.
  const late = await taken(store, counts, 'late', 5e9, 1)
  await over()
  t.match(await usedOf(store, counts[0]!), { nanoUsd: 6e9 })
  t.match(await store.settle(late, claim(2e9), '', NOON), [{ nanoUsd: 3e9 }])
  // One that is heard of again goes on.
  const again = await taken(store, counts, 'again', 4e9, 1)
  await over()
  t.match(await usedOf(store, counts[0]!), { nanoUsd: 7e9 })
  await store.refresh(again, 60_000, NOON)
  t.match(await usedOf(store, counts[0]!), { nanoUsd: 3e9 }, 'what it holds is held, and not spent')
  t.match(await store.reserve(holdingOf(counts, 'last', 0), 1, '', NOON), { block: { reason: 'parallel' } })
  t.match(await store.settle(again, claim(1e9), '', NOON), [{ nanoUsd: 4e9 }])
})

t.test('told twice it counts once', { skip }, async (t) => {
  const redis = await startRedis(t)
  const store = await storeOf(t, redis)
  const counts = [store.count(budget({ nanoUsd: 10e9 }), 'red', NOON)]
  const known = await taken(store, counts, 'known', 4e9, 60_000)
  const unheard = { ...(await taken(store, counts, 'unheard', 4e9, 60_000)), memory: '' }
  const never = holdingOf(counts, 'never told', 4e9)
  for (let round = 0; round < 3; round++)
    for (const holding of [known, unheard, never]) await store.settle(holding, claim(1e9), '', NOON)
  t.strictSame(await usedOf(store, counts[0]!), { nanoUsd: 3e9, tokens: 0, requests: 3 })
  const unsent = { ...(await taken(store, counts, 'unsent', 4e9, 60_000)), memory: '' }
  for (let round = 0; round < 2; round++) await store.settle(unsent, null, '', NOON)
  await store.settle(holdingOf(counts, 'never asked', 4e9), null, '', NOON)
  t.strictSame(await usedOf(store, counts[0]!), { nanoUsd: 3e9, tokens: 0, requests: 3 })
  t.strictSame(await heldOf(store, counts[0]!), ['0', '0'])
})

t.test('one count is set back, and no other', { skip }, async (t) => {
  const redis = await startRedis(t)
  const specs = ['b', 'b:user', 'b*'].map((name) => budget({ name, of: 'user', requests: 1 }))
  const ids = ['red', 'x:red', 'a*', 'ab', 'lone \ud800', 'y'.repeat(5_000)]
  const { limiter, told } = await sharedDesk(t, redis, specs)
  for (const user of ids) (await limiter.reserve(subject({ user }), [], NOTHING, 'a')).settle(NOTHING)
  await eventually(5_000, 'it is told', () => limiter.settled && told.length === specs.length * ids.length)
  t.equal(await limiter.reset('b', 'red'), 1)
  t.equal(await limiter.reset('b', 'a*'), 1)
  t.equal(await limiter.reset('b*', 'lone \ud800'), 1)
  t.equal(await limiter.reset('nobody', null), 0)
  const back = ['b red', 'b a*', 'b* lone \ud800']
  const store = await storeOf(t, redis)
  for (const spec of specs)
    for (const user of ids) {
      const name = `${spec.name} ${user}`
      const requests = back.includes(name) ? 0 : 1
      t.match(await usedOf(store, store.count(spec, user, NOON)), { requests }, name.slice(0, 20))
      t.equal(limiter.states().find((one) => `${one.name} ${one.id}` === name)?.used.requests, requests)
    }
  t.equal(await limiter.reset('b', null), ids.length)
  for (const key of await store.client.keys('*')) t.ok(key.length < 250, key)
})

t.test('nothing stays in Redis for ever, and numbers of no size do no harm', { skip }, async (t) => {
  const redis = await startRedis(t)
  const specs = [
    budget({ nanoUsd: 10e9, soft: 0.1, tokens: 1e12 }),
    budget({ name: 'air', of: 'key', per: null, parallel: 2 }),
    budget({ name: 'nothing', of: 'user', requests: 0 }),
  ]
  const { limiter } = await sharedDesk(t, redis, specs)
  for (const odd of [0.5, 1e300, Infinity, Number.NaN, -5])
    (await limiter.reserve(subject(), [], { nanoUsd: 0.1, tokens: odd }, 'a')).settle({ nanoUsd: 0.25, tokens: 1.5 })
  await eventually(5_000, 'it is told', () => limiter.settled)
  t.equal(limiter.up, true)
  t.match(limiter.states()[0], { used: { nanoUsd: 5, tokens: 10, requests: 5 }, reserved: { nanoUsd: 0, tokens: 0 } })
  t.match(await tryTo(() => limiter.reserve(subject({ user: 'u' }), [], NOTHING, 'b')), /0 requests a day are used up/)
  const open = await limiter.reserve(subject(), [], claim(2e9), 'c')
  const store = await storeOf(t, redis)
  await eventually(5_000, 'somebody is told', async () => (await store.client.keys('*:user:*')).length > 0)
  const keys = await store.client.keys('*')
  t.ok(keys.length >= 5, keys.join())
  for (const key of keys) t.ok((await store.client.pttl(key)) > 0, key)
  open.settle(NOTHING)
})
