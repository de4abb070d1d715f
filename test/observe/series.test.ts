import t from 'tap'
import { Series } from '../../src/observe/metrics/series.ts'

t.test('a path is made once', async (t) => {
  const made: (readonly string[])[] = []
  const series = new Series({ max: 10, open: 1 }, (path) => {
    made.push(path)
    return { path }
  })
  t.equal(series.of('a', 'b'), series.of('a', 'b'))
  t.not(series.of('a', 'b'), series.of('b', 'a'))
  t.strictSame(made, [
    ['a', 'b'],
    ['b', 'a'],
  ])
  const one = new Series({ max: 1, open: 0 }, () => ({}))
  t.equal(one.of(), one.of(), 'the empty path, too')
})

t.test('where there is no room, open labels become `other`, and at last all', async (t) => {
  const made = new Set<string>()
  const series = new Series({ max: 2, open: 1 }, (path) => {
    made.add(path.join('/'))
    return { path }
  })
  const first = series.of('a', 'x')
  series.of('b', 'x')
  t.strictSame(series.of('c', 'x').path, ['other', 'x'])
  t.equal(series.of('d', 'x'), series.of('e', 'x'))
  t.strictSame(series.of('a', 'y').path, ['other', 'y'], 'a new path of a known label is new')
  t.equal(series.of('a', 'x'), first, 'known ones keep theirs')
  for (let index = 0; index < 10_000; index++) series.of('f', `z${index}`)
  t.strictSame(series.of('f', 'z9999').path, ['other', 'other'])
  t.ok(made.size <= 2 + 100 + 1, `${made.size} series`)
})
