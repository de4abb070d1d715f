/** The places that answers are kept in, each held to the same. */
import t, { type Test } from 'tap'
import { FolderPlace } from '../../src/answers/folder-place.ts'
import { MemoryPlace } from '../../src/answers/memory-place.ts'
import type { AnswerPlace } from '../../src/answers/places.ts'
import { RedisPlace } from '../../src/answers/redis-place.ts'
import { PatientRedis } from '../../src/budgets/patient-redis.ts'
import { eventually } from '../support/await.ts'
import { missing } from '../support/engines.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'

const KEPT_MS = 60_000
const MOST = 1_000
const skip = missing('redis')
const record = (size: number, of = 'x'): Buffer => Buffer.alloc(size, of)

async function clientOf(test: Test, { url }: RedisServer): Promise<PatientRedis> {
  const client = new PatientRedis(url)
  client.on('error', () => undefined)
  test.teardown(() => client.disconnect())
  await eventually(5_000, 'a connection', () => client.status === 'ready')
  return client
}

const PLACES: Readonly<Record<string, (test: Test) => Promise<AnswerPlace>>> = {
  memory: () => Promise.resolve(new MemoryPlace(MOST)),
  folder: (test) => FolderPlace.open(test.testdir(), MOST),
  redis: async (test) => new RedisPlace(await clientOf(test, await startRedis(test)), MOST, KEPT_MS),
}

for (const [name, open] of Object.entries(PLACES))
  t.test(`${name}: what is kept is there, once, until it is deleted`, { skip: name === 'redis' && skip }, async (t) => {
    const place = await open(t)
    t.equal(await place.get('none'), null)
    t.equal(await place.delete('none'), false)

    place.put('a', record(100))
    t.strictSame(await place.get('a'), record(100), 'at once')
    await place.close()
    t.strictSame(await place.get('a'), record(100), 'and when it is written')
    t.equal(await place.delete('a'), true)
    t.equal(await place.get('a'), null)
    t.equal(await place.delete('a'), false)
    place.put('a', record(50))
    t.strictSame(await place.get('a'), record(50), 'a name is free again')

    place.put('b', record(10, '1'))
    place.put('b', record(10, '2'))
    t.equal(await place.get('b'), null, 'two of a name at once are neither')
    await place.close()
    t.equal(await place.get('b'), null, 'nor later')
    t.equal(await place.delete('b'), false)
    place.put('a', record(60))
    t.equal(await place.get('a'), null, 'nor is one of which another was written before')

    place.put('c', record(10))
    t.equal(await place.delete('c'), true, 'also what is still to be written')
    await place.close()
    t.equal(await place.get('c'), null)

    place.put('large', record(MOST + 1))
    t.equal(await place.get('large'), null, 'more than the place may hold is not kept')
    await place.close()
    t.equal(await place.get('large'), null)
  })

t.test('Redis: records expire, and two that ask the same one see the same', { skip }, async (t) => {
  const redis = await startRedis(t)
  const [one, other] = [await clientOf(t, redis), await clientOf(t, redis)]
  const [here, there] = [new RedisPlace(one, MOST, KEPT_MS), new RedisPlace(other, MOST, KEPT_MS)]
  here.put('a', record(10))
  t.strictSame(await there.get('a'), record(10), 'even while it is on its way')
  there.put('a', record(20))
  await there.close()
  t.equal(await here.get('a'), null)
  here.put('b', record(10))
  await here.close()
  for (const key of await one.keys('*')) {
    t.match(key, /^turnout:answer:/)
    const left = await one.pttl(key)
    t.ok(left > KEPT_MS - 10_000 && left <= KEPT_MS, `${key}: ${left} ms`)
  }
  t.equal(await there.delete('b'), true)
  t.equal(await here.get('b'), null)
  const brief = new RedisPlace(one, MOST, 50)
  brief.put('c', record(10))
  await brief.close()
  await eventually(2_000, 'its end', async () => (await one.exists('turnout:answer:c')) === 0)
  t.equal(await here.get('c'), null)
})

t.test(
  'Redis that is away keeps nothing, holds nobody up for it, and no more memory than it may',
  { skip },
  async (t) => {
    const redis = await startRedis(t)
    const place = new RedisPlace(await clientOf(t, redis), MOST, KEPT_MS)
    place.put('before', record(10))
    await place.close()
    redis.freeze()
    for (let at = 0; at < 5; at++) place.put(`late ${at}`, record(300))
    redis.thaw()
    await place.close()
    t.strictSame(await place.get('late 2'), record(300), 'a short pause loses nothing')
    t.equal(await place.get('late 4'), null, 'but what is too much on its way at once')
    redis.freeze()
    place.put('late', record(300))
    await t.rejects(async () => await place.get('before'), { code: 'answer_store_unavailable', status: 503 })
    await t.rejects(async () => await place.delete('before'), { code: 'answer_store_unavailable' })
    await redis.stop()
    await place.close()
    await t.rejects(async () => await place.get('late'), { code: 'answer_store_unavailable' })
    await redis.start()
    await eventually(5_000, 'Redis is back', async () => {
      place.put('after', record(10))
      await place.close()
      return (await Promise.resolve(place.get('after')).catch(() => null)) !== null
    })
  },
)
