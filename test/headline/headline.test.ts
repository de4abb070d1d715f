import t from 'tap'
import { countedOfRow } from '../../src/core/counted.ts'
import { headlineOf } from '../../src/observe/headline/headline.ts'
import { headlineLines } from '../../src/observe/headline/headline-text.ts'
import { LastHour } from '../../src/observe/headline/last-hour.ts'
import { Latencies } from '../../src/observe/headline/latencies.ts'
import { addRequest, addSums, newSums, type Sums } from '../../src/observe/headline/sums.ts'
import { ANSWERED, anyFinished, FAILED, finished } from '../ledger/finished.ts'
import { opened, rowsIn } from '../ledger/opened.ts'
import { cost, usage } from '../support/factories.ts'
import { seeded } from '../support/random.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

t.test('the five numbers, of requests of every kind', async (t) => {
  const sums = newSums()
  const took = { usage: usage({ input: 90, output: 10 }), cost: cost(2_000_000) }
  addRequest(sums, finished({ attempts: [{ ...ANSWERED, ...took, ttftMs: 200 }] }))
  addRequest(sums, finished({ attempts: [{ ...ANSWERED, ...took, cost: null, ttftMs: 400 }] }))
  const wasted = { ...FAILED, ...took, waste: { reason: 'failover', tokens: 100 } } as const
  addRequest(sums, finished({ attempts: [wasted, { ...ANSWERED, ...took, ttftMs: null }] }))
  addRequest(sums, finished({ attempts: [], success: false }))
  const headline = headlineOf(sums)
  t.match(headline, {
    requests: 4,
    successes: 3,
    success_ratio: 0.75,
    cost_usd: 0.006,
    unpriced_requests: 1,
    cost_per_success_usd: 0.002,
    tokens: 400,
    tokens_per_success: 133.3,
    waste_tokens: 100,
    waste_ratio: 0.25,
    streams: 2,
  })
  t.ok(Math.abs(headline.ttft_median_ms! - 200) <= 2)
  t.ok(Math.abs(headline.ttft_p95_ms! - 400) <= 4)
  t.strictSame(
    headlineLines(headline).map(({ name, value, beside }) => `${name}: ${value} ${beside}`),
    [
      'useful answers: 3 of 4 requests, 75 %',
      'cost: $0.006 $0.002 per useful answer; without 1 request of unknown price',
      'tokens: 400 133 per useful answer',
      'waste: 25 % 100 wasted tokens',
      `first token: ${Math.round(headline.ttft_median_ms!)} ms median of 2 streams; p95 ${Math.round(headline.ttft_p95_ms!)} ms`,
    ],
  )
})

t.test('of nothing there are no numbers, and no zeros in their place', async (t) => {
  const headline = headlineOf(newSums())
  const { success_ratio, cost_per_success_usd, tokens_per_success, waste_ratio, ttft_median_ms, ttft_p95_ms } = headline
  for (const none of [
    success_ratio,
    cost_per_success_usd,
    tokens_per_success,
    waste_ratio,
    ttft_median_ms,
    ttft_p95_ms,
  ])
    t.equal(none, null)
  t.strictSame(
    headlineLines(headline).map(({ value, beside }) => `${value} ${beside}`),
    ['0 of 0 requests', '$0.00 no useful answer', '0 no useful answer', '- 0 wasted tokens', '- no streams'],
  )
})

t.test('figures of any size say neither less nor more than there is', async (t) => {
  const shown = (traits: Partial<ReturnType<typeof headlineOf>>): string[] =>
    headlineLines({ ...headlineOf(newSums()), ...traits }).map(({ value }) => value)
  for (const [traits, place, wanted] of [
    [{ cost_usd: 1234567.891 }, 1, '$1,234,567.89'],
    [{ cost_usd: 1.999 }, 1, '$2.00'],
    [{ cost_usd: 0.000012345 }, 1, '$0.0000123'],
    [{ tokens: 999_999 }, 2, '999,999'],
    [{ tokens: 12_345_678 }, 2, '12.3M'],
    [{ tokens: 7_000_000_000 }, 2, '7G'],
    [{ waste_ratio: 0.0001 }, 3, '< 0.1 %'],
    [{ waste_ratio: 0.9999 }, 3, '> 99.9 %'],
    [{ waste_ratio: 1 }, 3, '100 %'],
    [{ waste_ratio: 0.1234 }, 3, '12.3 %'],
    [{ ttft_median_ms: 999.4 }, 4, '999 ms'],
    [{ ttft_median_ms: 1234 }, 4, '1.23 s'],
    [{ ttft_median_ms: 61_234 }, 4, '61.2 s'],
  ] as const)
    t.equal(shown(traits)[place], wanted, JSON.stringify(traits))
})

t.test('quantiles are within one hundredth of those of all values, for any values', async (t) => {
  for (let seed = 1; seed <= 20; seed++) {
    const random = seeded(seed)
    const values = Array.from({ length: 1 + Math.floor(random() * 3000) }, () => 0.2 * 10 ** (random() * 6))
    const [one, other] = [new Latencies(), new Latencies()]
    for (const [at, value] of values.entries()) (at % 3 === 0 ? one : other).add(value)
    one.addAll(other)
    values.sort((a, b) => a - b)
    t.equal(one.count, values.length)
    for (const share of [0, 0.5, 0.95, 1]) {
      const exact = values[Math.max(1, Math.ceil(share * values.length)) - 1]!
      const ratio = one.quantile(share)! / exact
      if (ratio < 0.99 || ratio > 1.01) t.fail(`seed ${seed}: ${share} is ${one.quantile(share)}, not ${exact}`)
    }
  }
  const odd = new Latencies()
  for (const ms of [0, 0, 1e12]) odd.add(ms)
  t.ok(odd.quantile(0.5)! <= 0.1)
  t.ok(odd.quantile(1)! >= 3_500_000 && odd.quantile(1)! < 3_700_000, 'an hour at the most')
  t.equal(new Latencies().quantile(0.5), null)
})

t.test('sums of parts are the sum of all, also over the rows of a ledger', async (t) => {
  const folder = t.testdir({})
  const { ledger } = await opened(folder)
  const random = seeded(7)
  const [all, half, rest] = [newSums(), newSums(), newSums()]
  for (let i = 0; i < 500; i++) {
    const record = anyFinished(random, `r-${i}`, Date.now())
    ledger.onCompleted(record)
    addRequest(all, record)
    addRequest(i % 2 === 0 ? half : rest, record)
  }
  addSums(half, rest)
  t.strictSame(headlineOf(half), headlineOf(all))
  t.strictSame(half.tokens, all.tokens)
  await ledger.close()
  const read = newSums()
  for (const row of await rowsIn(folder, { kind: 'request' })) addRequest(read, countedOfRow(row))
  const { ttft_median_ms: ofRows, ...rows } = headlineOf(read)
  const { ttft_median_ms: ofRecords, ...records } = headlineOf(all)
  t.strictSame({ ...rows, ttft_p95_ms: 0 }, { ...records, ttft_p95_ms: 0 })
  t.ok(Math.abs(ofRows! / ofRecords! - 1) < 0.03, 'rows have tenths of a millisecond')
  t.strictSame([...read.waste].sort(), [...all.waste].sort())
})

t.test('the last hour forgets by the minute, and holds no more than sixty of them', async (t) => {
  const now = Math.floor(Date.now() / HOUR) * HOUR + 17 * MINUTE
  const hour = new LastHour()
  const requests = (at: number): number => hour.sums(at).requests
  for (let minute = -180; minute <= 0; minute++) hour.replay(finished({ endedAt: now + minute * MINUTE }))
  t.equal(requests(now), 60)
  t.equal(requests(now + 59 * MINUTE), 1)
  t.equal(requests(now + 60 * MINUTE), 0)
  hour.replay(finished({ endedAt: now - 90 * MINUTE }))
  t.equal(requests(now), 60, 'one of before changes nothing')
  hour.replay(finished({ endedAt: now }))
  t.equal(requests(now), 61)
})

t.test('a clock that is set back loses what it had not reached yet, and nothing else', async (t) => {
  const now = Date.now()
  const hour = new LastHour()
  hour.onCompleted(finished({ endedAt: now + 24 * HOUR }))
  hour.onCompleted(finished({ endedAt: now }))
  t.equal(hour.sums(now).requests, 1)
  hour.onCompleted(finished({ endedAt: now }))
  t.equal(hour.sums(now).requests, 2)
})

t.test('what the running gateway keeps is what the ledger says of the same hour', async (t) => {
  const random = seeded(3)
  const hour = new LastHour()
  const sums: Sums = newSums()
  const now = Math.floor(Date.now() / MINUTE) * MINUTE
  for (let i = 0; i < 2000; i++) {
    const record = anyFinished(random, `r-${i}`, now - Math.floor(random() * 100 * MINUTE))
    hour.onCompleted(record)
    if (record.endedAt >= now - 59 * MINUTE) addRequest(sums, record)
  }
  t.strictSame(headlineOf(hour.sums(now)), headlineOf(sums))
})
