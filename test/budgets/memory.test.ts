import t from 'tap'
import type { BudgetSpec } from '../../src/core/budget.ts'
import { GatewayError } from '../../src/core/errors.ts'
import type { Reservation } from '../../src/budgets/limiter.ts'
import { storedCounts } from '../../src/budgets/snapshot.ts'
import { budget, claim, desk, type Desk, NOON, NOTHING, subject } from './rig.ts'

/** Null where it is let in. */
function refusalOf(act: () => unknown): GatewayError | null {
  try {
    act()
    return null
  } catch (thrown) {
    if (thrown instanceof GatewayError) return thrown
    throw thrown
  }
}

const reserve = ({ limiter }: Desk, usd: number, who = subject()): Reservation =>
  limiter.reserve(who, [], claim(usd * 1e9, usd * 1000))

t.test('500 at a time at a limit of 100', async (t) => {
  for (const limit of [{ requests: 100 }, { parallel: 100, per: null }, { nanoUsd: 100e9 }, { tokens: 100_000 }]) {
    const one = desk([budget(limit)])
    let admitted = 0
    for (let i = 0; i < 500; i++) if (refusalOf(() => reserve(one, 1)) === null) admitted++
    t.equal(admitted, 100, JSON.stringify(limit))
  }
})

t.test('the worst case is held, the truth is spent', async (t) => {
  const one = desk([budget({ nanoUsd: 10e9 })])
  const first = reserve(one, 6)
  t.match(refusalOf(() => reserve(one, 6))?.message, /could be used up by the requests in flight/)
  t.equal(refusalOf(() => reserve(one, 6))?.retryAfterMs, 1000)
  first.settle(claim(1e9, 10))
  t.match(one.limiter.states(), [
    { used: { nanoUsd: 1e9, tokens: 10, requests: 1 }, reserved: { nanoUsd: 0 }, inflight: 0 },
  ])
  t.equal(
    refusalOf(() => reserve(one, 6)),
    null,
  )
})

t.test('settled once, whatever happens', async (t) => {
  const one = desk([budget({ nanoUsd: 10e9 })])
  const reservation = reserve(one, 1)
  for (let i = 0; i < 3; i++) reservation.settle(claim(2e9))
  t.match(one.limiter.states(), [{ used: { nanoUsd: 2e9 }, inflight: 0, reserved: { nanoUsd: 0 } }])
})

t.test('the rest of a budget can be used up, by one request at a time', async (t) => {
  const one = desk([budget({ nanoUsd: 10e9 })])
  reserve(one, 1).settle(claim(9.9e9))
  const last = reserve(one, 6)
  t.ok(
    refusalOf(() => reserve(one, 6)),
    'no second one beside it',
  )
  last.settle(claim(6e9))
  const used = one.limiter.states()[0]!.used.nanoUsd
  t.equal(used, 15.9e9, 'overspent by no more than one request')
  const error = refusalOf(() => reserve(one, 0))
  t.equal(error?.code, 'budget_exceeded')
  t.equal(error?.status, 429)
  t.equal(error?.message, 'Budget "b" of team "red": 10 USD a day are used up; it resets at 2026-11-24T00:00:00Z.')
  t.equal(error?.retryAfterMs, 12 * 3_600_000)
})

t.test('all budgets or none', async (t) => {
  const one = desk([budget({ name: 'wide', requests: 100 }), budget({ name: 'narrow', of: 'key', requests: 1 })])
  reserve(one, 1)
  t.match(refusalOf(() => reserve(one, 1))?.message, /"narrow" of key "k": 1 requests a day/)
  t.strictSame(
    one.limiter.states().map(({ name, used }) => [name, used.requests]),
    [
      ['wide', 1],
      ['narrow', 1],
    ],
  )
  t.strictSame(one.refused, ['narrow requests'])
})

t.test('whom a request counts against', async (t) => {
  const who = subject({ user: 'ann', route: 'coding', session: 's', agent: 'claude-code' })
  for (const [of, id] of [
    ['gateway', 'gateway'],
    ['key', 'k'],
    ['team', 'red'],
    ['user', 'ann'],
    ['route', 'coding'],
    ['session', 'k/s'],
    ['agent', 'claude-code'],
  ] as const) {
    const one = desk([budget({ of, requests: 1 })])
    t.equal(
      refusalOf(() => reserve(one, 1, who)),
      null,
    )
    t.ok(
      refusalOf(() => reserve(one, 1, who)),
      of,
    )
    t.equal(one.limiter.states()[0]?.id, id)
  }
  const teams = desk([budget({ requests: 1, ids: ['re*'] })])
  t.equal(
    refusalOf(() => reserve(teams, 1)),
    null,
  )
  t.ok(refusalOf(() => reserve(teams, 1)))
  t.equal(
    refusalOf(() => reserve(teams, 1, subject({ team: 'red-2' }))),
    null,
    'each id has a count of its own',
  )
  for (const team of ['blue', null])
    for (let i = 0; i < 3; i++)
      t.equal(
        refusalOf(() => reserve(teams, 1, subject({ team }))),
        null,
        String(team),
      )
})

t.test('nobody uses up the session of another key', async (t) => {
  const one = desk([budget({ of: 'session', requests: 1 })])
  reserve(one, 1, subject({ key: 'a', session: 's' }))
  t.equal(
    refusalOf(() => reserve(one, 1, subject({ key: 'b', session: 's' }))),
    null,
  )
})

t.test('limits of a key go on when they are changed', async (t) => {
  const { limiter } = desk([])
  const own = (requests: number) => [budget({ name: 'key-requests', of: 'key', ids: ['k'], requests })]
  const [before, after] = [own(2), own(3)]
  t.equal(limiter.binds([]), false)
  t.equal(limiter.binds(before), true)
  for (let i = 0; i < 2; i++) limiter.reserve(subject(), before, NOTHING).settle(NOTHING)
  t.ok(refusalOf(() => limiter.reserve(subject(), before, NOTHING)))
  t.equal(
    refusalOf(() => limiter.reserve(subject(), after, NOTHING)),
    null,
  )
  t.ok(refusalOf(() => limiter.reserve(subject(), after, NOTHING)))
})

t.test('a new window begins empty and keeps what still runs', async (t) => {
  const one = desk([
    budget({ per: 'minute', requests: 1, nanoUsd: 1e9 }),
    budget({ name: 'p', per: null, parallel: 2 }),
  ])
  const old = reserve(one, 0.5)
  t.ok(refusalOf(() => reserve(one, 0.5)))
  one.clock.now = NOON + 60_000
  t.equal(
    refusalOf(() => reserve(one, 0.5)),
    null,
  )
  old.settle(claim(9e9))
  t.equal(one.limiter.states()[0]?.used.nanoUsd, 0, 'it counts in the window that it began in, which is over')
  t.equal(one.limiter.states()[1]?.inflight, 1, 'and its place is free')
  one.clock.now = NOON
  t.ok(
    refusalOf(() => reserve(one, 0.5)),
    'a clock that is set back opens nothing again',
  )
})

t.test('set back by hand', async (t) => {
  const one = desk([budget({ requests: 1 }), budget({ name: 'other', requests: 5 })])
  reserve(one, 1)
  reserve(one, 1, subject({ team: 'blue' }))
  t.equal(one.limiter.reset('b', 'red'), 1)
  t.equal(
    refusalOf(() => reserve(one, 1)),
    null,
  )
  t.ok(refusalOf(() => reserve(one, 1, subject({ team: 'blue' }))))
  t.equal(one.limiter.reset('b', null), 2)
  t.equal(one.limiter.reset('nobody', null), 0)
})

t.test('set back while requests are in flight', async (t) => {
  const one = desk([budget({ nanoUsd: 10e9 })])
  const [first, second] = [reserve(one, 4), reserve(one, 4)]
  one.limiter.reset('b', null)
  t.match(one.limiter.states(), [{ used: { nanoUsd: 0, requests: 0 }, reserved: { nanoUsd: 8e9 }, inflight: 2 }])
  t.ok(
    refusalOf(() => reserve(one, 4)),
    'what they hold is still held',
  )
  first.settle(claim(1e9))
  second.settle(claim(1e9))
  t.match(one.limiter.states(), [{ used: { nanoUsd: 2e9 }, reserved: { nanoUsd: 0 }, inflight: 0 }])
  reserve(one, 6)
  t.ok(
    refusalOf(() => reserve(one, 6)),
    'and held once',
  )
})

t.test('numbers of no size', async (t) => {
  const one = desk([budget({ nanoUsd: 10e9, tokens: 1000 })])
  for (const odd of [1e300, Infinity, Number.NaN, -5, 0.5]) {
    const reservation = one.limiter.reserve(subject(), [], { nanoUsd: odd, tokens: odd })
    reservation.settle({ nanoUsd: 0.5, tokens: Number.NaN })
  }
  t.match(one.limiter.states(), [{ used: { nanoUsd: 5, tokens: 0 }, reserved: { nanoUsd: 0, tokens: 0 } }])
  t.ok(one.limiter.reserve(subject(), [], claim(1e9, 600)))
  t.ok(refusalOf(() => one.limiter.reserve(subject(), [], claim(1e9, 600))))
})

t.test('somebody is told once in a window', async (t) => {
  const one = desk([budget({ nanoUsd: 10e9, soft: 0.8, webhook: 'http://hooks.example/secret' })])
  for (let i = 0; i < 12; i++) refusalOf(() => reserve(one, 1).settle(claim(1e9)))
  t.strictSame(
    one.told.map(({ event }) => event),
    ['budget_soft', 'budget_exceeded'],
  )
  t.match(one.posted[0]?.json, {
    event: 'budget_soft',
    budget: 'b',
    of: 'team',
    id: 'red',
    limit: { usd: 10 },
    used: { usd: 8 },
  })
  t.match(one.posted[1]?.json, { event: 'budget_exceeded', resets_at: '2026-11-24T00:00:00.000Z' })
  one.clock.now += 86_400_000
  for (let i = 0; i < 9; i++) reserve(one, 1).settle(claim(1e9))
  t.equal(one.told.length, 3, 'and again in the next')
})

t.test('a webhook that fails, or hangs', async (t) => {
  const spec = budget({ requests: 1, webhook: 'http://hooks.example/secret' })
  const failing = desk([spec], () => Promise.resolve('it answered 500'))
  reserve(failing, 1).settle(NOTHING)
  await failing.limiter.close()
  t.equal(failing.posted.length, 2, 'tried once more')
  t.match(failing.told.at(-1), { event: 'webhook_dropped', why: 'it answered 500' })
  t.notMatch(JSON.stringify(failing.told), /secret/)
  const hanging = desk([budget({ of: 'user', requests: 1, webhook: 'http://h' })], () => new Promise(() => undefined))
  for (let i = 0; i < 20; i++) reserve(hanging, 1, subject({ user: `${i}` })).settle(NOTHING)
  t.equal(hanging.posted.length, 8)
  t.equal(hanging.told.filter(({ event }) => event === 'webhook_dropped').length, 1, 'twelve were dropped, told once')
})

t.test('what was counted outlives a restart', async (t) => {
  const spec = [budget({ nanoUsd: 10e9 }), budget({ name: 'fast', per: 'minute', requests: 5 })]
  const first = desk(spec)
  reserve(first, 1).settle(claim(7e9, 70))
  const kept = first.limiter.snapshot(41)
  t.equal(kept.seq, 41)
  t.strictSame(
    kept.counts.map(({ name }) => name),
    ['b'],
    'minutes are over by then',
  )
  const second = desk(spec)
  second.limiter.restore(JSON.parse(JSON.stringify(kept)) as typeof kept)
  second.limiter.replay(subject(), [], NOON, claim(2e9, 20))
  second.limiter.replay(subject(), [], NOON - 86_400_000, claim(2e9, 20))
  t.match(second.limiter.states()[0], { used: { nanoUsd: 9e9, tokens: 90, requests: 2 } }, 'yesterday is over')
  const later = desk(spec)
  later.clock.now += 86_400_000
  later.limiter.restore(kept)
  t.equal(
    refusalOf(() => reserve(later, 9)),
    null,
  )
  t.equal(later.limiter.states()[0]?.used.nanoUsd, 0)
})

t.test('an id without traffic since a restart is listed, set back, and outlives the next restart', async (t) => {
  const own = [budget({ name: 'key-usd', of: 'key', ids: ['k'], per: 'month', nanoUsd: 9e9 })]
  const spec = [budget({ nanoUsd: 10e9 }), budget({ name: 'mine', of: 'session', tokens: 1e6 })]
  const first = desk(spec)
  const who = subject({ session: 's' })
  first.limiter.reserve(who, own, claim(1e9, 10)).settle(claim(2e9, 20))
  let kept = first.limiter.snapshot(1)
  for (let restart = 0; restart < 3; restart++) {
    const next = desk(spec, undefined, () => own)
    next.limiter.restore(JSON.parse(JSON.stringify(kept)) as typeof kept)
    t.strictSame(
      next.limiter.states().map(({ name, id, used, limit }) => [name, id, used.nanoUsd, limit.nanoUsd]),
      [
        ['b', 'red', 2e9, 10e9],
        ['mine', 'k/s', 2e9, null],
        ['key-usd', 'k', 2e9, 9e9],
      ],
      `restart ${restart}`,
    )
    kept = next.limiter.snapshot(1)
    t.equal(kept.counts.length, 3)
  }
  const fewer = desk([spec[0]!], undefined, () => own)
  fewer.limiter.restore(kept)
  t.strictSame(
    fewer.limiter.states().map(({ name }) => name),
    ['b', 'key-usd'],
    'a budget that is none any more is not listed',
  )
  t.equal(fewer.limiter.has('mine'), false)
  t.equal(fewer.limiter.has('key-usd'), true)
  t.equal(fewer.limiter.reset('key-usd', 'k'), 1, 'and can be set back')
  t.equal(fewer.limiter.reset('key-usd', 'j'), 0)
})

t.test('a snapshot has what has ended, and no request that is under way', async (t) => {
  const spec = [budget({ requests: 100, nanoUsd: 10e9, tokens: 1e6 })]
  const first = desk(spec)
  const open = [1, 2, 3].map(() => reserve(first, 1))
  for (let i = 0; i < 2; i++) reserve(first, 1).settle(claim(1e9, 10))
  reserve(first, 1).settle(null)
  t.match(first.limiter.states(), [{ used: { requests: 5, nanoUsd: 2e9 }, inflight: 3 }], 'one was never sent')
  const kept = first.limiter.snapshot(1)
  t.match(kept.counts, [{ requests: 2, nanoUsd: 2e9, tokens: 20 }])
  open.forEach((one) => one.settle(claim(1e9, 10)))
  const second = desk(spec)
  second.limiter.restore(kept)
  open.forEach(() => second.limiter.replay(subject(), [], NOON, claim(1e9, 10)))
  t.match(second.limiter.states()[0]?.used, first.limiter.states()[0]?.used, 'with the rows of the ledger: the same')
})

t.test('many counts are written less often, a count that is set back at once', async (t) => {
  const one = desk([budget({ of: 'user', requests: 10 })])
  const kept = storedCounts(one.limiter, {
    seq: () => 0,
    loaded: () => undefined,
    now: () => one.clock.now,
  })
  const use = (): void => {
    for (let i = 0; i < 5_000; i++) reserve(one, 0, subject({ user: `u${i}` })).settle(NOTHING)
  }
  t.equal(kept.changed(), false)
  use()
  t.equal(kept.changed(), true)
  t.equal(kept.serialize().counts.length, 5_000)
  use()
  one.clock.now += 4_000
  t.equal(kept.changed(), false)
  one.limiter.reset('b', 'u1')
  t.equal(kept.changed(), true)
  use()
  one.clock.now += 1_000
  t.equal(kept.changed(), true)
  t.equal(kept.changed(), false)
})

t.test('ids that callers invent', async (t) => {
  const one = desk([budget({ of: 'user', per: 'month', requests: 2 })])
  for (let i = 0; i < 100_000; i++) reserve(one, 0, subject({ user: `u${i}` })).settle(NOTHING)
  reserve(one, 0, subject({ user: 'late-1' }))
  reserve(one, 0, subject({ user: 'late-2' }))
  t.ok(
    refusalOf(() => reserve(one, 0, subject({ user: 'late-3' }))),
    'those above the bound share one count',
  )
  t.equal(one.limiter.states().length, 100_001)
  t.equal(
    refusalOf(() => reserve(one, 0, subject({ user: 'u7' }))),
    null,
    'the others have their own',
  )
})

t.test('other budgets in force: counts go on by name, what is under way ends where it began', async (t) => {
  const daily = (nanoUsd: number, traits: Partial<BudgetSpec> = {}): BudgetSpec =>
    budget({ name: 'daily', nanoUsd, soft: 0.8, ...traits })
  const { limiter, told } = desk([daily(10)])
  const red = subject({ team: 'red' })
  limiter.reserve(red, [], { ...claim(4) }).settle(claim(4))
  const open = limiter.reserve(red, [], { ...claim(5) })
  limiter.apply([daily(20)])
  t.match(limiter.states(), [{ name: 'daily', limit: { nanoUsd: 20 }, used: { nanoUsd: 4 }, inflight: 1 }])
  open.settle(claim(5))
  t.match(limiter.states(), [{ used: { nanoUsd: 9 }, reserved: { nanoUsd: 0 }, inflight: 0 }])
  limiter.reserve(red, [], { ...claim(8) }).settle(claim(8))
  limiter.apply([daily(30)])
  limiter.reserve(red, [], { ...claim(8) }).settle(claim(8))
  t.strictSame(
    told.map((event) => [event.event, 'limit' in event ? event.limit.usd : null]),
    [
      ['budget_soft', 20e-9],
      ['budget_soft', 30e-9],
    ],
    'another limit is reported anew',
  )
  limiter.apply([])
  t.same(limiter.states(), [], 'one that is gone is not shown')
  t.notOk(limiter.has('daily'))
  t.equal(limiter.reserve(red, [], { ...claim(1e9) }).claim, null)
  limiter.apply([daily(30, { per: 'hour' })])
  t.match(limiter.states(), [], 'by the hour nothing was counted')
  limiter.apply([daily(30)])
  t.match(limiter.states(), [{ used: { nanoUsd: 25 } }], 'and it comes back as it was')
})

t.test('a budget that is gone says nothing more, and its counts outlive a restart', async (t) => {
  const { limiter } = desk([budget({ name: 'daily', nanoUsd: 10 })])
  const open = limiter.reserve(subject(), [], { ...claim(5) })
  limiter.apply([])
  open.settle(claim(7))
  t.match(limiter.snapshot(1).counts, [{ name: 'daily', nanoUsd: 7 }])
  t.same(limiter.states(), [])
  t.equal(limiter.pressure(subject(), []), 0)
})
