import t from 'tap'
import { estimate, newRegression, observe } from '../../src/decision/learn/regression.ts'
import { seeded } from '../support/random.ts'
import { normal } from '../support/features.ts'

/** Solves A x = b by Gauss with pivots. */
function solve(matrix: readonly (readonly number[])[], right: readonly number[]): number[] {
  const size = right.length
  const rows = matrix.map((row, i) => [...row, right[i]!])
  for (let column = 0; column < size; column++) {
    let pivot = column
    for (let row = column; row < size; row++)
      if (Math.abs(rows[row]![column]!) > Math.abs(rows[pivot]![column]!)) pivot = row
    ;[rows[column], rows[pivot]] = [rows[pivot]!, rows[column]!]
    for (let row = 0; row < size; row++) {
      if (row === column) continue
      const factor = rows[row]![column]! / rows[column]![column]!
      for (let at = column; at <= size; at++) rows[row]![at]! -= factor * rows[column]![at]!
    }
  }
  return rows.map((row, i) => row[size]! / row[i]!)
}

/** The weights that minimise the weighted squares of the errors plus the squares of the distance to `start` over `spread`. */
function ridge(
  data: readonly (readonly [readonly number[], number])[],
  start: readonly number[],
  spread: readonly number[],
  memory: number,
): number[] {
  const size = start.length
  const fade = memory ** data.length
  const matrix = start.map((_, i) => start.map((_, j) => (i === j ? fade / spread[i]! : 0)))
  const right = start.map((value, i) => (fade * value) / spread[i]!)
  for (const [index, [features, outcome]] of data.entries()) {
    const weight = memory ** (data.length - 1 - index)
    for (let i = 0; i < size; i++) {
      right[i]! += weight * features[i]! * outcome
      for (let j = 0; j < size; j++) matrix[i]![j]! += weight * features[i]! * features[j]!
    }
  }
  return solve(matrix, right)
}

for (const [name, size, count, memory] of [
  ['small', 2, 5, 1],
  ['as many weights as observations', 8, 8, 1],
  ['hundreds of observations', 12, 400, 1],
  ['forgetting', 3, 60, 0.97],
  ['hardly any forgetting', 5, 200, 0.999],
] as const)
  t.test(`it is the solution of the normal equations: ${name}`, async (t) => {
    for (let seed = 1; seed <= 5; seed++) {
      const random = seeded(seed)
      const start = Array.from({ length: size }, () => normal(random))
      const spread = Array.from({ length: size }, () => 0.1 + random())
      const truth = Array.from({ length: size }, () => normal(random))
      const data = Array.from({ length: count }, () => {
        const features = Array.from({ length: size }, () => normal(random))
        const outcome = features.reduce((sum, value, i) => sum + value * truth[i]!, 0) + 0.3 * normal(random)
        return [features, outcome] as const
      })
      const learnt = newRegression(start, spread)
      for (const [features, outcome] of data) observe(learnt, features, outcome, memory)
      const exact = ridge(data, start, spread, memory)
      const apart = Math.max(...exact.map((value, i) => Math.abs(value - learnt.weights[i]!)))
      t.ok(apart < 1e-9, `seed ${seed}: ${apart}`)
      t.equal(learnt.count, count)
    }
  })

t.test('before anything was seen it says what it was told', async (t) => {
  t.equal(estimate(newRegression([2, 3], [1, 1]), [10, 1]), 23)
})

t.test('a weight of spread zero never moves', async (t) => {
  const learnt = newRegression([2, 0], [0, 1])
  for (let i = 0; i < 20; i++) observe(learnt, [1, 1], 5)
  t.equal(learnt.weights[0], 2)
  t.ok(Math.abs(learnt.weights[1]! - 3) < 0.2)
})

t.test('with forgetting it follows a change, without it stands between', async (t) => {
  const forgetting = newRegression([0], [1])
  const remembering = newRegression([0], [1])
  for (let i = 0; i < 400; i++) {
    const outcome = i < 200 ? 1 : 3
    observe(forgetting, [1], outcome, 0.97)
    observe(remembering, [1], outcome)
  }
  t.ok(Math.abs(forgetting.weights[0]! - 3) < 0.01, `${forgetting.weights[0]}`)
  t.ok(Math.abs(remembering.weights[0]! - 2) < 0.01, `${remembering.weights[0]}`)
})

t.test('forgetting where the features never change leads to nothing wild', async (t) => {
  const random = seeded(3)
  for (const features of [
    [1, 0.1, 0],
    [1, 2, 0],
    [1, 1, 1],
    [3, 0.3, 6],
  ]) {
    const learnt = newRegression([0.6, 0.03, 0], [4, 1, 1])
    let worst = 0
    for (let i = 0; i < 5000; i++) {
      observe(learnt, features, 2 + 0.1 * normal(random), 0.97)
      if (i > 200) worst = Math.max(worst, Math.abs(estimate(learnt, features) - 2))
    }
    t.ok(worst < 0.2, `${features.join(' ')}: off by ${worst}`)
  }
})

t.test('an estimate is the sum of weights times features, whatever their number', async (t) => {
  const random = seeded(5)
  for (let size = 0; size <= 80; size++) {
    const features = Array.from({ length: size }, () => normal(random))
    const weights = features.map(() => normal(random))
    const zeros = features.map(() => 0)
    const sum = weights.reduce((all, weight, at) => all + weight * features[at]!, 0)
    t.ok(Math.abs(estimate(newRegression(weights, zeros), features) - sum) < 1e-12, `${size} features`)
  }
})
