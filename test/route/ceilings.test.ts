import t from 'tap'
import type { Deployment } from '../../src/core/types.ts'
import { type Ceilings, relax } from '../../src/decision/route/ceilings.ts'
import { COLUMN, COLUMNS } from '../../src/core/terms.ts'
import { deployment, provider } from '../support/factories.ts'
import { anyNature, like, planOf, type Situation } from '../support/fields.ts'
import { seeded } from '../support/random.ts'

const NONE: Ceilings = { cost: Infinity, ttft: Infinity, total: Infinity }

/** Cost, time to first token and to the end of each; what `relax` says and does. */
function relaxed(
  ceilings: Partial<Ceilings>,
  all: readonly (readonly [cost: number, ttft: number, total: number])[],
  before: readonly (string | null)[] = all.map(() => null),
): [ReturnType<typeof relax>, ...(string | null)[]] {
  const rows = new Float64Array(all.length * COLUMNS)
  for (const [row, [cost, ttft, total]] of all.entries()) {
    rows[row * COLUMNS + COLUMN.cost] = cost
    rows[row * COLUMNS + COLUMN.ttft] = ttft
    rows[row * COLUMNS + COLUMN.total] = total
  }
  const dropped = [...before]
  return [relax({ ...NONE, ...ceilings }, rows, dropped), ...dropped]
}

t.test('without ceilings nothing is dropped', async (t) => {
  t.strictSame(relaxed({}, [[NaN, 1e9, 1e9]]), [null, null])
})

t.test('what is above a ceiling is dropped as long as somebody is below', async (t) => {
  t.strictSame(
    relaxed({ cost: 5 }, [
      [5, 1, 1],
      [6, 1, 1],
    ]),
    [null, null, 'cost'],
  )
  t.strictSame(
    relaxed({ ttft: 100 }, [
      [5, 101, 200],
      [6, 100, 200],
    ]),
    [null, 'latency', null],
  )
  t.strictSame(
    relaxed({ total: 150 }, [
      [5, 1, 151],
      [6, 1, 150],
    ]),
    [null, 'latency', null],
  )
  t.strictSame(
    relaxed({ cost: 5, ttft: 1 }, [
      [1, 1, 1],
      [9, 1, 1],
      [1, 9, 9],
      [9, 9, 9],
    ]),
    [null, null, 'cost', 'latency', 'cost'],
  )
})

t.test('an unknown cost keeps within no ceiling', async (t) => {
  t.strictSame(
    relaxed({ cost: 1e15 }, [
      [NaN, 1, 1],
      [3, 1, 1],
    ]),
    [null, 'cost', null],
  )
  t.strictSame(relaxed({ cost: 1e15 }, [[NaN, 1, 1]]), ['cost', null], 'but is better than nobody')
  t.strictSame(relaxed({ ttft: 5 }, [[NaN, 1, 1]]), [null, null], 'and is nothing against the other ceilings')
})

t.test('latency gives way before cost', async (t) => {
  t.strictSame(
    relaxed({ cost: 5, ttft: 5 }, [
      [9, 1, 1],
      [1, 9, 9],
    ]),
    ['latency', 'cost', null],
  )
  t.strictSame(
    relaxed({ ttft: 5 }, [
      [1, 6, 6],
      [1, 9, 9],
    ]),
    ['latency', null, null],
  )
  t.strictSame(
    relaxed({ cost: 5 }, [
      [6, 1, 1],
      [9, 1, 1],
    ]),
    ['cost', null, null],
  )
  t.strictSame(
    relaxed({ cost: 5, ttft: 5 }, [
      [9, 9, 9],
      [6, 9, 9],
    ]),
    ['cost', null, null],
  )
})

t.test('what other filters took out stays out', async (t) => {
  t.strictSame(
    relaxed(
      { cost: 5 },
      [
        [1, 1, 1],
        [9, 1, 1],
      ],
      ['policy', null],
    ),
    ['cost', 'policy', null],
  )
  t.strictSame(relaxed({ cost: 5, ttft: 1 }, [[1, 1, 1]], ['capability']), [null, 'capability'])
})

const said = (all: readonly Deployment[], situation: Situation): [string | null, ...string[]] => {
  const { record, order } = planOf(all, situation)
  return [record.relaxed, ...order.map((one) => one.deployment.id).sort()]
}

t.test('the lower of what the route and the caller say holds', async (t) => {
  const all = [like('cheap/m', { price: 0.1 }), like('dear/n', { price: 100 })]
  t.strictSame(said(all, { route: { maxCostUsd: 0.001 } }), [null, 'cheap/m'])
  t.strictSame(said(all, { traits: { maxCostUsd: 0.001 } }), [null, 'cheap/m'])
  t.strictSame(said(all, { route: { maxCostUsd: 10 }, traits: { maxCostUsd: 0.001 } }), [null, 'cheap/m'])
  t.strictSame(said(all, { route: { maxCostUsd: 0.001 }, traits: { maxCostUsd: 10 } }), [null, 'cheap/m'])
  const slow = [like('slow/m', { ttft: 30 }), like('quick/n', { ttft: 0.2 })]
  t.strictSame(said(slow, { route: { maxTtftMs: 2000 } }), [null, 'quick/n'])
  t.strictSame(said(slow, { traits: { deadlineMs: 25_000 } }), [null, 'quick/n'])
})

t.test('the ladder gives way for somebody who can, never for who cannot', async (t) => {
  const blind = like('blind/m', {}, { facts: { capabilities: { vision: false } } })
  const seeing = like('seeing/n', { ttft: 60, price: 500 })
  const image = { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'data:' } }] }] }
  const tight = { maxCostUsd: 1e-9, maxTtftMs: 1 }
  t.strictSame(said([blind, seeing], { route: tight, fields: image }), ['cost', 'seeing/n'])
  const cloud = deployment('cloud/m', { backend: { provider: provider() } })
  t.strictSame(said([cloud, seeing], { route: { ...tight, localOnly: true } }), ['cost', 'seeing/n'])
  for (const situation of [
    { all: [blind], fields: image, route: tight, code: 'unsupported' },
    { all: [cloud], route: { ...tight, localOnly: true }, code: 'forbidden' },
  ])
    t.equal(planOf(situation.all, situation).refusal?.code, situation.code)
})

t.test('whoever is left keeps within what did not give way', async (t) => {
  const random = seeded(61)
  const outcomes = new Set<string | null>()
  for (let round = 0; round < 400; round++) {
    const all = Array.from({ length: 4 }, (_, i) => like(`b${i}/m${i}`, anyNature(random)))
    const maxCostUsd = 10 ** (-5 + 3 * random())
    const maxTtftMs = 100 + 4000 * random()
    const { record } = planOf(all, { route: { maxCostUsd, maxTtftMs } })
    outcomes.add(record.relaxed)
    const cost = (one: (typeof record.candidates)[number]): boolean => one.expected.cost_usd! <= maxCostUsd + 1e-9
    const time = (one: (typeof record.candidates)[number]): boolean => one.expected.ttft_ms! <= maxTtftMs + 0.5
    const live = record.candidates.filter((one) => one.dropped === null)
    t.ok(live.length > 0)
    if (record.relaxed === null) t.ok(live.every((one) => cost(one) && time(one)))
    if (record.relaxed === 'latency') {
      t.ok(live.every(cost))
      t.notOk(record.candidates.some((one) => cost(one) && time(one)))
    }
    if (record.relaxed === 'cost') t.notOk(record.candidates.some(cost))
  }
  t.strictSame([...outcomes].map(String).sort(), ['cost', 'latency', 'null'])
})

t.test('the reason names the figures', async (t) => {
  const { record } = planOf(
    [like('cheap/m', { price: 0.1 }), like('dear/n', { price: 100 }), like('blank/o', {}, { facts: { price: null } })],
    {
      route: { maxCostUsd: 0.001 },
    },
  )
  t.match(record.candidates[1]!.dropped, { filter: 'cost', why: /0\.\d+ USD.*0\.001 USD/ })
  t.match(record.candidates[2]!.dropped, { filter: 'cost', why: /unknown.*0\.001 USD/ })
})
