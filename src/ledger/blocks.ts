/** Requests of a segment of blocks. */
import type { BlockHead } from './block-head.ts'
import { type Block, blocksIn } from './block-reader.ts'
import { decisionText } from '../observe/log/decision-text.ts'
import { readColumns } from './decision-fields.ts'
import { FieldReader } from './field-reader.ts'
import type { LedgerQuery } from './query.ts'
import { readRequest } from './request-fields.ts'
import type { LedgerRow, RowKind } from './row.ts'
import { rowsOf } from './rows-of.ts'
import type { Segment } from './segments.ts'
import type { LedgerEntry, Whole } from './whole.ts'
import type { WrittenRequest } from './written-request.ts'

export async function* wholesInBlocks({ path, writer }: Segment, query: LedgerQuery): AsyncGenerator<Whole, void> {
  const { decisions = false, since = -Infinity, until = Infinity, afterSeq = -Infinity, onDamage } = query
  const wanted = ({ startedAt, endedAt, lastSeq }: BlockHead): boolean =>
    endedAt >= since && startedAt < until && lastSeq > afterSeq
  const tell = (damage: Parameters<NonNullable<typeof onDamage>>[0]): void => onDamage?.(damage)
  for await (const block of blocksIn(path, wanted, tell)) {
    const requests = requestsIn(block, decisions)
    if (requests === null) tell({ kind: 'damaged', path, place: block.place, lines: block.head.rows })
    for (const { record, seq } of requests ?? []) yield new WrittenWhole(record, seq, writer)
  }
}

interface Numbered {
  readonly record: WrittenRequest
  /** Of its first row. */
  readonly seq: number
}

/** Null where the fields are none, although their checksum is right: a part of the memory they were written from was bad. */
function requestsIn({ head, bytes }: Block, decisions: boolean): readonly Numbered[] | null {
  try {
    const names = namesIn(bytes.subarray(head.namesAt))
    const fields = new FieldReader(bytes.subarray(0, head.namesAt), names)
    const columns = readColumns(fields)
    const requests: Numbered[] = []
    let next = head.firstSeq
    while (!fields.ended) {
      const seq = next + fields.count()
      const record = readRequest(fields, head.startedAt, decisions ? columns : null)
      requests.push({ record, seq })
      next = seq + record.calls + 1
    }
    return requests
  } catch (thrown) {
    if (thrown instanceof RangeError) return null
    throw thrown
  }
}

function namesIn(bytes: Buffer): string[] {
  const fields = new FieldReader(bytes, [])
  const names: string[] = []
  while (!fields.ended) names.push(fields.text() ?? '')
  return names
}

class WrittenWhole implements Whole {
  readonly seq: number
  readonly writer: string
  readonly at: number
  readonly #record: WrittenRequest

  constructor(record: WrittenRequest, seq: number, writer: string) {
    this.seq = seq
    this.writer = writer
    this.at = record.endedAt
    this.#record = record
  }

  entries(kind: RowKind | undefined): readonly LedgerEntry[] {
    const record = this.#record
    return rowsOf(record, this.writer, this.seq, decisionText(record), kind).map(
      ({ seq, text }) => new WrittenEntry(seq, text),
    )
  }

  counted(): { readonly request: WrittenRequest; readonly seq: number } {
    return { request: this.#record, seq: this.seq + this.#record.calls }
  }
}

/** Who prints rows needs their texts only. */
class WrittenEntry implements LedgerEntry {
  readonly seq: number
  readonly text: string
  #row: LedgerRow | null = null

  constructor(seq: number, text: string) {
    this.seq = seq
    this.text = text
  }

  get row(): LedgerRow {
    return (this.#row ??= JSON.parse(this.text) as LedgerRow)
  }
}
