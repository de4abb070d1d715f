import t from 'tap'
import { costAt, hullOf, meanQuality, qualityAt } from '../../../benchmarks/routing/hull.ts'
import { aiqLinear, aiqLog, apgr, costAtShare, percentile } from '../../../benchmarks/routing/metrics.ts'

const at = (cost: number, quality: number) => ({ cost, quality })

t.test('the hull keeps the corners that bend down and none that is worse for more', async (t) => {
  const points = [at(1, 0.4), at(2, 0.5), at(3, 0.8), at(4, 0.7), at(5, 0.9), at(1, 0.3)]
  t.strictSame(hullOf(points), [at(1, 0.4), at(3, 0.8), at(5, 0.9)])
  t.strictSame(hullOf([at(2, 0.5), at(1, 0.5)]), [at(1, 0.5)], 'of equals the cheaper one')
  t.strictSame(hullOf([]), [])
})

t.test('between corners a policy mixes; outside it stays flat', async (t) => {
  const hull = [at(1, 0.4), at(3, 0.8)]
  t.equal(qualityAt(hull, 0.5), 0.4)
  t.ok(Math.abs(qualityAt(hull, 2) - 0.6) < 1e-12)
  t.equal(qualityAt(hull, 9), 0.8)
  t.ok(Math.abs(costAt(hull, 0.5)! - 1.5) < 1e-12)
  t.equal(costAt(hull, 0.3), 1)
  t.equal(costAt(hull, 0.81), null)
  // 1..3: mean .6 over a width of 2; 3..5: .8 over a width of 2.
  t.ok(Math.abs(meanQuality(hull, 1, 5) - 0.7) < 1e-12)
})

t.test('AIQ is the mean quality over the range of costs, linear or by logarithm', async (t) => {
  const points = [at(1, 0.5), at(10, 0.7), at(100, 0.9)]
  // By logarithm a straight line from .5 to .9; linear (.5+.7)/2 x 9 + (.7+.9)/2 x 90, over 99.
  t.ok(Math.abs(aiqLog(points, { low: 1, high: 100 })! - 0.7) < 1e-12)
  t.ok(Math.abs(aiqLinear(points, { low: 1, high: 100 })! - (5.4 + 72) / 99) < 1e-12)
  t.equal(aiqLinear(points, { low: 2, high: 2 }), null)
  t.equal(aiqLog([at(0, 0.5), at(1, 0.7)], { low: 0, high: 1 }), null)
})

t.test('the cost at a share of the best', async (t) => {
  const points = [at(1, 0.5), at(11, 1)]
  t.ok(Math.abs(costAtShare(points, 0.95, 1)! - 10) < 1e-12)
  t.equal(costAtShare(points, 1.01, 1), null)
})

t.test('APGR: the right order beats none, which is .5, and the wrong one is below it', async (t) => {
  const weak = Float64Array.of(0, 0, 1, 1)
  const strong = Float64Array.of(1, 1, 1, 1)
  // The two that gain go first: 0, .5, 1, 1, 1 at shares 0, 1/4 .. 1; trapezoids .25 x (.25 + .75 + 1 + 1).
  t.equal(apgr(Float64Array.of(4, 3, 2, 1), weak, strong), 0.75)
  t.equal(apgr(Float64Array.of(1, 2, 3, 4), weak, strong), 0.25)
  t.equal(apgr(new Float64Array(4), weak, strong), 0.5)
  t.equal(apgr(Float64Array.of(1, 1, 0, 0), weak, strong), 0.75, 'equals are mixed')
  t.equal(apgr(new Float64Array(4), strong, weak), null)
})

t.test('APGR passes 1 where some prompts are better off with the weak model', async (t) => {
  const weak = Float64Array.of(0, 0, 0, 1)
  const strong = Float64Array.of(1, 1, 1, 0)
  // Gains 1, 1, 1, -1 of a whole of 2: 0, .5, 1, 1.5, 1.
  t.equal(apgr(Float64Array.of(1, 1, 1, -1), weak, strong), 0.25 * (0.25 + 0.75 + 1.25 + 1.25))
})

t.test('percentiles are by the nearest rank', async (t) => {
  const numbers = [5, 1, 4, 2, 3]
  t.equal(percentile(numbers, 50), 3)
  t.equal(percentile(numbers, 99), 5)
  t.equal(percentile(numbers, 0), 1)
  t.ok(Number.isNaN(percentile([], 50)))
})
