/** Properties of the scoring that hold for whatever candidates there are. */
import t from 'tap'
import { keyed } from '../../src/core/keyed.ts'
import { NO_PRICE } from '../../src/core/settings.ts'
import { isUnscored, STRATEGY_NAMES } from '../../src/core/strategies.ts'
import type { Deployment } from '../../src/core/types.ts'
import {
  COLUMN,
  COLUMNS,
  ESTIMATE_NAMES,
  type EstimateName,
  TERM_COLUMN,
  TERMS,
  WEIGHT_NAMES,
  type WeightName,
} from '../../src/core/terms.ts'
import { score, weightsOf } from '../../src/decision/route/utility.ts'
import { provider } from '../support/factories.ts'
import {
  anyNature,
  anyWeights,
  chosen,
  decisionOf,
  type Estimated,
  like,
  type Nature,
  orderOf,
} from '../support/fields.ts'
import { pick, seeded } from '../support/random.ts'

const PRESETS = STRATEGY_NAMES.filter((name) => !isUnscored(name))

t.test('a third candidate never changes the order of two others', async (t) => {
  const random = seeded(31)
  let flips = 0
  for (let round = 0; round < 800; round++) {
    const strategy = round % 2 === 0 ? pick(random, PRESETS) : anyWeights(random)
    const stream = { fields: { stream: random() < 0.5 }, strategy }
    const [a, b, c] = ['a/x', 'b/y', 'c/z'].map((id) => like(id, anyNature(random))) as [
      Deployment,
      Deployment,
      Deployment,
    ]
    const two = orderOf([a, b], stream).join(' ')
    for (const all of [
      [a, b, c],
      [c, a, b],
      [a, c, b],
    ])
      if (
        orderOf(all, stream)
          .filter((id) => id !== c.id)
          .join(' ') !== two
      )
        flips++
  }
  t.equal(flips, 0)
})

t.test('nor do thirty more', async (t) => {
  const random = seeded(32)
  for (let round = 0; round < 60; round++) {
    const strategy = anyWeights(random)
    const all = Array.from({ length: 32 }, (_, i) => like(`b${i}/m${i}`, anyNature(random)))
    const whole = orderOf(all, { strategy })
    const best = orderOf(
      all.filter((one) => whole.indexOf(one.id) < 12),
      { strategy },
    )
    t.strictSame(whole.slice(0, 12), best)
  }
})

/** Ways to be worse in one thing alone. */
const WORSE: Readonly<Record<string, (nature: Nature) => Nature>> = {
  success: (nature) => ({ ...nature, quality: nature.quality - 0.1 }),
  cost: (nature) => ({ ...nature, price: nature.price * 1.6 }),
  'time to first token': (nature) => ({ ...nature, ttft: nature.ttft * 2 }),
  'time per token': (nature) => ({ ...nature, tpot: nature.tpot * 2 }),
  tokens: (nature) => ({ ...nature, length: nature.length * 1.6 }),
}

for (const [what, worsen] of Object.entries(WORSE))
  t.test(`who is worse in ${what} and better in nothing never comes first`, async (t) => {
    const random = seeded(33)
    for (let round = 0; round < 200; round++) {
      const strategy = round % 2 === 0 ? pick(random, PRESETS) : anyWeights(random)
      const nature = anyNature(random)
      const others = Array.from({ length: Math.floor(3 * random()) }, (_, i) => like(`o${i}/o${i}`, anyNature(random)))
      const order = orderOf([like('dominated/x', worsen(nature)), ...others, like('better/y', nature)], { strategy })
      t.ok(order.indexOf('better/y') < order.indexOf('dominated/x'), JSON.stringify({ strategy, nature }))
    }
  })

/** Amounts that the score works out itself, worked out here from what is expected. */
const MEASURES: Partial<Readonly<Record<EstimateName, (decision: Estimated) => number>>> = {
  compared: (decision) => chosen(decision, COLUMN.cost),
  waited: (decision) => {
    const ttft = chosen(decision, COLUMN.ttft)
    const rest = chosen(decision, COLUMN.total) - ttft
    return ttft + (decision.question.request.stream ? 0.3 * rest : rest)
  },
  spent: (decision) =>
    (0.1 * chosen(decision, COLUMN.input) + chosen(decision, COLUMN.output)) / chosen(decision, COLUMN.success),
}

/** What a weight is about, as the choice has it: the more of it, the worse. */
function measured(weight: WeightName, decision: Estimated): number {
  const { of, scale } = TERMS[weight]
  const amount = MEASURES[of]?.(decision) ?? chosen(decision, COLUMN[of])
  return scale === 'steps' ? -amount : amount
}

for (const weight of WEIGHT_NAMES)
  t.test(`a greater weight of ${weight} never leads to a choice that is worse in it`, async (t) => {
    const random = seeded(34)
    let moved = 0
    for (let round = 0; round < 200; round++) {
      const weights = anyWeights(random)
      const stream = random() < 0.5
      const thinks = { facts: { efforts: ['none', 'low', 'high'] as const } }
      const all = Array.from({ length: 5 }, (_, i) => {
        const nature = anyNature(random)
        const own = {
          ...NO_PRICE,
          inputPerMtok: nature.price / 3,
          outputPerMtok: nature.price,
        }
        const known = { quality: { default: nature.quality }, price: own }
        // Some run here and some elsewhere, so that they differ in whatever depends on that.
        const backend = { provider: provider({ local: i % 3 !== 0 }) }
        return like(
          `b${i}/m${i}`,
          nature,
          i % 2 === 0 ? { backend, facts: { ...known, ...thinks.facts } } : { backend },
        )
      })
      let before = Infinity
      for (const value of [0, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 10, 100, 1000]) {
        const now = measured(weight, decisionOf(all, { strategy: { ...weights, [weight]: value }, fields: { stream } }))
        t.ok(now <= before * (1 + Math.sign(before) * 1e-9), `${weight} ${value}: ${now} after ${before}`)
        if (now < before && before < Infinity) moved++
        before = now
      }
    }
    t.ok(moved > 50, `it moved ${moved} choices`)
  })

const ONES = weightsOf(keyed(WEIGHT_NAMES, () => 1))

type Amounts = Readonly<Partial<Record<string, number>>>

/** One step more, in other words than those of TERMS. */
const ONE_STEP: Partial<Readonly<Record<WeightName, Amounts>>> = {
  quality: { success: 0.6 },
  cost: { compared: 2e6 },
  latency: { ttft: 500, total: 2000 },
  efficiency: { output: 500 },
}

t.test('a step is ten points of success, or a factor of two in what is weighed', async (t) => {
  const zeros: Amounts = Object.fromEntries(WEIGHT_NAMES.map((name) => [TERMS[name].of, TERMS[name].zero]))
  const usual: Amounts = { ...zeros, ttft: 1000, total: 1000, input: 0, cached: 0, output: 250 }
  const terms = (amounts: Amounts): readonly number[] => {
    const rows = new Float64Array(COLUMNS)
    for (const name of ESTIMATE_NAMES) rows[COLUMN[name]] = amounts[name] ?? usual[name] ?? 0
    score(rows, 0, ONES, false)
    return WEIGHT_NAMES.map((name) => rows[TERM_COLUMN[name]]!)
  }
  for (const amount of terms({})) t.ok(Math.abs(amount) < 1e-9)
  for (const [place, name] of WEIGHT_NAMES.entries()) {
    const { of, scale, zero, step } = TERMS[name]
    const more = ONE_STEP[name] ?? { [of]: scale === 'steps' ? zero + step : zero * 2 ** step }
    const worth = terms(more)[place]!
    t.ok(Math.abs(worth - (scale === 'steps' ? 1 : -1)) < 1e-9, `${name}: ${worth}`)
  }
})

t.test('nothing is worth infinitely much', async (t) => {
  const rows = new Float64Array(COLUMNS)
  for (const success of [0, NaN, 1]) {
    rows.fill(0)
    rows[COLUMN.success] = success
    score(rows, 0, weightsOf('balanced'), true)
    t.ok(Number.isFinite(rows[COLUMN.utility]), `${success}`)
  }
})
