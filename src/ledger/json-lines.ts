/** Requests of a segment of JSON lines, as earlier versions wrote them. */
import { createReadStream } from 'node:fs'
import { countedOfRow } from '../core/counted.ts'
import { linesOf } from '../store/lines.ts'
import type { Damage } from './damage.ts'
import type { LedgerQuery } from './query.ts'
import type { LedgerRow, RowKind } from './row.ts'
import type { Segment } from './segments.ts'
import type { LedgerEntry, Whole } from './whole.ts'

/** Rows whose request is missing do not count; at the end of a segment they are torn, or just being written. */
export async function* wholesInLines(
  { path }: Segment,
  { decisions = false, onDamage }: LedgerQuery,
): AsyncGenerator<Whole, void> {
  let entries: LedgerEntry[] = []
  let last = 0
  const tell = (kind: Damage['kind'], place: number): void => onDamage?.({ kind, path, place, lines: 1 })
  /** Rows before `line` that belong to no whole request. */
  const drop = (kind: Damage['kind'], line: number): void => {
    for (let back = entries.length; back > 0; back--) tell(kind, line - back)
    entries = []
  }
  for await (const { text, number, ended } of linesIn(path)) {
    last = number
    const entry = ended ? entryOf(text, decisions) : null
    if (entry === null) {
      drop(ended ? 'damaged' : 'torn', number)
      tell(ended ? 'damaged' : 'torn', number)
      continue
    }
    const { row } = entry
    if (entries.length > 0 && entries[0]!.seq + entries.length !== row.seq) drop('damaged', number)
    entries.push(entry)
    if (row.kind !== 'request') continue
    if (row.attempts === entries.length - 1) yield wholeOf(entries, row)
    else drop('damaged', number + 1)
    entries = []
  }
  drop('torn', last + 1)
}

const wholeOf = (all: readonly LedgerEntry[], request: LedgerRow): Whole => ({
  seq: all[0]!.seq,
  writer: request.writer,
  at: Date.parse(request.at),
  entries: (kind: RowKind | undefined) => (kind === undefined ? all : all.filter(({ row }) => row.kind === kind)),
  counted: () => ({ request: countedOfRow(request), seq: request.seq }),
})

/** Nothing where the segment was deleted meanwhile. */
async function* linesIn(path: string): ReturnType<typeof linesOf> {
  try {
    yield* linesOf(createReadStream(path, { highWaterMark: 256 * 1024 }))
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT') throw thrown
  }
}

/** What comes before it is flat, so the first of these is where it begins. */
const DECISION = ',"decision":{'

/** Null where the line is damaged. */
function entryOf(line: string, decisions: boolean): LedgerEntry | null {
  const cut = decisions ? -1 : line.indexOf(DECISION)
  if (cut >= 0 && !line.endsWith('}}')) return null
  const text = cut < 0 ? line : `${line.slice(0, cut)}}`
  try {
    const row = JSON.parse(text) as unknown
    return isRow(row) ? { seq: row.seq, row, text } : null
  } catch {
    return null
  }
}

function isRow(value: unknown): value is LedgerRow {
  if (typeof value !== 'object' || value === null) return false
  const { kind, seq, at, writer, attempts, cost_usd, tokens } = value as Partial<LedgerRow>
  if ((kind !== 'request' && kind !== 'attempt') || !isCount(seq) || typeof writer !== 'string') return false
  if (typeof at !== 'string' || Number.isNaN(Date.parse(at))) return false
  return isCountOrNull(attempts) && isCountOrNull(cost_usd) && isTokens(tokens)
}

/** One number that is none would make the counts of a budget none. */
const isCount = (value: unknown): boolean => typeof value === 'number' && Number.isFinite(value) && value >= 0

const isCountOrNull = (value: unknown): boolean => value === null || isCount(value)

const isTokens = (value: unknown): boolean =>
  value === null || (typeof value === 'object' && value !== undefined && Object.values(value).every(isCount))
