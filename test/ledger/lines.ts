import { writeFile } from 'node:fs/promises'
import type { RequestRecord } from '../../src/core/request-record.ts'
import { rowsOf } from '../../src/ledger/rows-of.ts'
import { segmentIn } from '../../src/ledger/segments.ts'
import { decisionText } from '../../src/observe/log/decision-text.ts'

/** A segment of JSON lines, as earlier versions wrote them. Its path. */
export async function linesSegment(
  folder: string,
  records: readonly RequestRecord[],
  writer = '0123abcd',
): Promise<string> {
  let seq = 0
  const rows = records.flatMap((record) => {
    const first = Math.max(seq + 1, record.endedAt * 1000)
    seq = first + record.calls
    return rowsOf(record, writer, first, decisionText(record))
  })
  const { path } = segmentIn(folder, records[0]!.endedAt, rows[0]!.seq, writer)
  const file = path.replace(/\.ledger$/, '.jsonl')
  await writeFile(file, rows.map(({ text }) => `${text}\n`).join(''))
  return file
}
