/** Rows of a ledger in the order of time, also while gateways write: a stream; what is held does not grow with the ledger. */
import type { Counted } from '../core/counted.ts'
import { wholesInBlocks } from './blocks.ts'
import { wholesInLines } from './json-lines.ts'
import type { LedgerQuery } from './query.ts'
import { type Segment, type SizedSegment, sizedSegments } from './segments.ts'
import type { LedgerEntry, Whole } from './whole.ts'

/** Those of a folder, or of one segment. Rejects where the folder cannot be read. */
export async function* entriesOf(at: string, reading: LedgerQuery = {}): AsyncGenerator<LedgerEntry, void> {
  const { kind, afterSeq = -Infinity } = reading
  for await (const one of within(at, reading))
    for (const entry of one.entries(kind)) if (entry.seq > afterSeq) yield entry
}

/** What is added up of each request: no row is made of it. */
export async function* countedIn(folder: string, reading: LedgerQuery = {}): AsyncGenerator<Counted, void> {
  for await (const one of within(folder, reading)) {
    const { request, seq } = one.counted()
    if (seq > (reading.afterSeq ?? -Infinity)) yield request
  }
}

async function* within(at: string, reading: LedgerQuery): AsyncGenerator<Whole, void> {
  const { since = -Infinity, until = Infinity } = reading
  for await (const one of merged(at, reading)) if (one.at >= since && one.at < until) yield one
}

interface Cursor {
  readonly rest: AsyncGenerator<Whole, void>
  readonly head: Whole
}

/** Segments are opened when their first row has its turn, so few are open at a time: one for each gateway that wrote then. */
async function* merged(at: string, reading: LedgerQuery): AsyncGenerator<Whole, void> {
  const waiting = await segmentsFor(at, reading)
  const open: Cursor[] = []
  const last = new Map<string, number>()
  try {
    for (;;) {
      const next = earliest(open)
      const opens = waiting[0]
      if (opens !== undefined && (next === null || opens.firstSeq <= next.head.seq)) {
        waiting.shift()
        await advance(open, wholesOf(opens, reading))
        continue
      }
      if (next === null) return
      const { head, rest } = next
      const { seq, writer } = head
      // Where a disk failed within a block, the block may be in two segments.
      if (seq > (last.get(writer) ?? -1)) yield head
      last.set(writer, Math.max(seq, last.get(writer) ?? -1))
      open.splice(open.indexOf(next), 1)
      await advance(open, rest)
    }
  } finally {
    for (const { rest } of open) await rest.return()
  }
}

const wholesOf = (segment: Segment, reading: LedgerQuery): AsyncGenerator<Whole, void> =>
  segment.form === 'blocks' ? wholesInBlocks(segment, reading) : wholesInLines(segment, reading)

function earliest(open: readonly Cursor[]): Cursor | null {
  let first: Cursor | null = null
  for (const cursor of open) if (first === null || cursor.head.seq < first.head.seq) first = cursor
  return first
}

async function advance(open: Cursor[], rest: Cursor['rest']): Promise<void> {
  const { value } = await rest.next()
  if (value !== undefined) open.push({ rest, head: value })
}

/** The clock that a file system stamps with may be some milliseconds behind. */
const STAMP_MS = 1000

async function segmentsFor(at: string, { since, until }: LedgerQuery): Promise<SizedSegment[]> {
  const found: SizedSegment[] = []
  for await (const segment of sizedSegments(at)) {
    if (since !== undefined && segment.writtenAt < since - STAMP_MS) continue
    if (until !== undefined && segment.startedAt >= until) continue
    found.push(segment)
  }
  return found
}
