/** What is written into blocks reads back as the rows that it was. */
import { copyFile, readdir, readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import t from 'tap'
import { type Counted, countedOfRow } from '../../src/core/counted.ts'
import type { DecisionRows } from '../../src/core/decision-rows.ts'
import { keyed } from '../../src/core/keyed.ts'
import { COLUMN, RECORDED, TERM_COLUMN, TERM_NAMES } from '../../src/core/terms.ts'
import { countedIn, entriesOf } from '../../src/ledger/read.ts'
import type { LedgerRow } from '../../src/ledger/row.ts'
import { rowsOf } from '../../src/ledger/rows-of.ts'
import { decisionText } from '../../src/observe/log/decision-text.ts'
import { seeded } from '../support/random.ts'
import { anyRecord } from './any-record.ts'
import { finished } from './finished.ts'
import { idsOf, opened, rowsIn } from './opened.ts'

const textsIn = async (folder: string, decisions: boolean): Promise<string[]> => {
  const texts: string[] = []
  for await (const { text, row, seq } of entriesOf(folder, { decisions })) {
    if (row.seq !== seq || JSON.stringify(row.kind) !== text.slice(8, text.indexOf(','))) t.fail(text)
    texts.push(text)
  }
  return texts
}

t.test('for any requests, rows read back to the byte as they would have been written as JSON', async (t) => {
  for (let seed = 1; seed <= 30; seed++) {
    const folder = join(t.testdir({}), String(seed))
    const random = seeded(seed)
    const { ledger } = await opened(folder)
    const [plain, whole]: [string[], string[]] = [[], []]
    for (let i = 0; i < 60; i++) {
      const record = anyRecord(random, `r-${i}`, 1_700_000_000_000 + Math.floor(random() * 5000))
      const first = Math.max(ledger.seq + 1, record.endedAt * 1000)
      ledger.onCompleted(record)
      plain.push(...rowsOf(record, ledger.writer, first, null).map(({ text }) => text))
      whole.push(...rowsOf(record, ledger.writer, first, decisionText(record)).map(({ text }) => text))
    }
    await ledger.close()
    for (const [decisions, expected] of [
      [true, whole],
      [false, plain],
    ] as const) {
      const texts = await textsIn(folder, decisions)
      t.equal(texts.length, expected.length)
      const wrong = texts.findIndex((text, at) => text !== expected[at])
      if (wrong >= 0) t.equal(texts[wrong], expected[wrong])
    }
    const rows = plain.map((text) => JSON.parse(text) as LedgerRow).filter(({ kind }) => kind === 'request')
    const counted: Counted[] = []
    for await (const request of countedIn(folder)) counted.push(request)
    t.equal(counted.length, rows.length)
    for (const [place, row] of rows.entries()) {
      const ofRow = countedOfRow(row)
      const names = Object.keys(ofRow) as (keyof Counted)[]
      t.strictSame(
        keyed(names, (name) => counted[place]![name]),
        keyed(names, (name) => ofRow[name]),
        'what is added up of a request is what its row says',
      )
    }
    const [half] = rows.slice(rows.length / 2)
    const later: Counted[] = []
    for await (const request of countedIn(folder, { afterSeq: half!.seq })) later.push(request)
    t.equal(later.length, rows.filter(({ seq }) => seq > half!.seq).length)
  }
})

t.test('decisions of before read back as they were', async (t) => {
  const folder = t.testdir({})
  const { ledger } = await opened(folder)
  const file = resolve(import.meta.dirname, '../../../test/core/decisions.jsonl')
  const decisions = (await readFile(file, 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => (JSON.parse(line) as { readonly rows: DecisionRows }).rows)
  t.ok(decisions.length > 10)
  const records = decisions.map((decision, index) => finished({ id: String(index), decision }))
  for (const record of records) ledger.onCompleted(record)
  await ledger.close()
  const rows = await rowsIn(folder, { kind: 'request', decisions: true })
  t.strictSame(
    rows.map(({ decision }) => JSON.stringify(decision)),
    records.map(decisionText),
  )
})

t.test('columns of a block have names of their own', (t) => {
  const names = [...RECORDED.map(({ field }) => field), 'utility', ...TERM_NAMES]
  t.equal(new Set(names).size, names.length)
  const columns = [...RECORDED.map(({ column }) => column), COLUMN.utility, ...Object.values(TERM_COLUMN)]
  t.equal(new Set(columns).size, names.length)
  t.end()
})

t.test('segments of JSON lines, which earlier versions wrote, are read among the others', async (t) => {
  const folder = t.testdir({})
  const earlier = resolve(import.meta.dirname, '../../../test/ledger/earlier')
  const [name] = await readdir(earlier)
  const lines = (await readFile(join(earlier, name!), 'utf8')).trimEnd().split('\n')
  const before = await opened(folder)
  const at = Date.parse('2026-01-31T08:00:01Z')
  before.ledger.onCompleted(finished({ id: 'between', endedAt: at }))
  await before.ledger.close()
  await copyFile(join(earlier, name!), join(folder, name!))
  const { ledger } = await opened(folder)
  const { seq } = JSON.parse(lines.at(-1)!) as { readonly seq: number }
  t.equal(ledger.seq, seq, 'numbers go on')
  ledger.onCompleted(finished({ id: 'after', endedAt: at }))
  await ledger.close()
  const texts = await textsIn(folder, true)
  t.strictSame(
    texts.filter((text) => text.includes('"writer":"a11a13c4"')),
    lines,
  )
  t.strictSame(idsOf(await rowsIn(folder)), ['one', 'between', 'two', 'three', 'after'])
  t.strictSame(idsOf(await rowsIn(folder, { afterSeq: seq })), ['after'])
  t.strictSame(idsOf(await rowsIn(folder, { since: at, until: at + 1500 })), ['between', 'two', 'after'])
})

t.test('what is the same in many requests is written once', async (t) => {
  const folder = t.testdir({})
  const { ledger } = await opened(folder)
  for (let i = 0; i < 200; i++)
    ledger.onCompleted(finished({ id: `r-${i}`, key: 'k'.repeat(100), labels: { [`l`.repeat(100)]: 'v'.repeat(100) } }))
  await ledger.close()
  const [name] = await readdir(folder)
  const { length } = await readFile(join(folder, name!))
  t.ok(length / 200 < 60, `${length / 200} bytes for each`)
})
