import { open } from 'node:fs/promises'
import { BLOCK_MARK, headOf } from './block-head.ts'
import { type Segment, segmentsOf } from './segments.ts'

/** Rows and blocks are shorter; else the first row of the segment has to do. */
const TAIL_BYTES = 1 << 20
/** Runs of a gateway that was started again and again, or gateways that share the folder. */
const LOOKED_AT = 8

/** The highest number in the newest segments of a folder; 0 where there are none. Rejects where the folder cannot be read, unless it is not there. */
export async function lastSeq(folder: string): Promise<number> {
  let segments: Segment[]
  try {
    segments = await segmentsOf(folder)
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return 0
    throw thrown
  }
  let last = 0
  for (const segment of segments.slice(-LOOKED_AT))
    last = Math.max(last, segment.firstSeq, await seqAtEnd(segment).catch(() => 0))
  return last
}

async function seqAtEnd({ path, form }: Segment): Promise<number> {
  const handle = await open(path, 'r')
  try {
    const { size } = await handle.stat()
    const tail = Buffer.alloc(Math.min(size, TAIL_BYTES))
    await handle.read(tail, 0, tail.length, size - tail.length)
    return form === 'blocks' ? seqInBlocks(tail) : seqInLines(tail)
  } finally {
    await handle.close()
  }
}

/** Heads say it also of blocks that are torn, or cannot be read. */
function seqInBlocks(tail: Buffer): number {
  let last = 0
  for (let at = tail.indexOf(BLOCK_MARK); at >= 0; at = tail.indexOf(BLOCK_MARK, at + 1))
    last = Math.max(last, headOf(tail.subarray(at))?.lastSeq ?? 0)
  return last
}

function seqInLines(tail: Buffer): number {
  let last = 0
  for (const [, seq] of tail.toString('latin1').matchAll(/^\{"kind":"(?:request|attempt)","seq":(\d{1,16}),/gm))
    last = Math.max(last, Number(seq))
  return last
}
