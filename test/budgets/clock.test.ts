/** Clocks that are set: forward, back, over restarts, in memory and in Redis. */
import t from 'tap'
import { PERIODS } from '../../src/core/budget.ts'
import type { Limiter } from '../../src/budgets/limiter.ts'
import type { MemoryLimiter } from '../../src/budgets/memory.ts'
import { type Minute, OwnMinutes } from '../../src/http/admission/minute-counts.ts'
import { eventually } from '../support/await.ts'
import { missing } from '../support/engines.ts'
import { pick, seeded } from '../support/random.ts'
import { startRedis } from '../support/redis.ts'
import { budget, claim, desk, NOON, subject } from './rig.ts'
import { sharedDesk, tryTo } from './shared-rig.ts'

const YEAR_MS = 366 * 86_400_000
const JUMPS = [61_000, 3_600_001, 86_400_000, 40 * 86_400_000, YEAR_MS, 9 * YEAR_MS]

/** One USD at a time of ten; whether it was let in. */
async function spend(limiter: Limiter): Promise<boolean> {
  const reservation = await tryTo(() => limiter.reserve(subject(), [], claim(1e9, 10), 'r'))
  if (typeof reservation === 'string') return false
  reservation.settle(claim(1e9, 10))
  return true
}

const usedUsd = (limiter: MemoryLimiter): number => limiter.states()[0]!.used.nanoUsd / 1e9

for (const per of PERIODS)
  for (const jump of JUMPS)
    t.test(`a budget by the ${per} outlives a clock that is set by ${jump / 60_000} min, and back`, async (t) => {
      for (const direction of [1, -1]) {
        const one = desk([budget({ per, nanoUsd: 3e9 })])
        for (let i = 0; i < 2; i++) t.ok(await spend(one.limiter))
        const inFlight = one.limiter.reserve(subject(), [], claim(0, 0))
        one.clock.now = NOON + direction * jump
        const elsewhere = usedUsd(one.limiter)
        for (let i = 0; i < 3; i++) await spend(one.limiter)
        const kept = JSON.parse(JSON.stringify(one.limiter.snapshot(1))) as ReturnType<MemoryLimiter['snapshot']>
        one.clock.now = NOON
        t.equal(usedUsd(one.limiter), elsewhere === 0 ? 2 : 3, 'what was used before is still used')
        inFlight.settle(claim(0.5e9, 1))
        t.equal(usedUsd(one.limiter), elsewhere === 0 ? 2.5 : 3.5, 'and counts in the window that it began in')
        if (elsewhere === 0) t.ok(await spend(one.limiter), 'the rest is free')
        t.notOk(await spend(one.limiter), 'and no more')
        one.clock.now = NOON + 100 * 86_400_000
        t.ok(await spend(one.limiter), 'the next window is open')

        if (per === 'minute') continue
        const [again] = [desk([budget({ per, nanoUsd: 3e9 })])]
        again.clock.now = NOON + direction * jump
        again.limiter.restore(kept)
        if (elsewhere === 0) t.notOk(await spend(again.limiter), 'a restart meanwhile: as it was')
        again.clock.now = NOON
        t.equal(usedUsd(again.limiter), elsewhere === 0 ? 2 : 3, 'a restart meanwhile, and back')
      }
    })

t.test('requests per minute of a key go by a clock that cannot be set', async (t) => {
  const minutes = new OwnMinutes()
  const count = (): Minute => minutes.count('k', true)
  const real = Date.now
  t.teardown(() => (Date.now = real))
  t.equal(count().used, 1)
  Date.now = () => real() + YEAR_MS
  t.equal(count().used, 2, 'a step forward begins no new minute')
  Date.now = real
  const { used, leftMs } = count()
  t.equal(used, 3)
  t.ok(leftMs > 0 && leftMs <= 60_000, `${leftMs} ms`)
  let now = 0
  const timed = new OwnMinutes(() => now)
  const seen: number[] = []
  for (now of [0, 30_000, 59_999, 60_000, 119_999, 120_000]) seen.push(timed.count('k', true).used)
  t.strictSame(seen, [1, 2, 3, 1, 2, 1])
})

t.test('Redis and memory say the same by any clock', { skip: missing('redis') }, async (t) => {
  const redis = await startRedis(t)
  for (let seed = 1; seed <= 8; seed++) {
    const random = seeded(seed)
    // A count in memory keeps three windows.
    const places = [NOON, NOON + pick(random, JUMPS), NOON - pick(random, JUMPS)]
    const clock = { now: NOON }
    const budgets = PERIODS.map((per) => budget({ name: `${per}${seed}`, per, nanoUsd: 3e9 + random() * 9e9 }))
    const { limiter: shared } = await sharedDesk(t, redis, budgets, clock)
    const local = desk(budgets)
    for (let step = 0; step < 60; step++) {
      if (random() < 0.2) clock.now = pick(random, places)
      local.clock.now = clock.now
      const most = claim(Math.round(random() * 1e9))
      const one = await tryTo(() => shared.reserve(subject(), [], most, `r${step}`))
      const other = await tryTo(() => local.limiter.reserve(subject(), [], most))
      if (typeof one === 'string' || typeof other === 'string') {
        if (one !== other) t.equal(one, other, `seed ${seed} step ${step}`)
        continue
      }
      one.settle(most)
      other.settle(most)
      await eventually(5_000, 'it is told', () => shared.settled)
    }
  }
  t.pass('8 sequences of 60 steps')
})

t.test('a key of Redis lives no shorter because a clock was set forward', { skip: missing('redis') }, async (t) => {
  const redis = await startRedis(t)
  const clock = { now: NOON }
  const { limiter, store } = await sharedDesk(t, redis, [budget({ per: 'month', nanoUsd: 9e9, requests: 9 })], clock)
  const open = await limiter.reserve(subject(), [], claim(1e9), 'r')
  const count = store.count(budget({ per: 'month', nanoUsd: 9e9 }), 'red', NOON)
  const before = await store.client.pttl(count.keys[0])
  clock.now = NOON + YEAR_MS
  await store.refresh({ id: 'other', counts: [count], claim: claim(1), epoch: '' }, 1_000, clock.now)
  open.settle(claim(1e9))
  await eventually(5_000, 'it is told', () => limiter.settled)
  t.ok((await store.client.pttl(count.keys[0])) > before - 60_000)
})
