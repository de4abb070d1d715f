import t from 'tap'
import { loadOf } from '../../src/core/load.ts'
import { NO_PRICE } from '../../src/core/settings.ts'
import { EMBEDDINGS } from '../../src/core/endpoints.ts'
import { GatewayError } from '../../src/core/errors.ts'
import type { Deployment } from '../../src/core/types.ts'
import { recordOutcome, newHealth, type HealthState } from '../../src/backends/fleet/deployment-health.ts'
import { ttftOf } from '../../src/decision/learn/latency.ts'
import { rank } from '../../src/decision/route/pick.ts'
import { valueOf } from '../../src/core/decision-rows.ts'
import { COLUMN } from '../../src/core/terms.ts'
import { live } from '../support/factories.ts'
import { anyNature, chosen, decisionOf, like, orderOf, planOf } from '../support/fields.ts'
import { seeded } from '../support/random.ts'
import { fieldOf } from '../support/rows.ts'

// ---------------------------------------------------------------- the order

t.test('the candidate with the best utility goes first', async (t) => {
  t.strictSame(rank(fieldOf([{ utility: -1 }, { utility: 2 }, { utility: 0.5 }]), 'balanced'), [1, 2, 0])
})

t.test('within a band the one with the least to do, then the one that was asked least', async (t) => {
  const alike = [
    { utility: 1.01, inflight: 3 },
    { utility: 1.04, inflight: 5 },
    { utility: 1.02, inflight: 0, calls: 9 },
    { utility: 1.0, inflight: 0, calls: 2 },
  ]
  t.strictSame(rank(fieldOf(alike), 'balanced'), [3, 2, 0, 1])
})

t.test('a better band weighs more than load', async (t) => {
  t.strictSame(rank(fieldOf([{ utility: 1.2, inflight: 50 }, { utility: 1.0 }]), 'balanced'), [0, 1])
})

t.test('health weighs more than everything', async (t) => {
  const all = [
    { utility: 9, trouble: 2 },
    { utility: -20, trouble: 0.5, inflight: 99 },
    { utility: -40 },
    { utility: 3, trouble: 3 },
    { utility: 5, trouble: 1 },
  ]
  t.strictSame(rank(fieldOf(all), 'balanced'), [2, 1, 4, 0, 3])
  t.strictSame(rank(fieldOf(all), { cheapestWithin: 0.1 }), [2, 1, 4, 0, 3])
})

t.test('like backends share the work', async (t) => {
  const all = Array.from({ length: 4 }, (_, i) => like(`b${i}/m`))
  for (let i = 0; i < 40; i++) {
    const first = all.find(({ id }) => id === orderOf(all)[0])!
    ;(first.live.load as { open: number }).open++
  }
  t.strictSame(
    all.map((one) => one.live.load.open),
    [10, 10, 10, 10],
  )
})

t.test('as they are written', async (t) => {
  const random = seeded(41)
  for (let round = 0; round < 100; round++) {
    const all = Array.from({ length: 6 }, (_, i) =>
      like(`b${i}/m${i}`, anyNature(random), { live: live({ load: loadOf(Math.floor(9 * random())) }) }),
    )
    t.strictSame(
      orderOf(all, { strategy: 'ordered' }),
      all.map(({ id }) => id),
    )
  }
})

t.test('as they are written, but the sick ones last', async (t) => {
  const all = [like('a/x', {}, { live: live({ state: 'down' }) }), like('b/y'), like('c/z')]
  t.strictSame(orderOf(all, { strategy: 'ordered' }), ['b/y', 'c/z', 'a/x'])
})

// ---------------------------------------------------------------- the cheapest within

t.test('the cheapest whose success is within so much of the best', async (t) => {
  const random = seeded(42)
  for (let round = 0; round < 300; round++) {
    const cheapestWithin = 0.3 * random()
    const all = Array.from({ length: 6 }, (_, i) => like(`b${i}/m${i}`, anyNature(random)))
    const decision = decisionOf(all, { strategy: { cheapestWithin } })
    const of = (row: number, column: number): number => valueOf(decision, row, column)!
    const rows = [...all.keys()]
    const best = Math.max(...rows.map((row) => of(row, COLUMN.success)))
    const enough = rows.filter((row) => of(row, COLUMN.success) >= best - cheapestWithin)
    const least = Math.min(...enough.map((row) => of(row, COLUMN.cost)))
    t.equal(chosen(decision, COLUMN.cost), least)
    t.ok(enough.includes(decision.pick.order[0]!))
    const rest = decision.pick.order.slice(enough.length).map((row) => of(row, COLUMN.success))
    t.ok(
      rest.every((success, i) => i === 0 || success <= rest[i - 1]! + 0.05),
      'then the better ones first',
    )
  }
})

t.test('the cheapest within, where there is no answer to judge', async (t) => {
  const none = fieldOf([
    { utility: 1, success: NaN, trouble: 2 },
    { utility: 0, success: NaN },
    { utility: 3, success: NaN },
  ])
  t.strictSame(rank(none, { cheapestWithin: 0.1 }), [2, 1, 0])
  const embeds = { capabilities: { embeddings: true } }
  const order = orderOf(
    [
      like('down/x', {}, { live: live({ state: 'down' }), facts: embeds }),
      like(
        'dear/y',
        {},
        {
          facts: {
            ...embeds,
            price: { ...NO_PRICE, inputPerMtok: 9, outputPerMtok: 9 },
          },
        },
      ),
      like(
        'cheap/z',
        {},
        {
          facts: {
            ...embeds,
            price: { ...NO_PRICE, inputPerMtok: 1, outputPerMtok: 1 },
          },
        },
      ),
    ],
    {
      strategy: { cheapestWithin: 0.1 },
      fields: { input: 'some text to embed '.repeat(100) },
      traits: { endpoint: EMBEDDINGS },
    },
  )
  t.strictSame(order, ['cheap/z', 'dear/y', 'down/x'])
})

// ---------------------------------------------------------------- what fails fast

t.test('a backend that fails at once never gains share, and comes back when it is healed (AT-56)', async (t) => {
  const all = [
    like('broken/m', { ttft: 0.4 }, { health: newHealth() }),
    like('good/m', { ttft: 0.5 }, { health: newHealth() }),
  ]
  const own = (one: Deployment): HealthState => one.health as HealthState
  const failure = new GatewayError('upstream_error', 'it failed')
  const asked: number[] = []
  let now = 0
  const request = (healthy: boolean): string => {
    const [first] = planOf(all, { moment: { now } }).order
    const { deployment } = first!
    own(deployment).calls++
    const failed = deployment.id === 'broken/m' && !healthy
    recordOutcome(own(deployment), 'chat', failed ? failure : null, now + (failed ? 2 : 500))
    return deployment.id
  }
  const expected = ttftOf(all[0]!.latency, 10, loadOf(0))
  for (let i = 0; i < 1000; i++, now += 200) if (request(false) === 'broken/m') asked.push(i)
  t.ok(asked.length <= 12, `asked first ${asked.length} times of 1,000`)
  const firstHalf = asked.filter((i) => i < 500).length
  t.ok(asked.length - firstHalf <= firstHalf, 'and ever less often')
  t.equal(ttftOf(all[0]!.latency, 10, loadOf(0)), expected, 'a failure is no quick answer')
  const healed = now
  while (request(true) !== 'broken/m' && now - healed < 120_000) now += 200
  t.ok(now - healed <= 60_000, `healed, it was asked again after ${now - healed} ms`)
})
