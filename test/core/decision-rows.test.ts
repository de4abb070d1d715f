/** Goldens: decisions as they were written out by the code that built each record at once. */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { deepStrictEqual } from 'node:assert'
import t from 'tap'
import { decisionRecordOf, type DecisionRows, UNKNOWN, valueOf } from '../../src/core/decision-rows.ts'
import type { DecisionRecord } from '../../src/core/record.ts'
import { COLUMN, KEPT_COLUMNS, RECORDED, TERM_COLUMN } from '../../src/core/terms.ts'
import { decided } from '../support/records.ts'

interface Golden {
  readonly name: string
  readonly rows: DecisionRows
  readonly record: DecisionRecord
}

const FILE = resolve(import.meta.dirname, '../../../test/core/decisions.jsonl')
const GOLDENS = readFileSync(FILE, 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line) as Golden)

t.test('a decision is written out to the byte as it was before it was kept as numbers', async (t) => {
  t.ok(GOLDENS.length > 10)
  for (const { name, rows, record } of GOLDENS)
    t.equal(JSON.stringify(decisionRecordOf(rows)), JSON.stringify(record), name)
})

t.test('it can be sent elsewhere and be written out there', async (t) => {
  for (const { name, rows } of GOLDENS) {
    t.doesNotThrow(() => deepStrictEqual(JSON.parse(JSON.stringify(rows)), rows), name)
    t.strictSame(decisionRecordOf(structuredClone(rows)), decisionRecordOf(rows), name)
  }
})

t.test('what is recorded lies in the columns that are kept', async (t) => {
  for (const column of [...RECORDED.map((row) => row.column), COLUMN.utility, ...Object.values(TERM_COLUMN)])
    t.ok(column < KEPT_COLUMNS, String(column))
})

t.test(
  'an unknown value is null wherever it is read, and a limit of a budget is written only where there is one',
  async (t) => {
    const name = { id: 'a/m', backend: 'a', model: 'm', effort: null }
    const rows = decided({ candidates: [name], excluded: [null], values: Array<number>(KEPT_COLUMNS).fill(UNKNOWN) })
    t.equal(valueOf(rows, 0, COLUMN.cost), null)
    t.equal(valueOf(rows, 7, COLUMN.cost), null, 'no such candidate')
    const [candidate] = decisionRecordOf(rows).candidates
    t.equal(candidate!.utility, null)
    t.equal(candidate!.expected.cost_usd, null)
    t.equal(candidate!.expected.input_tokens, 10, 'the estimate of the request, where none was made for the candidate')
    t.notOk('max_tokens' in decisionRecordOf(rows))
    t.equal(decisionRecordOf({ ...rows, maxTokens: 5 }).max_tokens, 5)
  },
)
