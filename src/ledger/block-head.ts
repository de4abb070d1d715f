/**
 * What stands at the beginning of a segment, and of each of its blocks: see docs/ledger.md. A block holds whole requests and the
 * names that occur in them, so each can be read without the others. Pure.
 */
import { crc32 } from 'node:zlib'

/** Of what follows it in the file. A reader leaves the segments of later versions alone. */
const VERSION = 5
const MAGIC = Buffer.from('turnout\0', 'latin1')
/** Eight bytes of magic, the version, and a checksum of both. */
const VERSION_AT = MAGIC.length
const FILE_SUM_AT = VERSION_AT + 4
export const FILE_HEAD_BYTES = FILE_SUM_AT + 4

export const FILE_HEAD = Buffer.alloc(FILE_HEAD_BYTES)
MAGIC.copy(FILE_HEAD)
FILE_HEAD.writeUInt32LE(VERSION, VERSION_AT)
FILE_HEAD.writeUInt32LE(crc32(FILE_HEAD.subarray(0, FILE_SUM_AT)), FILE_SUM_AT)

/** `newer`: a later version wrote it; `damaged`: none did. */
export function fileHeadOf(bytes: Buffer): 'known' | 'newer' | 'damaged' {
  const sum = crc32(bytes.subarray(0, FILE_SUM_AT))
  if (!bytes.subarray(0, VERSION_AT).equals(MAGIC) || sum !== bytes.readUInt32LE(FILE_SUM_AT)) return 'damaged'
  return bytes.readUInt32LE(VERSION_AT) > VERSION ? 'newer' : 'known'
}

export interface BlockHead {
  /** Behind the head: the requests, then the names. */
  readonly bytes: number
  /** Where the names begin, from the end of the head on. */
  readonly namesAt: number
  /** Attempts and requests. */
  readonly rows: number
  readonly firstSeq: number
  readonly lastSeq: number
  /** When the first request had ended, and the last one of them: epoch ms. */
  readonly startedAt: number
  readonly endedAt: number
  readonly checksum: number
}

/** What a damaged file is searched for. */
export const BLOCK_MARK = Buffer.from([0xf1, 0x52, 0x4f, 0x57])

const AT = { bytes: 4, namesAt: 8, rows: 12, firstSeq: 16, lastSeq: 24, startedAt: 32, endedAt: 40, checksum: 48 }
const SUM_AT = 52
export const HEAD_BYTES = SUM_AT + 4

/** No block is near to it: what says so is damaged. */
const MOST_BYTES = 1 << 28

/** Into the room at the beginning of the bytes, which the rest of the block follows. */
export function writeHead(bytes: Buffer, head: Omit<BlockHead, 'bytes' | 'checksum'>): void {
  BLOCK_MARK.copy(bytes)
  bytes.writeUInt32LE(bytes.length - HEAD_BYTES, AT.bytes)
  bytes.writeUInt32LE(head.namesAt, AT.namesAt)
  bytes.writeUInt32LE(head.rows, AT.rows)
  bytes.writeDoubleLE(head.firstSeq, AT.firstSeq)
  bytes.writeDoubleLE(head.lastSeq, AT.lastSeq)
  bytes.writeDoubleLE(head.startedAt, AT.startedAt)
  bytes.writeDoubleLE(head.endedAt, AT.endedAt)
  bytes.writeUInt32LE(crc32(bytes.subarray(HEAD_BYTES)), AT.checksum)
  bytes.writeUInt32LE(crc32(bytes.subarray(0, SUM_AT)), SUM_AT)
}

/** The head at the beginning of the bytes; null where there is none, or a damaged one. */
export function headOf(bytes: Buffer): BlockHead | null {
  if (bytes.length < HEAD_BYTES || !bytes.subarray(0, BLOCK_MARK.length).equals(BLOCK_MARK)) return null
  if (crc32(bytes.subarray(0, SUM_AT)) !== bytes.readUInt32LE(SUM_AT)) return null
  const head = {
    bytes: bytes.readUInt32LE(AT.bytes),
    namesAt: bytes.readUInt32LE(AT.namesAt),
    rows: bytes.readUInt32LE(AT.rows),
    firstSeq: bytes.readDoubleLE(AT.firstSeq),
    lastSeq: bytes.readDoubleLE(AT.lastSeq),
    startedAt: bytes.readDoubleLE(AT.startedAt),
    endedAt: bytes.readDoubleLE(AT.endedAt),
    checksum: bytes.readUInt32LE(AT.checksum),
  }
  return head.bytes <= MOST_BYTES && head.namesAt <= head.bytes ? head : null
}

/** What follows the head is as it was written. */
export const isWhole = (head: BlockHead, rest: Buffer): boolean => crc32(rest) === head.checksum
