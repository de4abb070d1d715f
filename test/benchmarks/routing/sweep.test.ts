import t from 'tap'
import { classTable, priceOnly } from '../../../benchmarks/routing/class-table.ts'
import { fieldsOf } from '../../../benchmarks/routing/csv.ts'
import { spreadOf } from '../../../benchmarks/routing/measure.ts'
import { poolOf, truthOf, workOf, workPool } from '../../../benchmarks/routing/pool.ts'
import { permutation, randomFrom } from '../../../benchmarks/routing/random.ts'
import type { ModelCard, Sample } from '../../../benchmarks/routing/sample.ts'
import { isTrain } from '../../../benchmarks/routing/split.ts'
import { choose, lambdasOf, pointOf, sweep } from '../../../benchmarks/routing/sweep.ts'

const prediction = (success: number[], cost: number[]) => ({
  success: Float64Array.from(success),
  cost: Float64Array.from(cost),
})
const card = (price: number | null, paramsB: number | null, open: boolean | null = true): ModelCard => ({
  inputPerMtokUsd: price,
  outputPerMtokUsd: price,
  paramsB,
  open,
})
const sample = (label: string | null, small: number, large: number, tokens: number | null = 100): Sample => ({
  prompt: 'p'.repeat(36),
  label,
  arms: {
    small: { score: small, costUsd: null, outputTokens: tokens },
    large: { score: large, costUsd: null, outputTokens: tokens },
  },
})
const CARDS = { small: card(1, 8), large: card(10, 70) }

t.test('the choice is success less lambda times cost, of equals the cheaper', async (t) => {
  const one = prediction([0.9, 0.8, 0.5], [10, 2, 1])
  t.equal(choose(one, 0), 0)
  t.equal(choose(one, 0.05), 1)
  t.equal(choose(one, 1), 2)
  t.equal(choose(one, Infinity), 2)
  t.equal(choose(prediction([0.7, 0.7], [2, 1]), 0), 1, 'equal success')
  t.equal(choose(prediction([0.5, 0.7], [1, 1]), Infinity), 1, 'equal cost: the better one')
})

t.test('the sweep goes from pure quality to pure cost', async (t) => {
  const predictions = [prediction([0.5, 0.9], [1, 100]), prediction([0.8, 0.7], [1, 100])]
  const lambdas = lambdasOf(predictions)
  t.equal(lambdas[0], 0)
  t.equal(lambdas.at(-1), Infinity)
  t.strictSame(
    lambdas,
    lambdas.toSorted((a, b) => a - b),
  )
  const settings = sweep(predictions)
  t.strictSame([...settings[0]!.choices], [1, 0])
  t.strictSame([...settings.at(-1)!.choices], [0, 0])
  t.strictSame(lambdasOf([prediction([1, 1], [0, 0])]), [0, Infinity], 'nothing costs anything')
})

t.test('a setting is judged by what happened', async (t) => {
  const samples = [sample('a', 0, 1), sample('a', 1, 1)]
  const pool = poolOf(CARDS, samples, 'usd')
  const truth = truthOf(samples, pool, samples)
  const point = pointOf({ choices: Uint16Array.of(1, 0) }, truth)
  // 10 input and 100 output tokens: 110 x 10 and 110 x 1 millionths of a dollar.
  t.equal(point.quality, 1)
  t.ok(Math.abs(point.cost - (1100 + 110) / 2 / 1e6) < 1e-12)
})

t.test('the pool is judged in dollars where all models have a cost, else by share', async (t) => {
  const samples = [sample('a', 0, 1)]
  t.equal(poolOf(CARDS, samples, null).currency, 'usd')
  t.equal(poolOf(CARDS, [sample('a', 0, 1, null)], null).currency, 'share')
  const unpriced = { small: card(null, 8), large: card(null, null) }
  const pool = poolOf(unpriced, samples, null)
  t.equal(pool.currency, 'share')
  t.equal(pool.dearest, 'large', 'an unknown size counts as the largest')
  t.strictSame([...truthOf(samples, pool, samples).cost], [0, 1])
  t.equal(poolOf({ small: card(null, null), large: card(null, null) }, samples, null).dearest, 'large', 'by score')
})

t.test('work is counted among the open models of known size', async (t) => {
  const samples = [sample('a', 0, 1)]
  t.strictSame(workPool(poolOf(CARDS, samples, null), samples)?.models, ['small', 'large'])
  const closed = { small: card(1, 8), large: card(10, 70, false) }
  t.equal(workPool(poolOf(closed, samples, null), samples), null)
  t.equal(workOf(8, 100), 1.6, '2 x 8e9 x 100 = 1.6e12')
})

t.test('the table knows each class, shrinks small ones to the mean and knows nothing without labels', async (t) => {
  const train = [...Array<Sample>(10).fill(sample('a', 1, 0)), ...Array<Sample>(10).fill(sample('b', 0, 1, 300))]
  const pool = poolOf(CARDS, train, 'work')
  const table = classTable(train, pool, ({ label }) => label)!
  const a = table.predict('x', 'a')
  // Ten of its own at 1 and ten's worth of the mean .5; lengths 100 and 200.
  t.strictSame([...a.success], [0.75, 0.25])
  t.strictSame([...a.cost], [workOf(8, 150), workOf(70, 150)])
  t.strictSame([...table.predict('x', 'unheard of').success], [0.5, 0.5])
  t.strictSame([...priceOnly(table, pool)!.predict('x', 'a').cost], [1, 10])
  t.equal(
    classTable([sample(null, 1, 0)], pool, ({ label }) => label),
    null,
  )
  t.equal(
    classTable([], pool, ({ label }) => label),
    null,
  )
})

t.test('a prompt is on the same side whatever its white space, and halves are halves', async (t) => {
  t.equal(isTrain('one  two\n', 3), isTrain(' one two', 3))
  const sides = Array.from({ length: 4000 }, (_, index) => isTrain(`prompt ${index}`, 1))
  const share = sides.filter(Boolean).length / sides.length
  t.ok(share > 0.47 && share < 0.53, `${share}`)
  const agree = sides.filter((side, index) => side === isTrain(`prompt ${index}`, 2)).length / sides.length
  t.ok(agree > 0.47 && agree < 0.53, 'seeds are independent')
})

t.test('random numbers are the same in every run; a permutation has each number once', async (t) => {
  const [a, b] = [randomFrom(7), randomFrom(7)]
  t.strictSame([a(), a(), a()], [b(), b(), b()])
  const order = permutation(50, randomFrom(1))
  t.not(order.join(), [...order].sort((x, y) => x - y).join())
  t.strictSame(
    order.toSorted((x, y) => x - y),
    Array.from({ length: 50 }, (_, index) => index),
  )
})

t.test('quoted fields hold commas, quotes and line breaks', async (t) => {
  t.strictSame(fieldsOf('a,b\r\n"1,""2""\n3",x\n,\n'), [
    ['a', 'b'],
    ['1,"2"\n3', 'x'],
    ['', ''],
  ])
  t.strictSame(fieldsOf('a,'), [['a', '']])
})

t.test('a spread over seeds has no value where one seed has none', async (t) => {
  t.strictSame(spreadOf([1, 3]), { mean: 2, sd: Math.SQRT2 })
  t.strictSame(spreadOf([1]), { mean: 1, sd: 0 })
  t.equal(spreadOf([1, null]), null)
  t.equal(spreadOf([]), null)
})
