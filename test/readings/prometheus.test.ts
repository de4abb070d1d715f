import t from 'tap'
import { samplesOf } from '../../src/backends/readings/prometheus.ts'

/** The values of one name. */
const values = (text: string, name = 'a:x'): readonly number[] =>
  (samplesOf(text, [name]).get(name) ?? []).map(({ value }) => value)

/** Line -> the values of `a:x` in it. */
const LINES: readonly (readonly [line: string, ...values: number[]])[] = [
  ['a:x 1', 1],
  ['a:x 1.5', 1.5],
  ['a:x 4.0', 4],
  ['a:x 0', 0],
  ['a:x -0.25', -0.25],
  ['a:x +3', 3],
  ['a:x .5', 0.5],
  ['a:x 5.', 5],
  ['a:x 1.7954079399347994e+09', 1795407939.9347994],
  ['a:x 1E3', 1000],
  ['a:x 5.8629534628068525e-03', 0.0058629534628068525],
  ['a:x\t7', 7],
  ['a:x   8', 8],
  ['a:x 9 1700000000000', 9],
  ['a:x 9 # {trace_id="b"} 0.5 1700000000.0', 9],
  ['a:x 9\r', 9],
  ['a:x{} 2', 2],
  ['a:x{ } 2', 2],
  ['a:x{engine="0"} 2', 2],
  ['a:x{engine="0",model_name="m"} 2', 2],
  ['a:x{engine="0", model_name="m",} 2', 2],
  ['a:x{ engine = "0" } 2', 2],
  ['a:x{path="C:\\\\a\\"b} 9\\n"} 2', 2],
  ['a:x{model="a b # c} 5"} 2', 2],
  ['a:x NaN'],
  ['a:x +Inf'],
  ['a:x -Inf'],
  ['a:x inf'],
  ['a:x 1e999'],
  ['a:x 0x10'],
  ['a:x 1_000'],
  ['a:x'],
  ['a:x '],
  ['a:x{engine="0"}'],
  ['a:x{engine="0" 2'],
  ['a:x{engine=0} 2'],
  ['a:x{engine="0"'],
  ['a:x{="0"} 2'],
  ['# a:x 2'],
  ['#HELP a:x 2'],
  [' a:x 2'],
  ['a:xy 2'],
  ['a: 2'],
  ['b{a="a:x 2"} 3'],
  ['a:x_created 1.7e9'],
  ['a:x_bucket{le="1"} 3'],
  ['<html> a:x 2'],
]

t.test('one line is read by the rules, or not at all', async (t) => {
  for (const [line, ...expected] of LINES) t.strictSame(values(`${line}\n`), expected, line)
})

t.test('labels come with their values, escapes undone', async (t) => {
  const [sample] = samplesOf('a:x{engine="0",path="C:\\\\a\\"b\\nc",empty=""} 2\n', ['a:x']).get('a:x') ?? []
  t.strictSame(sample, { value: 2, labels: { engine: '0', path: 'C:\\a"b\nc', empty: '' } })
})

t.test('a counter is found with and without `_total`, its own spelling first', async (t) => {
  for (const name of ['a:x', 'a:x_total']) {
    t.strictSame(values('a:x 1\n', name), [1], `${name}, told without`)
    t.strictSame(values('a:x_total 2\n', name), [2], `${name}, told with`)
  }
  t.strictSame(values('a:x 1\na:x_total 2\n', 'a:x'), [1])
  t.strictSame(values('a:x 1\na:x_total 2\n', 'a:x_total'), [2])
})

t.test('all series of a name are read, wherever they stand', async (t) => {
  const text =
    '# TYPE a:x gauge\na:x{engine="0"} 1\nb 7\na:x{engine="1"} 2\n\n# EOF\na:x{engine="2"} NaN\na:x{engine="3"} 4\n'
  t.strictSame(values(text), [1, 2, 4])
})

t.test('a last line that is cut off is none: its number may lack digits', async (t) => {
  const text = 'b 1\na:x 12345\n'
  for (let end = 0; end < text.length; end++) t.strictSame(values(text.slice(0, end)), [], `${end} bytes`)
  t.strictSame(values(text), [12345])
})

t.test('of a megabyte the wanted lines are found, in little time', async (t) => {
  const other = Array.from({ length: 12_000 }, (_, row) => `vllm:other_seconds_bucket{engine="0",le="${row}"} ${row}.0`)
  const text = `${other.join('\n')}\nvllm:num_requests_running{engine="0"} 4.0\n${other.join('\n')}\nvllm:num_requests_running{engine="1"} 1.0\n`
  t.ok(text.length > 1_000_000, `${text.length} bytes`)
  const names = [
    'vllm:num_requests_running',
    'vllm:num_requests_waiting',
    'vllm:kv_cache_usage_perc',
    'vllm:other_seconds',
  ]
  const began = performance.now()
  const found = samplesOf(text, names)
  const ms = performance.now() - began
  t.strictSame([...found.keys()], ['vllm:num_requests_running'])
  t.strictSame(
    found.get('vllm:num_requests_running')!.map(({ value }) => value),
    [4, 1],
  )
  t.ok(ms < 500, `${ms} ms`)
})

t.test('bytes of anything are no metrics, and take no time', async (t) => {
  for (const text of ['', '\n', '\0\0\n', '{"a:x": 1}\n', 'a:x{'.repeat(50_000), `a:x{${'a="b",'.repeat(50_000)}\n`]) {
    const began = performance.now()
    t.strictSame(values(text), [])
    t.ok(performance.now() - began < 500, text.slice(0, 10))
  }
})
