/** Now and then another one than the best goes first; what is logged of it must be true. */
import t from 'tap'
import type { Deployment } from '../../src/core/types.ts'
import { explore, rank } from '../../src/decision/route/pick.ts'
import { ANSWERED, like, planOf } from '../support/fields.ts'
import { seeded } from '../support/random.ts'
import { fieldOf } from '../support/rows.ts'

t.test('exploration is rare, its propensities are the true ones, and they sum to 1', async (t) => {
  const random = seeded(43)
  const one = fieldOf([
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
  const one = fieldOf([{ utility: 1 }, { utility: 0.9 }, { utility: 0.8 }, { utility: -5 }])
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
      explore([...all.keys()], fieldOf(all), () => 0),
      { explored: false, propensity: 1 },
    )
  t.match(
    explore([], fieldOf([]), () => 0),
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
