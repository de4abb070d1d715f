import t from 'tap'
import { GatewayError } from '../../src/core/errors.ts'
import type { Arm } from '../../src/core/arm.ts'
import type { JsonObject } from '../../src/core/settings.ts'
import type { BackendLive, Deployment, Standing } from '../../src/core/types.ts'
import { assess, newStanding, type StandingState } from '../../src/fleet/standing.ts'
import { ttftOf } from '../../src/learn/latency.ts'
import { explore, type Field, rank } from '../../src/route/pick.ts'
import type { Moment } from '../../src/route/plan.ts'
import { COLUMN, COLUMNS } from '../../src/route/predict.ts'
import { deployment, live, provider } from '../support/factories.ts'
import { anyNature, chosen, decisionOf, like, orderOf, planOf } from '../support/fields.ts'
import { seeded } from '../support/random.ts'

/** A field with these utilities, and what else is told of each. */
function field(
  all: readonly {
    readonly utility: number
    readonly success?: number
    readonly doubt?: number
    readonly trouble?: number
    readonly inflight?: number
    readonly calls?: number
  }[],
): Field {
  const rows = new Float64Array(all.length * COLUMNS)
  const candidates = all.map(({ utility, success = 0.7, doubt = 0.1, inflight = 0, calls = 0 }, row) => {
    rows[row * COLUMNS + COLUMN.utility] = utility
    rows[row * COLUMNS + COLUMN.success] = success
    rows[row * COLUMNS + COLUMN.doubt] = doubt
    return deployment(`b${row}/m${row}`, { live: live({ inflight }), standing: { calls } }).targets[0]!
  })
  return { candidates, live: [...all.keys()], rows, troubles: all.map(({ trouble = 0 }) => trouble) }
}

// ---------------------------------------------------------------- the order

t.test('the best first', async (t) => {
  t.strictSame(rank(field([{ utility: -1 }, { utility: 2 }, { utility: 0.5 }]), 'balanced'), [1, 2, 0])
})

t.test('within a band the one with the least to do, then the one that was asked least', async (t) => {
  const alike = [
    { utility: 1.01, inflight: 3 },
    { utility: 1.04, inflight: 5 },
    { utility: 1.02, inflight: 0, calls: 9 },
    { utility: 1.0, inflight: 0, calls: 2 },
  ]
  t.strictSame(rank(field(alike), 'balanced'), [3, 2, 0, 1])
})

t.test('a better band weighs more than load', async (t) => {
  t.strictSame(rank(field([{ utility: 1.2, inflight: 50 }, { utility: 1.0 }]), 'balanced'), [0, 1])
})

t.test('health weighs more than everything', async (t) => {
  const all = [
    { utility: 9, trouble: 2 },
    { utility: -20, trouble: 0.5, inflight: 99 },
    { utility: -40 },
    { utility: 3, trouble: 3 },
    { utility: 5, trouble: 1 },
  ]
  t.strictSame(rank(field(all), 'balanced'), [2, 1, 4, 0, 3])
  t.strictSame(rank(field(all), { cheapestWithin: 0.1 }), [2, 1, 4, 0, 3])
})

t.test('like backends share the work', async (t) => {
  const all = Array.from({ length: 4 }, (_, i) => like(`b${i}/m`))
  for (let i = 0; i < 40; i++) {
    const first = all.find(({ id }) => id === orderOf(all)[0])!
    ;(first.live as { inflight: number }).inflight++
  }
  t.strictSame(
    all.map((one) => one.live.inflight),
    [10, 10, 10, 10],
  )
})

t.test('as they are written', async (t) => {
  const random = seeded(41)
  for (let round = 0; round < 100; round++) {
    const all = Array.from({ length: 6 }, (_, i) =>
      like(`b${i}/m${i}`, anyNature(random), { live: live({ inflight: Math.floor(9 * random()) }) }),
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
    const of = (row: number, column: number): number => decision.rows[row * COLUMNS + column]!
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
  const none = field([
    { utility: 1, success: NaN, trouble: 2 },
    { utility: 0, success: NaN },
    { utility: 3, success: NaN },
  ])
  t.strictSame(rank(none, { cheapestWithin: 0.1 }), [2, 1, 0])
})

// ---------------------------------------------------------------- exploration

t.test('exploration is rare, its propensities are the true ones, and they sum to 1', async (t) => {
  const random = seeded(43)
  const one = field([
    { utility: 1, doubt: 0.05 },
    { utility: 0.8, doubt: 0.3 },
    { utility: 0.6, doubt: 0.15 },
    { utility: 0.4, doubt: 0.9 },
    { utility: 0.9, doubt: 0.9, trouble: 1 },
  ])
  const order = rank(one, 'balanced')
  const draws = 20_000
  const seen = new Map<number, { count: number; propensity: number }>()
  let explored = 0
  let odd = 0
  for (let i = 0; i < draws; i++) {
    const drawn = explore(order, one, random)
    if (drawn.explored) explored++
    if (drawn.explored !== (drawn.order[0] !== order[0])) odd++
    const known = seen.get(drawn.order[0]!) ?? { count: 0, propensity: drawn.propensity }
    if (known.propensity !== drawn.propensity) odd++
    known.count++
    seen.set(drawn.order[0]!, known)
  }
  t.equal(odd, 0)
  t.ok(explored <= 0.02 * draws, `${explored}`)
  t.ok(explored > 0.01 * draws, `${explored}`)
  t.strictSame([...seen.keys()].sort(), [0, 1, 2], 'neither who is much worse nor who has failed')
  let sum = 0
  for (const [row, { count, propensity }] of seen) {
    sum += propensity
    const sigma = Math.sqrt((propensity * (1 - propensity)) / draws)
    t.ok(Math.abs(count / draws - propensity) <= 3 * sigma, `${row}: ${count / draws}, not ${propensity}`)
  }
  t.ok(Math.abs(sum - 1) < 1e-12, `${sum}`)
  t.ok(seen.get(1)!.count > seen.get(2)!.count, 'the less known the more often')
})

t.test('all others stay behind, each once', async (t) => {
  const one = field([{ utility: 1 }, { utility: 0.9 }, { utility: 0.8 }, { utility: -5 }])
  const drawn = explore([0, 1, 2, 3], one, () => 0.0199)
  t.strictSame([...drawn.order].sort(), [0, 1, 2, 3])
})

t.test('alone, or far ahead, there is nothing to explore', async (t) => {
  for (const all of [
    [{ utility: 1 }],
    [{ utility: 1 }, { utility: 0.3 }],
    [{ utility: 1 }, { utility: 1, trouble: 1 }],
  ])
    t.match(
      explore([...all.keys()], field(all), () => 0),
      { explored: false, propensity: 1 },
    )
  t.match(
    explore([], field([]), () => 0),
    { order: [], explored: false },
  )
})

const near = (): Deployment[] => [
  like('a/m', { quality: 0.71 }),
  like('b/m', { quality: 0.7 }),
  like('c/n', { quality: 0.7 }),
]

/** Whether chance has any part in it, in whatever mood it is. */
function explores(all: readonly Deployment[], situation: Parameters<typeof planOf>[1]): boolean {
  const random = seeded(44)
  return Array.from({ length: 20 }, () => {
    const draws = [0.001, random()]
    const { record } = planOf(all, {
      ...situation,
      moment: { ...situation?.moment, random: () => draws.shift() ?? 0.5 },
    })
    return record.explored || record.propensity !== 1
  }).some(Boolean)
}

const ANSWERED: JsonObject = {
  messages: [
    { role: 'user', content: 'Name a river.' },
    { role: 'assistant', content: 'The Danube.' },
    { role: 'user', content: 'And another one?' },
  ],
}

t.test('exploration only where the choice was left to the gateway', async (t) => {
  t.equal(explores(near(), {}), true)
  t.equal(explores(near(), { fields: { model: 'auto' } }), true)
  t.equal(explores(near(), { fields: { model: 'm' } }), false, 'a named model')
  t.equal(explores(near(), { fields: { model: 'a/m' } }), false, 'a named backend')
  t.equal(explores(near(), { route: { explore: false } }), false, 'explore: false')
  t.equal(explores(near(), { fields: ANSWERED }), false, 'amid a conversation')
  t.equal(explores(near(), { traits: { session: 's' } }), false, 'amid a session')
  t.equal(explores(near(), { strategy: 'ordered' }), false, 'as written')
  t.equal(explores(near(), { traits: { noFallback: true } }), false, 'without a second try')
})

// ---------------------------------------------------------------- what fails fast

t.test('a backend that fails at once never gains share, and comes back when it is healed (AT-56)', async (t) => {
  const all = [
    like('broken/m', { ttft: 0.4 }, { standing: newStanding() }),
    like('good/m', { ttft: 0.5 }, { standing: newStanding() }),
  ]
  const own = (one: Deployment): StandingState => one.standing as StandingState
  const failure = new GatewayError('upstream_error', 'it failed')
  const asked: number[] = []
  let now = 0
  const request = (healthy: boolean): string => {
    const [first] = planOf(all, { moment: { now } }).order
    const { deployment } = first!
    own(deployment).calls++
    const failed = deployment.id === 'broken/m' && !healthy
    assess(own(deployment), 'chat', failed ? failure : null, failed ? null : 500, now + (failed ? 2 : 500))
    return deployment.id
  }
  const expected = ttftOf(all[0]!.latency, 10, 0)
  for (let i = 0; i < 1000; i++, now += 200) if (request(false) === 'broken/m') asked.push(i)
  t.ok(asked.length <= 12, `asked first ${asked.length} times of 1,000`)
  const firstHalf = asked.filter((i) => i < 500).length
  t.ok(asked.length - firstHalf <= firstHalf, 'and ever less often')
  t.equal(ttftOf(all[0]!.latency, 10, 0), expected, 'a failure is no quick answer')
  const healed = now
  while (request(true) !== 'broken/m' && now - healed < 120_000) now += 200
  t.ok(now - healed <= 60_000, `healed, it was asked again after ${now - healed} ms`)
})

// ---------------------------------------------------------------- staying with a conversation

/** Where the conversation was answered last: nothing of it is cached, so that only loyalty speaks. */
const remembered = (id: string): Pick<Moment, 'recall'> => ({
  recall: () => ({ deployment: id, model: id.slice(id.indexOf('/') + 1), tokens: 0, at: 0 }),
})
const QUALITY_ALONE = { quality: 1, cost: 0, latency: 0, efficiency: 0 }
const LATENCY_ALONE = { quality: 0, cost: 0, latency: 1, efficiency: 0 }
/** Slow enough that nothing but the first token counts. */
const HARDLY = { tpot: 1e-9 }

t.test('a conversation changes its model only for one that is better by .3', async (t) => {
  for (const [better, stays] of [
    [0.015, true],
    [0.023, true],
    [0.06, false],
    [0.1, false],
  ] as const) {
    const all = [like('a/m', { quality: 0.6 + better }), like('b/n', { quality: 0.6 })]
    const order = orderOf(all, { strategy: QUALITY_ALONE, fields: ANSWERED, moment: remembered('b/n') })
    t.equal(order[0], stays ? 'b/n' : 'a/m', `by ${10 * better}`)
  }
})

t.test('and its instance only for one that is better by .15', async (t) => {
  for (const [factor, stays] of [
    [1.05, true],
    [1.07, true],
    [1.25, false],
    [2, false],
  ] as const) {
    const all = [like('a/m', { ...HARDLY, ttft: 1 }), like('b/m', { ...HARDLY, ttft: factor })]
    const order = orderOf(all, { strategy: LATENCY_ALONE, fields: ANSWERED, moment: remembered('b/m') })
    t.equal(order[0], stays ? 'b/m' : 'a/m', `${factor} times as long`)
  }
})

t.test('a new conversation starts where it is best', async (t) => {
  const all = [like('a/m', { quality: 0.62 }), like('b/n', { quality: 0.6 })]
  t.equal(orderOf(all, { strategy: QUALITY_ALONE, moment: remembered('b/n') })[0], 'a/m')
})

t.test('health weighs more than loyalty', async (t) => {
  const sick: Partial<BackendLive> = { state: 'down' }
  const all = [like('a/m'), like('b/n', {}, { live: live(sick) })]
  t.equal(orderOf(all, { fields: ANSWERED, moment: remembered('b/n') })[0], 'a/m')
  const resting: Partial<Standing> = { restUntil: 10 }
  const tired = [like('a/m'), like('b/n', {}, { standing: resting })]
  t.equal(orderOf(tired, { fields: ANSWERED, moment: remembered('b/n') })[0], 'a/m')
})

// ---------------------------------------------------------------- efforts

const THINKS = { facts: { efforts: ['none', 'low', 'high'] as const, quality: { default: 0.7 } } }

t.test('one candidate for each effort, and each deployment once in the order', async (t) => {
  const all = [like('a/m', {}, THINKS), like('b/n')]
  const { record, order } = planOf(all)
  t.strictSame(
    record.candidates.map(({ backend, effort }) => [backend, effort]),
    [
      ['a', 'none'],
      ['a', 'low'],
      ['a', 'high'],
      ['b', null],
    ],
  )
  t.strictSame(order.map(({ deployment }) => deployment.id).sort(), ['a/m', 'b/n'])
  const { effort } = order.find(({ deployment }) => deployment.id === 'a/m')!
  const utility = (which: string | null): number => record.candidates.find((one) => one.effort === which)!.utility!
  t.equal(utility(effort), Math.max(utility('none'), utility('low'), utility('high')), 'at its best effort')
})

for (const [name, fields, effort] of [
  ['reasoning_effort', { reasoning_effort: 'low' }, 'low'],
  ['a switch', { chat_template_kwargs: { enable_thinking: false } }, 'none'],
  ['an object', { reasoning: { effort: 'high' } }, 'high'],
] as const)
  t.test(`the caller's own effort is kept: ${name}`, async (t) => {
    const { record, order } = planOf([like('a/m', {}, THINKS), like('b/n')], { fields })
    t.strictSame(
      record.candidates.map((one) => [one.backend, one.effort]),
      [
        ['a', effort],
        ['b', effort],
      ],
    )
    for (const target of order) t.equal(target.effort, effort)
  })

t.test('who names a model gets it as it is', async (t) => {
  const all = [like('a/m', {}, THINKS)]
  for (const model of ['m', 'a/m']) {
    const { record, order } = planOf(all, { fields: { model } })
    t.strictSame(
      record.candidates.map((one) => one.effort),
      [null],
      model,
    )
    t.equal(order[0]!.effort, null)
  }
  t.equal(
    planOf(all, { fields: { model: 'm', reasoning_effort: 'low' } }).order[0]!.effort,
    'low',
    'but for a word of their own',
  )
})

t.test('an effort that pays is chosen, one that does not is not', async (t) => {
  const all = [like('a/m', {}, THINKS)]
  const of = (strategy: 'best' | 'cheap', content: string): string | null =>
    planOf(all, { strategy, fields: { messages: [{ role: 'user', content }] } }).order[0]!.effort
  t.equal(of('cheap', 'Hi there!'), 'none')
  const learnt = (arm: Arm, by: number): void => {
    for (let i = 0; i < arm.prior.length; i++) arm.prior[i]! += by
  }
  learnt(all[0]!.targets[3]!.arm, 0.25)
  t.equal(of('best', 'Prove that there are infinitely many primes.'), 'high')
})

t.test('local engines alone for the strategy of that name', async (t) => {
  const all = [like('cloud/m', {}, { backend: { provider: provider() } }), like('here/n')]
  t.strictSame(orderOf(all, { strategy: 'local' }), ['here/n'])
})
