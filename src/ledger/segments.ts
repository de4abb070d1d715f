/** The files of a ledger: `20261123T161140Z-1795450300123000-9f3a2c1e.ledger`; those of earlier versions end with `.jsonl`. */
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'

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

/** By their first rows. Other files are left out. Rejects where the folder cannot be read. */
export async function segmentsOf(folder: string): Promise<Segment[]> {
  const found: Segment[] = []
  for (const name of await readdir(folder)) {
    const parts = NAME.exec(name)
    if (parts === null) continue
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
    const form = parts[9] === 'ledger' ? 'blocks' : 'lines'
    found.push({ path: join(folder, name), form, writer: parts[8]!, firstSeq, startedAt })
  }
  return found.sort((one, other) => one.firstSeq - other.firstSeq || (one.writer < other.writer ? -1 : 1))
}

/** The same, with what only the file itself shows; files that are gone meanwhile are left out. */
export async function* sizedSegments(folder: string): AsyncGenerator<SizedSegment, void> {
  for (const segment of await segmentsOf(folder)) {
    const facts = await stat(segment.path).catch(() => null)
    if (facts !== null) yield { ...segment, bytes: facts.size, writtenAt: facts.mtimeMs }
  }
}
