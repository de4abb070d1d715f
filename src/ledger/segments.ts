/** The files of a ledger: `20261123T161140Z-1795450300123000-9f3a2c1e.ledger`; those of earlier versions end with `.jsonl`. */
import { readdir, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'

/** A file of rows by one writer; sorts by its name. */
export interface Segment {
  readonly path: string
  /** `lines`: of JSON, by an earlier version. */
  readonly form: 'blocks' | 'lines'
  readonly writer: string
  /** Of its first row. */
  readonly firstSeq: number
  /** No row ended before; epoch ms. */
  readonly startedAt: number
}

export interface SizedSegment extends Segment {
  readonly bytes: number
  /** No row was written later; epoch ms. */
  readonly writtenAt: number
}

const NAME = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z-(\d{16})-([0-9a-f]{8})\.(ledger|jsonl)$/

/** `startedAt` is kept to the second. */
export function segmentIn(folder: string, startedAt: number, firstSeq: number, writer: string): Segment {
  const time = new Date(startedAt).toISOString().replace(/[-:]|\.\d+/g, '')
  const path = join(folder, `${time}-${String(firstSeq).padStart(16, '0')}-${writer}.ledger`)
  return { path, form: 'blocks', writer, firstSeq, startedAt: Math.floor(startedAt / 1000) * 1000 }
}

/** The segment of this path; null where its name is that of none. */
export function segmentAt(path: string): Segment | null {
  const parts = NAME.exec(basename(path))
  if (parts === null) return null
  const [year, month, day, hour, minute, second, firstSeq] = parts.slice(1, 8).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  const startedAt = Date.UTC(year, month - 1, day, hour, minute, second)
  return { path, form: parts[9] === 'ledger' ? 'blocks' : 'lines', writer: parts[8]!, firstSeq, startedAt }
}

/** By their first rows. Other files are left out. Rejects where the folder cannot be read. */
export async function segmentsOf(folder: string): Promise<Segment[]> {
  const found: Segment[] = []
  for (const name of await readdir(folder)) {
    const segment = segmentAt(join(folder, name))
    if (segment !== null) found.push(segment)
  }
  return found.sort((one, other) => one.firstSeq - other.firstSeq || (one.writer < other.writer ? -1 : 1))
}

/** The same of a folder, or of one segment, with what only the files show; those that are gone meanwhile are left out. */
export async function* sizedSegments(at: string): AsyncGenerator<SizedSegment, void> {
  const one = segmentAt(at)
  for (const segment of one === null ? await segmentsOf(at) : [one]) {
    const facts = await stat(segment.path).catch(() => null)
    if (facts !== null) yield { ...segment, bytes: facts.size, writtenAt: facts.mtimeMs }
  }
}
