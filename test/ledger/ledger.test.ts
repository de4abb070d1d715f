import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { nanoUsdOf } from '../../src/core/money.ts'
import { entriesOf } from '../../src/ledger/read.ts'
import type { LedgerRow } from '../../src/ledger/row.ts'
import { eventually } from '../support/await.ts'
import { cost, usage } from '../support/factories.ts'
import { seeded } from '../support/random.ts'
import { decided } from '../support/records.ts'
import { ANSWERED, anyFinished, FAILED, finished } from './finished.ts'
import { idsOf, opened, rowsIn } from './opened.ts'

const place = (t: Test): string => join(t.testdir({}), 'data', 'ledger')

interface Sums {
  input: number
  cached: number
  written: number
  output: number
  reasoning: number
  nano: number
  wasted: number
}

const none = (): Sums => ({ input: 0, cached: 0, written: 0, output: 0, reasoning: 0, nano: 0, wasted: 0 })

function sumsOf(rows: readonly LedgerRow[]): Sums {
  const sums = none()
  for (const { tokens, cost_usd, waste } of rows) {
    sums.input += tokens?.input ?? 0
    sums.cached += tokens?.cached_input ?? 0
    sums.written += tokens?.cache_write ?? 0
    sums.output += tokens?.output ?? 0
    sums.reasoning += tokens?.reasoning ?? 0
    sums.nano += cost_usd === null ? 0 : nanoUsdOf(cost_usd)
    sums.wasted += waste?.tokens ?? 0
  }
  return sums
}

t.test('for any outcomes, requests and attempts come to the same, and to the truth', async (t) => {
  for (let seed = 1; seed <= 20; seed++) {
    const folder = join(t.testdir({}), String(seed))
    const random = seeded(seed)
    const { ledger } = await opened(folder)
    const truth = none()
    const ids: string[] = []
    let rows = 0
    for (let i = 0; i < 50; i++) {
      const one = anyFinished(random, `r-${i}`, 1_700_000_000_000 + i)
      ledger.onCompleted(one)
      ids.push(one.id)
      rows += 1 + one.attempts.length
      for (const { usage: told, cost: paid, waste } of one.attempts) {
        truth.input += told?.input ?? 0
        truth.cached += told?.cachedInput ?? 0
        truth.written += told?.cacheWrite ?? 0
        truth.output += told?.output ?? 0
        truth.reasoning += told?.reasoning ?? 0
        truth.nano += paid?.nanoUsd ?? 0
        truth.wasted += waste?.tokens ?? 0
      }
    }
    await ledger.close()
    const all = await rowsIn(folder)
    t.strictSame(sumsOf(all.filter(({ kind }) => kind === 'request')), truth)
    t.strictSame(sumsOf(all.filter(({ kind }) => kind === 'attempt')), truth)
    t.strictSame(idsOf(all), ids)
    t.ok(all.every(({ seq }, at) => at === 0 || seq > all[at - 1]!.seq))
    t.strictSame(ledger.state(), { pendingRows: 0, writtenRows: rows, lostRows: 0, up: true })
  }
})

t.test('rows of a request', async (t) => {
  const folder = place(t)
  const { ledger } = await opened(folder)
  const waste = { reason: 'failover', tokens: 40 } as const
  const last = { ...ANSWERED, usage: usage({ input: 11, output: 7, audioInput: 3 }), cost: cost(1) }
  ledger.onCompleted(
    finished({
      ...{ id: 'r', key: 'k', team: 'red', session: 's'.repeat(1000), agent: 'g', user: 'u', stream: true },
      labels: { 'cost-center': '42' },
      attempts: [{ ...FAILED, waste }, last],
      decision: decided(),
      endedAt: Date.parse('2026-01-31T08:00:00.123Z'),
    }),
  )
  ledger.onCompleted(finished({ id: 'x', attempts: [] }))
  await ledger.close()
  const [failed, answered, request, refused] = await rowsIn(folder, { decisions: true })
  const shared = {
    at: '2026-01-31T08:00:00.123Z',
    writer: ledger.writer,
    request_id: 'r',
    key: 'k',
    team: 'red',
    user: 'u',
    session: 's'.repeat(256),
    agent: 'g',
    route: 'coding',
    endpoint: 'chat',
    requested_model: 'm',
    stream: true,
    labels: { 'cost-center': '42' },
  }
  const seq = failed!.seq
  const tokens = { input: 11, cached_input: 0, output: 7, reasoning: 0, audio_input: 3 }
  const known = {
    tokens,
    tokens_estimated: false,
    cost_usd: 1e-9,
    cost_partial: false,
    cost_source: 'price',
    cost_estimated: false,
  }
  const unknown = {
    tokens: null,
    tokens_estimated: false,
    cost_usd: null,
    cost_partial: false,
    cost_source: null,
    cost_estimated: false,
  }
  const at = { backend: 'a', model: 'm', effort: null, finish: null }
  t.strictSame(failed, {
    ...{ kind: 'attempt', seq, ...shared, ...at, ...unknown, attempt: 1, attempts: null, status: 503 },
    ...{ error: 'overloaded', success: false, why: 'overloaded', waste, ttft_ms: null, total_ms: 30 },
    overhead_ms: null,
    format: 'openai-chat',
  })
  t.strictSame(answered, {
    ...{ kind: 'attempt', seq: seq + 1, ...shared, ...at, ...known, attempt: 2, attempts: null, status: 200 },
    ...{ error: null, finish: 'stop', success: true, why: null, waste: null, ttft_ms: 12.3, total_ms: 30 },
    overhead_ms: null,
    format: 'openai-chat',
  })
  t.match(request, {
    ...{ kind: 'request', seq: seq + 2, ...shared, ...at, ...known, attempt: null, attempts: 2, status: 200 },
    ...{ error: null, finish: 'stop', success: true, why: null, waste, ttft_ms: 12.3, total_ms: 40.1 },
    overhead_ms: 0.5,
    decision: { route: 'coding', outcome: { attempts: [{ error: 'overloaded' }, { error: null }], success: true } },
  })
  t.match(refused, { kind: 'request', attempts: 0, backend: null, tokens: null, cost_usd: null, waste: null })
  t.notOk('decision' in refused!)
  t.equal((await stat(folder)).mode & 0o777, 0o700)
  const [file] = await readdir(folder)
  t.equal((await stat(join(folder, file!))).mode & 0o777, 0o600)
  const texts: string[] = []
  for await (const { text } of entriesOf(folder)) texts.push(text)
  t.match(texts[1], '"cost_usd":0.000000001')
})

t.test('numbers grow over restarts, also where the clock was set back', async (t) => {
  const folder = place(t)
  const seqs: number[] = []
  for (const at of [5_000_000, 5_000_000, 4_000_000, 90_000_000]) {
    const { ledger } = await opened(folder)
    for (let i = 0; i < 3; i++) {
      ledger.onCompleted(finished({ endedAt: at - i, id: `${at}-${i}` }))
      seqs.push(ledger.seq)
    }
    await ledger.close()
  }
  t.ok(
    seqs.every((seq, at) => at === 0 || seq > seqs[at - 1]!),
    seqs.join(' '),
  )
  const rows = await rowsIn(folder)
  t.equal(rows.length, 24)
  t.strictSame(
    rows.filter(({ kind }) => kind === 'request').map(({ seq }) => seq),
    seqs,
  )
  t.equal((await rowsIn(folder, { afterSeq: seqs[3]!, kind: 'request' })).length, 8, 'what came after a snapshot')
  const { ledger } = await opened(folder, {}, { above: 8e15 })
  ledger.onCompleted(finished())
  await ledger.close()
  t.equal(ledger.seq, 8e15 + 2, 'above what the caller says')
})

t.test('a day, and a clock that is set back, begin a segment of their own', async (t) => {
  const folder = place(t)
  const { ledger } = await opened(folder)
  const days = ['2026-01-31T23:59:59.999Z', '2026-02-01T10:00:00Z', '2026-02-01T12:00:00Z', '2026-02-01T09:00:00Z']
  for (const day of days) ledger.onCompleted(finished({ endedAt: Date.parse(day), id: day }))
  await ledger.close()
  const names = (await readdir(folder)).map((name) => name.slice(0, 16)).sort()
  t.strictSame(names, ['20260131T235959Z', '20260201T090000Z', '20260201T100000Z'])
  t.strictSame(idsOf(await rowsIn(folder)), days)
  const until = Date.parse('2026-02-01T11:30:00Z')
  t.strictSame(idsOf(await rowsIn(folder, { until })), [days[0], days[1], days[3]])
  t.strictSame(idsOf(await rowsIn(folder, { since: Date.parse('2026-02-01T08:00:00Z'), until })), [days[1], days[3]])
})

t.test('rows are on the disk within a second, without anybody asking', async (t) => {
  const folder = place(t)
  const { ledger } = await opened(folder)
  t.teardown(() => ledger.close())
  ledger.onCompleted(finished())
  const startedAt = performance.now()
  await eventually(3000, 'two rows', async () => (await rowsIn(folder).catch(() => [])).length === 2)
  t.ok(performance.now() - startedAt < 1000)
})

t.test('the store is away: traffic flows, the ledger catches up', async (t) => {
  const folder = place(t)
  await mkdir(join(folder, '..'), { recursive: true })
  await writeFile(folder, 'in the way')
  const { ledger, told } = await opened(folder)
  const settle = (from: number): void => {
    for (let i = from; i < from + 100; i++) ledger.onCompleted(finished({ id: `r-${i}` }))
  }
  settle(0)
  t.match(told, [{ event: 'ledger_away', folder, why: 'ENOTDIR' }])
  t.match(ledger.state(), { pendingRows: 200, writtenRows: 0, up: false })
  await rm(folder)
  await eventually(3000, 'it is back', () => ledger.state().up)
  await eventually(3000, 'all is written', () => ledger.state().pendingRows === 0)
  t.match(told[1], { event: 'ledger_back', lost_rows: 0 })
  t.equal((await rowsIn(folder)).length, 200)

  await rename(folder, `${folder}.aside`)
  await writeFile(folder, 'in the way again')
  settle(100)
  await eventually(3000, 'it is away again', () => !ledger.state().up)
  settle(200)
  await rm(folder)
  await rename(`${folder}.aside`, folder)
  await eventually(3000, 'all is written', () => ledger.state().pendingRows === 0)
  t.equal(told.length, 4)
  await ledger.close()
  const ids = idsOf(await rowsIn(folder))
  t.strictSame(
    ids,
    Array.from({ length: 300 }, (_, i) => `r-${i}`),
    'each once, in order',
  )
})

t.test('a segment that is deleted is followed by a new one', async (t) => {
  const folder = place(t)
  const { ledger, told } = await opened(folder)
  const written = (rows: number) => eventually(3000, `${rows} rows`, () => ledger.state().writtenRows === rows)
  ledger.onCompleted(finished({ id: 'gone' }))
  await written(2)
  await rm(folder, { recursive: true })
  ledger.onCompleted(finished({ id: 'kept' }))
  await written(4)
  t.strictSame(idsOf(await rowsIn(folder)), ['kept'])
  t.strictSame(told, [])
  await ledger.close()
})

t.test('memory is bounded: first decisions are left out, then rows are lost, and that is said', async (t) => {
  const folder = place(t)
  await mkdir(join(folder, '..'), { recursive: true })
  await writeFile(folder, 'in the way')
  const { ledger, told } = await opened(folder, {}, { mostBytes: 100_000 })
  const decision = decided({ affinity: 'x'.repeat(3000) })
  for (let i = 0; i < 500; i++) ledger.onCompleted(finished({ id: `r-${i}`.padEnd(256), decision }))
  const { pendingRows, lostRows } = ledger.state()
  t.equal(pendingRows + lostRows, 1000)
  t.ok(lostRows > 100)
  t.strictSame(
    told.map(({ event }) => event),
    ['ledger_away', 'ledger_rows_lost'],
  )
  await rm(folder)
  await eventually(3000, 'all is written', () => ledger.state().pendingRows === 0)
  t.match(told.at(-1), { event: 'ledger_back', lost_rows: lostRows })
  ledger.onCompleted(finished({ id: 'after', decision }))
  await ledger.close()
  const rows = await rowsIn(folder, { kind: 'request', decisions: true })
  const whole = rows.filter((row) => row.decision !== undefined).length
  t.equal(rows.length, pendingRows / 2 + 1)
  t.ok(whole > 10 && whole < 20, `${whole} of ${rows.length} with decisions`)
  t.ok(rows.at(-1)?.decision !== undefined, 'once there is room, they are written again')
  ledger.onCompleted(finished())
  t.equal(ledger.state().lostRows, lostRows + 2, 'what comes after the end is lost')
})
