/** What a replay reads, one request after the other: a ledger, or lines of a log or of `turnout ledger`. */
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { DamageCount } from '../ledger/damage.ts'
import { entriesOf } from '../ledger/read.ts'
import { segmentAt, segmentsOf } from '../ledger/segments.ts'
import { readLine, readRow, type Skip } from '../replay/lines.ts'
import type { Logged } from '../replay/logged.ts'
import { linesOf } from '../store/lines.ts'
import type { Io } from './io.ts'
import { Refused } from './refused.ts'

export interface Found {
  readonly read: Logged | Skip
  /** Where it was found, for people. */
  readonly place: string
}

/** `source`: a path, `-` = standard input. Throws a Refused for a folder that is none of a ledger; rejects where it cannot be read. */
export async function* requestsOf(source: string, io: Io, damage: DamageCount): AsyncGenerator<Found, void> {
  if (source === '-') {
    yield* requestsInLines(io.stdin)
    return
  }
  const path = resolve(io.cwd, source)
  const isFolder = (await stat(path)).isDirectory()
  if (isFolder && (await segmentsOf(path)).length === 0) throw new Refused(`${source}: holds no segment of a ledger`)
  if (isFolder || segmentAt(path) !== null) yield* requestsInLedger(path, damage)
  else yield* requestsInLines(createReadStream(path, { highWaterMark: 1 << 20 }))
}

async function* requestsInLedger(path: string, damage: DamageCount): AsyncGenerator<Found, void> {
  for await (const { row } of entriesOf(path, { kind: 'request', decisions: true, onDamage: damage.add }))
    yield { read: readRow(row), place: `request ${row.request_id}` }
}

async function* requestsInLines(stream: AsyncIterable<Buffer | string>): AsyncGenerator<Found, void> {
  for await (const { text, number, ended } of linesOf(stream)) {
    if (text === '' && ended) continue
    const read = readLine(text)
    yield { read: read === 'unreadable' && !ended ? 'cut_off' : read, place: `line ${number}` }
  }
}
