/** Budgets in a real Redis: the same answers as in memory, several processes, and Redis away. */
import t, { type Test } from 'tap'
import { GatewayError } from '../../src/core/errors.ts'
import type { BudgetSpec } from '../../src/core/principal.ts'
import type { Limiter, LimitsEvent, Reservation } from '../../src/limits/limiter.ts'
import { MemoryLimiter } from '../../src/limits/memory.ts'
import { RedisStore } from '../../src/limits/redis-store.ts'
import { SharedLimiter } from '../../src/limits/shared.ts'
import { eventually } from '../support/await.ts'
import { missing } from '../support/engines.ts'
import { pick, seeded } from '../support/random.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { budget, claim, NOON, NOTHING, subject } from './rig.ts'

const skip = missing('redis')

interface Desk {
  readonly limiter: SharedLimiter
  readonly told: LimitsEvent[]
  readonly refused: string[]
}

async function desk(t: Test, redis: RedisServer, budgets: readonly BudgetSpec[], clock = { now: NOON }): Promise<Desk> {
  const told: LimitsEvent[] = []
  const refused: string[] = []
  const store = new RedisStore(redis.url)
  await store.ready()
  const limiter = new SharedLimiter(budgets, store, {
    now: () => clock.now,
    tell: (event) => told.push(event),
    post: () => Promise.resolve(''),
    onRefused: (name, reason) => refused.push(`${name} ${reason}`),
  })
  t.teardown(() => limiter.close())
  return { limiter, told, refused }
}

/** Null where it is refused. */
async function tryTo(act: () => Reservation | Promise<Reservation>): Promise<Reservation | string> {
  try {
    return await act()
  } catch (thrown) {
    if (thrown instanceof GatewayError) return thrown.message
    throw thrown
  }
}

t.test('any sequence gets the same answers as in memory', { skip }, async (t) => {
  const redis = await startRedis(t)
  for (let seed = 1; seed <= 12; seed++) {
    const random = seeded(seed)
    const clock = { now: NOON }
    const budgets = [
      budget({ name: `team${seed}`, nanoUsd: Math.round(random() * 1e10), tokens: 2000 + Math.round(random() * 8000) }),
      budget({ name: `key${seed}`, of: 'key', per: 'hour', requests: 5 + Math.floor(random() * 40) }),
      budget({ name: `air${seed}`, of: 'key', per: null, parallel: 1 + Math.floor(random() * 8) }),
    ]
    const { limiter: shared } = await desk(t, redis, budgets, clock)
    const local: Limiter = new MemoryLimiter(budgets, {
      now: () => clock.now,
      tell: () => undefined,
      post: () => Promise.resolve(''),
      onRefused: () => undefined,
    })
    const open: [Reservation, Reservation, number][] = []
    for (let step = 0; step < 120; step++) {
      if (random() < 0.45 && open.length > 0) {
        const [one, other, most] = open.splice(Math.floor(random() * open.length), 1)[0]!
        const actual = claim(Math.round(most * random()), Math.round((most / 1e6) * random()))
        one.settle(actual)
        other.settle(actual)
        // The next question must find it told.
        await eventually(5_000, 'it is told', () => shared.settled)
      } else if (random() < 0.02) clock.now += Math.round(random() * 3_600_000)
      else {
        const most = Math.round(random() * 3e9)
        const who = subject({ key: pick(random, ['a', 'b']) })
        const asked = claim(most, Math.round(most / 1e6))
        const [one, other] = [
          await tryTo(() => shared.reserve(who, [], asked, `r${step}`)),
          await tryTo(() => local.reserve(who, [], asked, `r${step}`)),
        ]
        if (typeof one === 'string' || typeof other === 'string') {
          if (one !== other) t.equal(one, other, `seed ${seed} step ${step}`)
        } else open.push([one, other, most])
      }
    }
  }
  t.pass('12 sequences of 120 steps')
})

t.test('500 at once in five gateways at a limit of 100', { skip }, async (t) => {
  const redis = await startRedis(t)
  for (const [index, limit] of [{ requests: 100 }, { parallel: 100, per: null }, { nanoUsd: 100e9 }].entries()) {
    const spec = budget({ name: `b${index}`, ...limit })
    const desks = await Promise.all(Array.from({ length: 5 }, () => desk(t, redis, [spec])))
    const asked = Array.from({ length: 500 }, (_, at) =>
      tryTo(() => desks[at % 5]!.limiter.reserve(subject(), [], claim(1e9), 'the same id for all')),
    )
    const admitted = (await Promise.all(asked)).filter((one) => typeof one !== 'string')
    t.equal(admitted.length, 100, JSON.stringify(limit))
    for (const one of admitted) one.settle(claim(1))
    for (const { limiter } of desks) await eventually(5_000, 'all is told', () => limiter.settled)
    const again = await tryTo(() => desks[0]!.limiter.reserve(subject(), [], claim(1e9), 'x'))
    t.equal(typeof again === 'string', index === 0, 'what was held is free again; requests are used up')
  }
})

t.test('what one gateway spends raises the price in another, and soft limits are told once', { skip }, async (t) => {
  const redis = await startRedis(t)
  const spec = budget({ nanoUsd: 10e9, soft: 0.5, pressure: true })
  const [one, other] = [await desk(t, redis, [spec]), await desk(t, redis, [spec])]
  for (let i = 0; i < 9; i++) {
    const { limiter } = i % 2 === 0 ? one : other
    ;(await limiter.reserve(subject(), [], claim(1e9), `${i}`)).settle(claim(1e9))
    await eventually(5_000, 'it is told', () => limiter.settled)
  }
  for (const { limiter } of [one, other]) {
    t.ok(limiter.pressure(subject(), []) > 0.5)
    t.ok(limiter.states()[0]!.used.nanoUsd >= 8e9, 'each knows what all have spent')
  }
  const soft = [...one.told, ...other.told].filter(({ event }) => event === 'budget_soft')
  t.equal(soft.length, 1)
  t.equal(await one.limiter.reset('b', 'red'), 1)
  t.equal(
    typeof (await tryTo(() => other.limiter.reserve(subject(), [], claim(9e9), 'x'))),
    'object',
    'at once for all',
  )
})

t.test('a gateway that dies', { skip }, async (t) => {
  const redis = await startRedis(t)
  const specs = [budget({ name: 'money', nanoUsd: 10e9 }), budget({ name: 'air', per: null, parallel: 2 })]
  const store = new RedisStore(redis.url)
  await store.ready()
  t.teardown(() => store.close())
  const counts = specs.map((spec) => store.count(spec, 'red', NOON))
  // As a process does that is then killed: it neither settles nor goes on with its lease.
  for (const id of ['dead-1', 'dead-2']) t.equal(await store.reserve(counts, id, 2_000, claim(3e9), NOON), null)
  const { limiter } = await desk(t, redis, specs)
  t.match(await tryTo(() => limiter.reserve(subject(), [], claim(1e9), 'a')), /2 requests are in flight/)
  await eventually(10_000, 'its places are free, and what it held is taken for spent: never too much', async () => {
    const probe = await tryTo(() => limiter.reserve(subject(), [], NOTHING, 'probe'))
    if (typeof probe !== 'string') probe.settle(NOTHING)
    return (await store.read(counts[0]!)).nanoUsd === 6e9
  })
  await eventually(5_000, 'the probes are settled', () => limiter.settled)
  t.equal(typeof (await tryTo(() => limiter.reserve(subject(), [], claim(4e9), 'b'))), 'object')
  t.match(await tryTo(() => limiter.reserve(subject(), [], claim(1e9), 'c')), /may be used up/)
})

t.test('a request that runs longer than its lease', { skip }, async (t) => {
  const redis = await startRedis(t)
  const store = new RedisStore(redis.url)
  await store.ready()
  t.teardown(() => store.close())
  const counts = [store.count(budget({ nanoUsd: 10e9, parallel: 1 }), 'red', NOON)]
  await store.reserve(counts, 'long', 1_000, claim(2e9), NOON)
  const until = Date.now() + 2_500
  while (Date.now() < until) await store.refresh(counts, 'long', 1_000, claim(2e9))
  t.match(await store.reserve(counts, 'other', 1_000, NOTHING, NOON), { block: { reason: 'parallel' } })
  t.match(await store.settle(counts, 'long', claim(2e9), claim(1e9), true), [{ nanoUsd: 1e9, requests: 1 }])
  // One whose lease was over was taken for spent: settled late, it costs what it did.
  await store.reserve(counts, 'late', 1, claim(5e9), NOON)
  await eventually(
    5_000,
    'the lease is over',
    async () => (await store.reserve(counts, 'x', 1, NOTHING, NOON)) === null,
  )
  t.match(await store.settle(counts, 'late', claim(5e9), claim(2e9), true), [{ nanoUsd: 3e9 }])
})

t.test('Redis away', { skip }, async (t) => {
  const redis = await startRedis(t)
  const open = budget({ name: 'open', nanoUsd: 10e9, requests: 5 })
  const one = await desk(t, redis, [open])
  ;(await one.limiter.reserve(subject(), [], claim(1e9), 'a')).settle(claim(1e9))
  await eventually(5_000, 'it is told', () => one.limiter.settled)
  await redis.stop()
  const results = []
  for (let i = 0; i < 8; i++) results.push(await tryTo(() => one.limiter.reserve(subject(), [], claim(1e9), `b${i}`)))
  const admitted = results.filter((result) => typeof result !== 'string')
  t.equal(admitted.length, 4, 'counted here alone, on top of what was known')
  for (const reservation of admitted) reservation.settle(claim(1e9))
  t.equal(one.limiter.up, false)
  t.strictSame(
    one.told.map(({ event }) => event).filter((event) => event.startsWith('store')),
    ['store_away'],
    'told once',
  )
  const closed = await desk(t, redis, [budget({ name: 'shut', nanoUsd: 10e9, whenAway: 'closed' })])
  t.match(await tryTo(() => closed.limiter.reserve(subject(), [], NOTHING, 'c')), /"shut" cannot be looked up/)
  t.strictSame(closed.refused, ['shut away'])
  await redis.start()
  await eventually(5_000, 'Redis is asked again', async () => {
    const again = await tryTo(() => closed.limiter.reserve(subject(), [], NOTHING, 'd'))
    return typeof again !== 'string'
  })
  const store = new RedisStore(redis.url)
  await store.ready()
  t.teardown(() => store.close())
  const count = store.count(open, 'red', NOON)
  await eventually(5_000, 'what was spent meanwhile is told', async () => (await store.read(count)).nanoUsd === 4e9)
  t.equal(one.told.filter(({ event }) => event === 'store_back').length, 1)
})

t.test('Redis that takes everything and answers nothing holds no request up for long', { skip }, async (t) => {
  const redis = await startRedis(t)
  const { limiter } = await desk(t, redis, [budget({ nanoUsd: 10e9 })])
  ;(await limiter.reserve(subject(), [], NOTHING, 'a')).settle(NOTHING)
  redis.freeze()
  const started = performance.now()
  t.equal(typeof (await tryTo(() => limiter.reserve(subject(), [], claim(1e9), 'b'))), 'object')
  t.ok(performance.now() - started < 2_000)
  redis.thaw()
  await eventually(5_000, 'it is asked again', async () => {
    await tryTo(() => limiter.reserve(subject(), [], NOTHING, 'c'))
    return limiter.up && limiter.settled
  })
})
