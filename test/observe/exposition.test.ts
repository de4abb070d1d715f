import t from 'tap'
import { expose, formatFor } from '../../src/observe/metrics/exposition.ts'
import { Registry } from '../../src/observe/metrics/registry.ts'

const mark = { requestId: 'req-1', at: 1_700_000_000_500 }

t.test('both formats, byte by byte', async (t) => {
  const families = new Registry()
  const cell = families.counter('spent_usd_total', 'Spent.', ['route'], 1e9).series(['a "b"\\\n'])
  cell.value = 1_500_000_001
  cell.exemplar = { mark, value: 0.25 }
  const buckets = families.histogram('wait_seconds', 'Waits.', ['stream'], [0.5, 1]).series(['true'])
  buckets.observe(0.5, mark)
  buckets.observe(0.75)
  buckets.observe(3, { ...mark, requestId: 'req-2' })
  families.gauge('up', 'Up.', [], (read) => read(1))
  families.countOf('rows_total', 'Rows.', [], (read) => read(7))
  t.equal(
    await expose(families.all, 'text'),
    `# HELP turnout_spent_usd_total Spent.
# TYPE turnout_spent_usd_total counter
turnout_spent_usd_total{route="a \\"b\\"\\\\\\n"} 1.500000001

# HELP turnout_wait_seconds Waits.
# TYPE turnout_wait_seconds histogram
turnout_wait_seconds_bucket{le="0.5",stream="true"} 1
turnout_wait_seconds_bucket{le="1",stream="true"} 2
turnout_wait_seconds_bucket{le="+Inf",stream="true"} 3
turnout_wait_seconds_sum{stream="true"} 4.25
turnout_wait_seconds_count{stream="true"} 3

# HELP turnout_up Up.
# TYPE turnout_up gauge
turnout_up 1

# HELP turnout_rows_total Rows.
# TYPE turnout_rows_total counter
turnout_rows_total 7
`,
  )
  t.equal(
    await expose(families.all, 'openmetrics'),
    `# HELP turnout_spent_usd Spent.
# TYPE turnout_spent_usd counter
turnout_spent_usd_total{route="a \\"b\\"\\\\\\n"} 1.500000001 # {request_id="req-1"} 0.25 1700000000.5
# HELP turnout_wait_seconds Waits.
# TYPE turnout_wait_seconds histogram
turnout_wait_seconds_bucket{le="0.5",stream="true"} 1 # {request_id="req-1"} 0.5 1700000000.5
turnout_wait_seconds_bucket{le="1",stream="true"} 2
turnout_wait_seconds_bucket{le="+Inf",stream="true"} 3 # {request_id="req-2"} 3 1700000000.5
turnout_wait_seconds_sum{stream="true"} 4.25
turnout_wait_seconds_count{stream="true"} 3
# HELP turnout_up Up.
# TYPE turnout_up gauge
turnout_up 1
# HELP turnout_rows Rows.
# TYPE turnout_rows counter
turnout_rows_total 7
# EOF
`,
  )
})

t.test('an exemplar has 128 characters at most, whatever the caller calls its request', async (t) => {
  const families = new Registry()
  const buckets = families.histogram('wait_seconds', 'Waits.', [], [1]).series([])
  buckets.observe(0.5, { ...mark, requestId: 'x'.repeat(128) })
  const id = /# \{request_id="(x+)"\}/.exec(await expose(families.all, 'openmetrics'))?.[1] ?? ''
  t.equal('request_id'.length + id.length, 128)
})

t.test('the format that a scrape asks for', async (t) => {
  const cases: [string | undefined, string][] = [
    [undefined, 'text'],
    ['', 'text'],
    ['*/*', 'text'],
    ['text/plain;version=0.0.4', 'text'],
    ['application/openmetrics-text', 'openmetrics'],
    ['Application/OpenMetrics-Text; version=1.0.0', 'openmetrics'],
    [
      'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1',
      'openmetrics',
    ],
    ['text/plain;version=0.0.4;q=0.6,application/openmetrics-text;version=1.0.0;q=0.5', 'text'],
    ['application/openmetrics-text;q=0', 'text'],
    ['application/openmetrics-text;q=nonsense', 'text'],
  ]
  for (const [accept, format] of cases) t.equal(formatFor(accept), format, accept ?? 'none')
})
