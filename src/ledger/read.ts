/** Rows of a ledger in the order of time, also while gateways write: a stream; what is held does not grow with the ledger. */
import { createReadStream } from 'node:fs'
import { linesOf } from '../store/lines.ts'
import type { Damage } from './damage.ts'
import type { LedgerRow, RowKind } from './row.ts'
import { type SizedSegment, sizedSegments } from './segments.ts'

export interface LedgerQuery {
  /** Rows of requests that ended from then on, and before then: epoch ms. */
  readonly since?: number
  readonly until?: number
  readonly kind?: RowKind
  /**
   * Only rows with higher numbers: those that came after a snapshot that holds `seq` of the ledger. Right for a folder
   * that one gateway at a time writes to, over any number of restarts. `since` beside it saves the reading of old segments.
   */
  readonly afterSeq?: number
  /** With their decisions: most of the bytes of a ledger. */
  readonly decisions?: boolean
  /** Called with each line that is left out because it cannot be read. */
  readonly onDamage?: (damage: Damage) => void
}

/** A row, and its text without a line end. */
export interface LedgerEntry {
  readonly row: LedgerRow
  readonly text: string
}

/** Rejects where the folder cannot be read. */
export async function* readLedger(folder: string, reading: LedgerQuery = {}): AsyncGenerator<LedgerRow, void> {
  for await (const { row } of entriesOf(folder, reading)) yield row
}

/** The same with the text of each row. */
export async function* entriesOf(folder: string, reading: LedgerQuery = {}): AsyncGenerator<LedgerEntry, void> {
  const { since = -Infinity, until = Infinity, kind, afterSeq = -Infinity } = reading
  for await (const one of merged(folder, reading)) {
    const at = Date.parse(one.at)
    if (at < since || at >= until) continue
    for (const entry of one.entries)
      if ((kind === undefined || entry.row.kind === kind) && entry.row.seq > afterSeq) yield entry
  }
}

/** The rows of one request: its attempts, then itself. */
interface Whole {
  readonly seq: number
  readonly at: string
  readonly entries: readonly LedgerEntry[]
}

interface Cursor {
  readonly rest: AsyncGenerator<Whole, void>
  head: Whole
}

/** Segments are opened when their first row has its turn, so few are open at a time: one for each gateway that wrote then. */
async function* merged(folder: string, reading: LedgerQuery): AsyncGenerator<Whole, void> {
  const waiting = await segmentsFor(folder, reading)
  const open: Cursor[] = []
  const last = new Map<string, number>()
  try {
    for (;;) {
      const next = earliest(open)
      const opens = waiting[0]
      if (opens !== undefined && (next === null || opens.firstSeq <= next.head.seq)) {
        waiting.shift()
        await advance(open, { rest: wholesOf(opens, reading), head: NONE })
        continue
      }
      if (next === null) return
      const { head } = next
      const { writer } = head.entries[0]!.row
      // Where a disk failed within a block, the block may be in two segments.
      if (head.seq > (last.get(writer) ?? -1)) yield head
      last.set(writer, Math.max(head.seq, last.get(writer) ?? -1))
      open.splice(open.indexOf(next), 1)
      await advance(open, next)
    }
  } finally {
    for (const { rest } of open) await rest.return()
  }
}

const NONE: Whole = { seq: 0, at: '', entries: [] }

function earliest(open: readonly Cursor[]): Cursor | null {
  let first: Cursor | null = null
  for (const cursor of open) if (first === null || cursor.head.seq < first.head.seq) first = cursor
  return first
}

async function advance(open: Cursor[], cursor: Cursor): Promise<void> {
  const { value } = await cursor.rest.next()
  if (value !== undefined) open.push(Object.assign(cursor, { head: value }))
}

/** The clock that a file system stamps with may be some milliseconds behind. */
const STAMP_MS = 1000

async function segmentsFor(folder: string, { since, until }: LedgerQuery): Promise<SizedSegment[]> {
  const found: SizedSegment[] = []
  for await (const segment of sizedSegments(folder)) {
    if (since !== undefined && segment.writtenAt < since - STAMP_MS) continue
    if (until !== undefined && segment.startedAt >= until) continue
    found.push(segment)
  }
  return found
}

/** Rows whose request is missing do not count; at the end of a segment they are torn, or just being written. */
async function* wholesOf(
  { path }: SizedSegment,
  { decisions = false, onDamage }: LedgerQuery,
): AsyncGenerator<Whole, void> {
  let entries: LedgerEntry[] = []
  let last = 0
  const tell = (kind: Damage['kind'], line: number): void => onDamage?.({ kind, path, line })
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
    if (entries.length > 0 && entries[0]!.row.seq + entries.length !== row.seq) drop('damaged', number)
    entries.push(entry)
    if (row.kind !== 'request') continue
    if (row.attempts === entries.length - 1) yield { seq: entries[0]!.row.seq, at: row.at, entries }
    else drop('damaged', number + 1)
    entries = []
  }
  drop('torn', last + 1)
}

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
    return isRow(row) ? { row, text } : null
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
