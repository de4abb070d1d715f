import t, { type Test } from 'tap'
import { blend, deviation, evidence, newCells, recordValue } from '../../src/decision/learn/topic-stats.ts'
import { features } from '../support/features.ts'

const close = (t: Test, found: number, wanted: number, what: string): unknown =>
  t.ok(Math.abs(found - wanted) < 1e-9, `${what}: ${found}, not ${wanted}`)

t.test('a blend is the mean by shares', async (t) => {
  close(t, blend(Float64Array.of(1, 2, 10), features({ topics: [0, 2], shares: [0.75, 0.25] })), 3.25, 'blend')
})

t.test('nothing seen, no deviation', async (t) => {
  t.equal(deviation(newCells(3), features(), 5), 0)
  t.equal(evidence(newCells(3), features()), 0)
})

t.test('one observation, by hand', async (t) => {
  const cells = newCells(3)
  recordValue(cells, features(), 0.6, 5)
  // Over all topics .6 / (1 + 5) = .1; in the topic (.6 + 5 x .1) / (1 + 5); elsewhere the former.
  close(t, deviation(cells, features(), 5), 1.1 / 6, 'its own topic')
  close(t, deviation(cells, features({ topics: [2] }), 5), 0.1, 'another topic')
  close(t, deviation(cells, features({ topics: [0, 1], shares: [0.5, 0.5] }), 5), (1.1 / 6 + 0.1) / 2, 'half of each')
  t.equal(evidence(cells, features()), 1)
  t.equal(evidence(cells, features({ topics: [1] })), 0)
  close(t, cells.squares, 0.36, 'the surprise')
})

t.test('two observations, by hand: the first fades by a thousandth', async (t) => {
  const cells = newCells(1)
  recordValue(cells, features(), 1, 4)
  // Expected 1 / 5, then (1 + 4 / 5) / 5 = .36.
  recordValue(cells, features(), 0, 4)
  close(t, cells.count[0]!, 1.999, 'count')
  close(t, cells.sum[0]!, 0.999, 'sum')
  close(t, cells.total, 1.999, 'total')
  close(t, cells.squares, 0.999 + 0.36 ** 2, 'squares')
})

t.test('a topic is fractional', async (t) => {
  const cells = newCells(2)
  recordValue(cells, features({ topics: [0, 1], shares: [0.8, 0.2] }), 1, 4)
  close(t, cells.count[0]!, 0.8, 'most of it')
  close(t, cells.count[1]!, 0.2, 'the rest')
  close(t, cells.total, 1, 'one observation')
})

t.test('more observations, less shrinkage', async (t) => {
  const cells = newCells(2)
  let before = 0
  for (let i = 0; i < 500; i++) {
    recordValue(cells, features(), 0.5, 6)
    const now = deviation(cells, features(), 6)
    t.ok(now > before && now < 0.5, `${i}: ${now}`)
    before = now
  }
  t.ok(before > 0.49)
  const elsewhere = deviation(cells, features({ topics: [1] }), 6)
  t.ok(elsewhere > 0.4 && elsewhere < before, 'a topic that was never seen is taken to be like the others')
})

t.test('a topic with its own evidence keeps its own mean', async (t) => {
  const cells = newCells(2)
  for (let i = 0; i < 300; i++) {
    recordValue(cells, features(), 0.4, 6)
    recordValue(cells, features({ topics: [1] }), -0.4, 6)
  }
  t.ok(deviation(cells, features(), 6) > 0.37)
  t.ok(deviation(cells, features({ topics: [1] }), 6) < -0.37)
})

t.test('old observations fade as new ones come', async (t) => {
  const cells = newCells(1)
  for (let i = 0; i < 5000; i++) recordValue(cells, features(), 1, 6)
  t.ok(Math.abs(cells.count[0]! - 1000) < 10, `${cells.count[0]} are kept`)
  for (let i = 0; i < 3000; i++) recordValue(cells, features(), 0, 6)
  t.ok(deviation(cells, features(), 6) < 0.07, `${deviation(cells, features(), 6)}`)
})
