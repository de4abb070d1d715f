import t from 'tap'
import { burstOf, changedLoad, deathOf } from '../../src/simulate/conditions.ts'
import { TraceError, TraceReader } from '../../src/simulate/trace.ts'

const read = (...lines: readonly string[]) => {
  const reader = new TraceReader()
  for (const line of lines) reader.add(line)
  return reader.requests()
}

const line = (fields: object): string =>
  JSON.stringify({ timestamp: 0, input_length: 1000, output_length: 10, hash_ids: [1, 2], ...fields })

t.test('requests come in the order of their times, from the first of them on', async (t) => {
  const requests = read(
    line({ timestamp: 5000 }),
    '',
    line({ timestamp: 2000, hash_ids: [7, 1] }),
    '   ',
    line({ timestamp: 2000 }),
  )
  t.strictSame(
    requests.map(({ at, blocks }) => [at, blocks]),
    [
      [0, [2, 0]],
      [0, [0, 1]],
      [3, [0, 1]],
    ],
    'equal ids have equal numbers',
  )
  t.strictSame(read(), [])
})

t.test('a request without blocks, without a prompt or without an answer is one all the same', async (t) => {
  const [without, empty, nothing, names] = read(
    JSON.stringify({ timestamp: 0, input_length: 12.4, output_length: 1 }),
    line({ hash_ids: [], input_length: 0 }),
    line({ hash_ids: null, output_length: 0 }),
    line({ hash_ids: ['a', 9007199254740993, 'a'] }),
  )
  t.strictSame(without, { at: 0, input: 12, output: 1, blocks: [] })
  t.strictSame([empty!.input, nothing!.output, names!.blocks], [0, 0, [0, 1, 0]])
})

t.test('what is wrong is told with its line and its field', async (t) => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ['{"timestamp": 0,', /^line 3: is not JSON$/],
    ['[1]', /^line 3: is not an object$/],
    [line({ timestamp: undefined }), /^line 3: timestamp is missing; it must be a number of 0 or more$/],
    [line({ input_length: '5' }), /^line 3: input_length is "5"; it must be/],
    [line({ output_length: -1 }), /^line 3: output_length is -1; it must be/],
    [line({ timestamp: null }), /^line 3: timestamp is null; it must be/],
    [line({ hash_ids: 5 }), /^line 3: hash_ids is 5; it must be a list$/],
    [
      line({ hash_ids: [1, { a: 'x'.repeat(99) }] }),
      /^line 3: hash_ids is \{"a":"x{30,}…; it must be a list of numbers$/,
    ],
  ]
  for (const [text, message] of cases)
    t.throws(() => read(line({}), '', text), { constructor: TraceError, message }, text.slice(0, 30))
})

t.test('a burst squeezes a stretch in the middle, and what follows comes as it did after it', async (t) => {
  const trace = Array.from({ length: 201 }, (_, at) => ({ at, input: 1, output: 1, blocks: [] }))
  const changed = changedLoad(trace, { rate: 1, burst: { times: 3, seconds: 10 }, limit: null })
  const times = changed.map(({ at }) => at)
  t.strictSame([times[0], times[100], times[103], times[130], times[131], times[200]], [0, 100, 101, 110, 111, 180])
  t.equal(times.filter((at) => at >= 100 && at < 110).length, 30)
  t.strictSame(
    changedLoad(trace, { rate: 2, burst: null, limit: 3 }).map(({ at }) => at),
    [0, 0.5, 1],
  )
})

t.test('bursts and deaths are read as they are written, and nothing else is', async (t) => {
  t.strictSame(burstOf('x3@30s'), { times: 3, seconds: 30 })
  t.strictSame(burstOf('x1.5@2m'), { times: 1.5, seconds: 120 })
  for (const text of ['3@30s', 'x1@30s', 'x3@30', 'x3', '']) t.match(burstOf(text), /like x3@30s$/, text)
  t.strictSame(deathOf('2@20m+90s', 4), { place: 1, at: 1200, seconds: 90 })
  t.match(deathOf('5@1s+1s', 4), /^there is no engine 5; the fleet has 4$/)
  t.match(deathOf('0@1s+1s', 4), /^there is no engine 0/)
  for (const text of ['1@20m', '20m+1s', '1@x+1s', '']) t.match(deathOf(text, 4), /like 1@20m\+2m$/, text)
})
