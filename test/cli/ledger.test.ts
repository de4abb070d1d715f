import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { Writable } from 'node:stream'
import { crc32 } from 'node:zlib'
import t, { type Test } from 'tap'
import { csvOf, CSV_HEADER } from '../../src/cli/ledger-csv.ts'
import { momentOf } from '../../src/cli/moment.ts'
import { Outflow } from '../../src/cli/outflow.ts'
import { FILE_HEAD } from '../../src/ledger/block-head.ts'
import type { LedgerRow } from '../../src/ledger/row.ts'
import { ANSWERED, FAILED, finished } from '../ledger/finished.ts'
import { linesSegment } from '../ledger/lines.ts'
import { opened, rowsIn } from '../ledger/opened.ts'
import { usage } from '../support/factories.ts'
import { decided } from '../support/records.ts'
import { type Ran, runHere, start, unwrapped } from './turnout.ts'

const HOUR = 3_600_000

const flat = (ran: Ran): Ran => ({ ...ran, err: unwrapped(ran.err) })

/** Rows of now, and of two days ago. */
async function filled(t: Test): Promise<string> {
  const cwd = t.testdir({})
  const { ledger } = await opened(join(cwd, 'data'))
  const one = { key: 'k-1', labels: { a: 'x, "y"' }, session: '=1+1', user: 'line\nbreak' }
  ledger.onCompleted(finished({ ...one, id: 'old', endedAt: Date.now() - 48 * HOUR }))
  ledger.onCompleted(finished({ ...one, id: 'new', attempts: [FAILED, ANSWERED], decision: decided() }))
  ledger.onCompleted(finished({ id: 'other', attempts: [{ ...ANSWERED, usage: usage({ imageInput: 2 }) }] }))
  await ledger.close()
  return cwd
}

const parsed = (out: string): LedgerRow[] =>
  out
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as LedgerRow)

t.test('damaged lines are counted on standard error, and the rest is printed', async (t) => {
  const cwd = await filled(t)
  const folder = join(cwd, 'data')
  const now = [finished({ id: 'new', attempts: [FAILED, ANSWERED] }), finished({ id: 'other' })]
  const last = await linesSegment(folder, now)
  const text = await readFile(last, 'utf8')
  await writeFile(last, `${text.replace('{"kind":"attempt"', '{"kind":"attempt')}{"kind":`)
  const { code, out, err } = await runHere(['ledger', '--folder', 'data', '--kind', 'request'], { cwd })
  t.equal(code, 0)
  t.strictSame(
    parsed(out).map((row) => row.request_id),
    ['old', 'new', 'other', 'other'],
  )
  t.equal(
    err,
    `turnout ledger: 3 lines in 1 file cannot be read and are left out; the first is ${basename(last)}:1\n` +
      'turnout ledger: 1 line incomplete: a request that is being written, or whose gateway was killed\n',
  )
})

t.test('so are those of a damaged block, and files of a newer version', async (t) => {
  const cwd = await filled(t)
  const folder = join(cwd, 'data')
  const [old, last] = (await readdir(folder)).sort() as [string, string]
  const bytes = await readFile(join(folder, last))
  bytes[bytes.length - 1]! ^= 1
  await writeFile(join(folder, last), bytes)
  const newer = Buffer.from(FILE_HEAD)
  newer.writeUInt32LE(99, 8)
  newer.writeUInt32LE(crc32(newer.subarray(0, 12)), 12)
  await writeFile(join(folder, old), newer)
  const { code, out, err } = await runHere(['ledger', '--folder', 'data'], { cwd })
  t.strictSame([code, out], [0, ''])
  t.equal(
    err,
    `turnout ledger: 5 lines in 1 file cannot be read and are left out; the first is ${last}:16\n` +
      'turnout ledger: 1 file was written by a newer version of Turnout and is left out\n',
  )
})

t.test('JSON lines: times, kinds, keys, routes, decisions', async (t) => {
  const cwd = await filled(t)
  const ask = async (...args: string[]): Promise<string[]> => {
    const { code, out, err } = await runHere(['ledger', '--folder', 'data', ...args], { cwd })
    t.strictSame([code, err], [0, ''])
    return parsed(out).map((row) => `${row.request_id} ${row.attempt ?? 'request'}`)
  }
  t.strictSame(await ask('--since', '1h'), ['new 1', 'new 2', 'new request', 'other 1', 'other request'])
  t.strictSame(await ask('--kind', 'request'), ['old request', 'new request', 'other request'])
  t.strictSame(await ask('--kind', 'request', '--until', '1d'), ['old request'])
  t.strictSame(await ask('--kind', 'attempt', '--key', 'k-1', '--since', '3h'), ['new 1', 'new 2'])
  t.strictSame(await ask('--route', 'nowhere'), [])
  t.strictSame(await ask('--since', '2099-01-01'), [])
  const { out } = await runHere(['ledger', '--folder', 'data', '--decisions', '--kind', 'request'], { cwd })
  t.match(parsed(out)[1], { decision: { route: 'coding', outcome: { success: true } } })
  const without = await runHere(['ledger', '--folder', 'data'], { cwd })
  t.notMatch(without.out, 'decision')
})

t.test('where the configuration says', async (t) => {
  const cwd = await filled(t)
  const backends = '[{ name: a, kind: openai-compatible, url: "http://127.0.0.1:9", models: [m] }]'
  await writeFile(join(cwd, 'with.yaml'), `backends: ${backends}\nstore: { ledger: ./data }\n`)
  await writeFile(join(cwd, 'without.yaml'), `backends: ${backends}\n`)
  await writeFile(join(cwd, 'empty.yaml'), `backends: ${backends}\nstore: { ledger: ./later }\n`)
  t.equal(parsed((await runHere(['ledger', '--config', 'with.yaml'], { cwd })).out).length, 7)
  t.match(await runHere(['ledger', '--config', 'without.yaml'], { cwd }), { code: 1, out: '', err: /store\.ledger/ })
  t.match(await runHere(['ledger'], { cwd }), { code: 1, out: '', err: /give --config or --folder/ })
  t.match(flat(await runHere(['ledger', '--config', 'empty.yaml'], { cwd })), {
    code: 1,
    out: '',
    err: /later: does not exist/,
  })
  await mkdir(join(cwd, 'later'))
  t.match(await runHere(['ledger', '--config', 'empty.yaml'], { cwd }), { code: 0, out: '', err: '' })
  t.match(flat(await runHere(['ledger', '--folder', 'with.yaml', '--format', 'csv'], { cwd })), {
    code: 1,
    out: '',
    err: /with\.yaml: is not a folder/,
  })
})

t.test('wrong usage names what is wrong', async (t) => {
  const cwd = t.testdir({})
  for (const [args, err] of [
    [['--since', 'yesterday'], /--since: "yesterday" is not a time; write it like 90m/],
    [['--until', '1'], /--until: "1" is not a time/],
    [['--since', '1h', '--until', '2h'], /--since is not before --until/],
    [['--format', 'xml'], /--format: "xml" is none of jsonl, csv/],
    [['--format', 'csv', '--decisions'], /--decisions/],
    [['--kind', 'all'], /--kind: "all" is none of request, attempt/],
    [['--config', 'a', '--folder', 'b'], /exclude each other/],
    [['--what'], /there is no flag --what$/m],
    [['more'], /"more" is one word too many/],
  ] as const)
    t.match(await runHere(['ledger', ...args], { cwd }), { code: 2, out: '', err })
})

/** A reader of RFC 4180. */
function cells(text: string): string[][] {
  const rows: string[][] = []
  let row: string[] = []
  const field = /("(?:[^"]|"")*"|[^",\r\n]*)(,|\r\n)/gy
  for (let match = field.exec(text); match !== null; match = field.exec(text)) {
    const [, raw = '', end] = match
    row.push(raw.startsWith('"') ? raw.slice(1, -1).replaceAll('""', '"') : raw)
    if (end === ',') continue
    rows.push(row)
    row = []
  }
  return rows
}

t.test('CSV: it reads back, and no cell is a formula', async (t) => {
  const cwd = await filled(t)
  const { out } = await runHere(['ledger', '--folder', 'data', '--format', 'csv', '--kind', 'request'], { cwd })
  t.ok(out.startsWith(CSV_HEADER))
  const [names, ...all] = cells(out)
  t.equal(all.length, 3)
  const [old, , other] = all.map((values) => Object.fromEntries(names!.map((name, at) => [name, values[at]])))
  t.equal(names?.length, all[0]?.length)
  t.match(old, {
    kind: 'request',
    request_id: 'old',
    attempt: '',
    attempts: '1',
    key: 'k-1',
    team: '',
    session: "'=1+1",
    user: 'line\nbreak',
    stream: 'false',
    success: 'true',
    tokens_input: '11',
    tokens_output: '7',
    tokens_image_input: '0',
    cost_usd: '0.000001234',
    waste_reason: '',
    total_ms: '40.1',
    labels: JSON.stringify({ a: 'x, "y"' }),
  })
  t.equal(other?.['tokens_image_input'], '2')
  const [row] = await rowsIn(join(cwd, 'data'))
  for (const start of ['=', '+', '-', '@', '\t', '\r'])
    t.ok(csvOf({ ...row!, session: `${start}x` }).includes(`'${start}x`), JSON.stringify(start))
  const empty = await runHere(['ledger', '--folder', 'data', '--format', 'csv', '--key', 'nobody'], { cwd })
  t.equal(empty.out, CSV_HEADER)
})

t.test('a time is a date, an age or an instant', async (t) => {
  const now = Date.parse('2026-02-01T00:00:00Z')
  const iso = (text: string): string | null => {
    const time = momentOf(text, now)
    return time === null ? null : new Date(time).toISOString()
  }
  t.equal(iso('90m'), '2026-01-31T22:30:00.000Z')
  t.equal(iso('1.5h'), '2026-01-31T22:30:00.000Z')
  t.equal(iso('7d'), '2026-01-25T00:00:00.000Z')
  t.equal(iso('2026-01-31'), '2026-01-31T00:00:00.000Z')
  t.equal(iso('2026-01-31T08:00'), '2026-01-31T08:00:00.000Z')
  t.equal(iso('2026-01-31 08:00:01.5'), '2026-01-31T08:00:01.500Z')
  t.equal(iso('2026-01-31T08:00+02:00'), '2026-01-31T06:00:00.000Z')
  for (const text of ['', '1', 'h', '1 h', '2026', '2026-13-01', '2026-01-31T25:00', 'now'])
    t.equal(iso(text), null, text)
})

t.test('a reader that leaves ends it quietly', async (t) => {
  const cwd = t.testdir({})
  const { ledger } = await opened(join(cwd, 'data'))
  for (let i = 0; i < 20_000; i++) ledger.onCompleted(finished())
  await ledger.close()
  const { child, ended } = start(['ledger', '--folder', 'data'], { cwd })
  child.stdout?.once('data', () => child.stdout?.destroy())
  t.match(await ended, { code: 0, err: '' })
})

t.test('a slow reader is waited for', async (t) => {
  let written = 0
  let held: () => void = () => undefined
  const slow = new Writable({
    highWaterMark: 1000,
    write: (chunk: Buffer, _encoding, done) => {
      written += chunk.length
      held = done
    },
  })
  const out = new Outflow(slow)
  let finished = false
  const writing = (async (): Promise<void> => {
    for (let i = 0; i < 300; i++) await out.write('x'.repeat(1000))
    await out.flush()
    finished = true
  })()
  await new Promise(setImmediate)
  t.notOk(finished)
  t.ok(written < 100_000)
  while (!finished) {
    held()
    await new Promise(setImmediate)
  }
  await writing
  t.equal(written, 300_000)
  slow.destroy()
})
