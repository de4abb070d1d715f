import t, { type Test } from 'tap'
import { blend, evidence, newCells, record, rebased } from '../../src/decision/learn/topic-stats.ts'
import { features } from '../support/features.ts'

const close = (t: Test, found: number, wanted: number, what: string): unknown =>
  t.ok(Math.abs(found - wanted) < 1e-9, `${what}: ${found}, not ${wanted}`)

const seen = (value: number, weight = 1) => ({ value, own: value, surprise: value, weight })

t.test('a blend is the mean by shares', async (t) => {
  close(t, blend(Float64Array.of(1, 2, 10), features({ topics: [0, 2], shares: [0.75, 0.25] })), 3.25, 'blend')
})

t.test('nothing seen, no evidence', async (t) => {
  t.equal(evidence(newCells(3), features()), 0)
})

t.test('two observations, by hand: the first fades by a thousandth', async (t) => {
  const cells = newCells(1)
  record(cells, features(), seen(1))
  record(cells, features(), { value: 0, own: 0.5, surprise: -0.36, weight: 1 })
  close(t, cells.count[0]!, 1.999, 'count')
  close(t, cells.sum[0]!, 0.999, 'sum')
  close(t, cells.total, 1.999, 'total')
  close(t, cells.totalSum, 0.999 + 0.5, 'what is its own over all topics')
  close(t, cells.squares, 0.999 + 0.36 ** 2, 'squares')
})

t.test('a topic is fractional, and so is what an observation counts for', async (t) => {
  const cells = newCells(2)
  record(cells, features({ topics: [0, 1], shares: [0.8, 0.2] }), seen(1, 0.5))
  close(t, cells.count[0]!, 0.4, 'most of it')
  close(t, cells.count[1]!, 0.1, 'the rest')
  close(t, cells.total, 0.5, 'half an observation')
  close(t, cells.sum[0]! / cells.count[0]!, 1, 'of the same value')
})

t.test('old observations fade as new ones come, by what these count for', async (t) => {
  for (const weight of [1, 0.25]) {
    const cells = newCells(1)
    for (let i = 0; i < 8000 / weight; i++) record(cells, features(), seen(1, weight))
    t.ok(Math.abs(cells.count[0]! - 1000) < 10, `${cells.count[0]} are kept`)
  }
})

t.test('rebased, the same observations deviate from something else', async (t) => {
  const cells = newCells(2)
  record(cells, features(), seen(0.3))
  const moved = rebased(cells, Float64Array.of(0.5, 0.5), Float64Array.of(0.6, 0.9))
  close(t, moved.sum[0]!, 0.2, 'sum')
  close(t, moved.totalSum, 0.2, 'over all')
  close(t, cells.sum[0]!, 0.3, 'the first stays as it was')
})
