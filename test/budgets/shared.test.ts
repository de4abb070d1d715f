/** Budgets in a real Redis: the same answers as in memory, and several gateways. */
import t from 'tap'
import type { BudgetSpec } from '../../src/core/budget.ts'
import type { Limiter, Reservation } from '../../src/budgets/limiter.ts'
import { MemoryLimiter } from '../../src/budgets/memory.ts'
import { eventually } from '../support/await.ts'
import { missing } from '../support/engines.ts'
import { pick, seeded } from '../support/random.ts'
import { startRedis } from '../support/redis.ts'
import { budget, claim, NOON, NOTHING, subject } from './rig.ts'
import { sharedDesk, storeOf, taken, tryTo, usedOf } from './shared-rig.ts'

const skip = missing('redis')

t.test('any sequence gets the same answers as in memory', { skip }, async (t) => {
  const redis = await startRedis(t)
  for (let seed = 1; seed <= 12; seed++) {
    const random = seeded(seed)
    // Each third begins a second before a month ends.
    const clock = { now: seed % 3 === 0 ? Date.parse('2027-02-28T23:59:59Z') : NOON }
    const all = [
      budget({ name: `team${seed}`, nanoUsd: Math.round(random() * 1e10), tokens: 2000 + Math.round(random() * 8000) }),
      budget({ name: `key${seed}`, of: 'key', per: 'hour', requests: 5 + Math.floor(random() * 40) }),
      budget({ name: `air${seed}`, of: 'key', per: null, parallel: 1 + Math.floor(random() * 8) }),
    ]
    let budgets: readonly BudgetSpec[] = all
    const { limiter: shared } = await sharedDesk(t, redis, budgets, clock)
    const local: Limiter = new MemoryLimiter(budgets, {
      now: () => clock.now,
      emit: () => undefined,
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
      else if (random() < 0.04) {
        budgets = all
          .filter(() => random() < 0.9)
          .map((spec) => ({ ...spec, tokens: spec.tokens && spec.tokens + step * 50 }))
        shared.apply(budgets)
        local.apply(budgets)
      } else if (random() < 0.02 && budgets.length > 0) {
        const name = pick(random, budgets).name
        t.equal(await shared.reset(name, null), await local.reset(name, null), `seed ${seed} step ${step}: set back`)
      } else {
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
    const desks = await Promise.all(Array.from({ length: 5 }, () => sharedDesk(t, redis, [spec])))
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
  const [one, other] = [await sharedDesk(t, redis, [spec]), await sharedDesk(t, redis, [spec])]
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
  const store = await storeOf(t, redis)
  const counts = specs.map((spec) => store.count(spec, 'red', NOON))
  // As a process does that is then killed: it neither settles nor goes on with its lease.
  for (const id of ['dead-1', 'dead-2']) await taken(store, counts, id, 3e9, 2_000)
  const { limiter } = await sharedDesk(t, redis, specs)
  t.match(await tryTo(() => limiter.reserve(subject(), [], claim(1e9), 'a')), /2 requests are in flight/)
  await eventually(5_000, 'what it held is taken for spent: never too much', async () => {
    const next = await tryTo(() => limiter.reserve(subject(), [], NOTHING, 'b'))
    if (typeof next !== 'string') next.settle(NOTHING)
    return (await usedOf(store, counts[0]!)).nanoUsd === 6e9
  })
  t.type(await tryTo(() => limiter.reserve(subject(), [], claim(4e9), 'b')), 'object', 'its places are free')
  t.match(await tryTo(() => limiter.reserve(subject(), [], claim(1e9), 'c')), /could be used up/)
})

t.test('what is settled after its window says nothing of the next', { skip }, async (t) => {
  const redis = await startRedis(t)
  const clock = { now: NOON }
  const one = await sharedDesk(t, redis, [budget({ per: 'minute', nanoUsd: 10e9, soft: 0.5 })], clock)
  const reservation = await one.limiter.reserve(subject(), [], claim(9e9), 'a')
  clock.now += 60_000
  reservation.settle(claim(9e9))
  await eventually(5_000, 'it is told', () => one.limiter.settled)
  t.match(one.limiter.states(), [{ used: { nanoUsd: 0 }, inflight: 0 }])
  t.strictSame(one.told, [])
})

t.test(
  'another limit holds in all that was counted, and a smaller one says nothing by the larger',
  { skip },
  async (t) => {
    const redis = await startRedis(t)
    const daily = (nanoUsd: number): BudgetSpec => budget({ name: 'daily', nanoUsd, soft: 0.8 })
    const { limiter, told } = await sharedDesk(t, redis, [daily(10)])
    const other = await sharedDesk(t, redis, [daily(10)])
    const spend = async (on: typeof limiter, nanoUsd: number): Promise<void> => {
      ;(await on.reserve(subject(), [], claim(nanoUsd), 'r')).settle(claim(nanoUsd))
      await eventually(5_000, 'it is told', () => on.settled)
    }
    await spend(limiter, 4)
    await spend(other.limiter, 3)
    const open = await limiter.reserve(subject(), [], claim(2), 'r')
    limiter.apply([daily(100)])
    open.settle(claim(6))
    await eventually(5_000, 'it is told', () => limiter.settled)
    t.match(await limiter.allStates(), [{ limit: { nanoUsd: 100 }, used: { nanoUsd: 13 } }])
    t.same(told, [], 'by the limit of before it would be spent')
    await spend(limiter, 80)
    await eventually(5_000, 'it is reported', () => told.length > 0)
    t.match(told, [{ event: 'budget_soft', limit: { usd: 100e-9 } }])
    limiter.apply([])
    t.same(limiter.states(), [])
    limiter.apply([daily(90)])
    t.match(await tryTo(() => limiter.reserve(subject(), [], claim(1), 'r')), /are used up/)
  },
)
