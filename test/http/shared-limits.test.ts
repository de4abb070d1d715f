import { Redis } from 'ioredis'
import t from 'tap'
import { type Minute, type MinuteCounts, OwnMinutes, SharedMinutes } from '../../src/http/admission/minute-counts.ts'
import { missing } from '../support/engines.ts'
import { startRedis } from '../support/redis.ts'

const used = async (minutes: MinuteCounts, add = true): Promise<number> => (await minutes.count('few', add)).used

t.test(
  'requests per minute of a key hold over all processes that share a Redis',
  { skip: missing('redis') },
  async (t) => {
    const redis = await startRedis(t)
    const client = (): Redis => {
      const own = new Redis(redis.url, { enableOfflineQueue: true, maxRetriesPerRequest: 0 })
      own.on('error', () => undefined)
      t.teardown(() => own.disconnect())
      return own
    }
    const [one, two] = [new SharedMinutes(client()), new SharedMinutes(client())]
    t.strictSame(await one.count('few', false), { used: 0, leftMs: 0 }, 'a look counts nothing')
    t.strictSame([await used(one), await used(two), await used(one), await used(two)], [1, 2, 3, 4])
    t.equal(await used(one, false), 4)
    t.equal((await two.count('other', true)).used, 1, 'another key has its own count')
    const { leftMs } = await two.count('few', true)
    t.ok(leftMs > 0 && leftMs <= 60_000, `${leftMs} ms`)
    const reader = client()
    t.equal((await reader.keys('turnout-rpm-*')).length, 2)
    await reader.persist('turnout-rpm-few')
    t.ok((await one.count('few', true)).leftMs > 0, 'a count that lost its end gets one')
  },
)

t.test('while Redis is away nobody is refused', async (t) => {
  const away = new SharedMinutes({ eval: () => Promise.reject(new Error('away')) })
  for (let times = 0; times < 3; times++) t.strictSame(await away.count('few', true), { used: 0, leftMs: 0 })
})

t.test('without one each process counts for itself', async (t) => {
  const [one, two] = [new OwnMinutes(), new OwnMinutes()]
  const counts: Minute[] = [1, 2, 3, 4].map(() => one.count('few', true))
  t.strictSame(
    counts.map((minute) => minute.used),
    [1, 2, 3, 4],
  )
  t.equal(two.count('few', true).used, 1)
})
