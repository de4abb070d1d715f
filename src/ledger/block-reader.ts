/** The blocks of a segment, one after the other: damaged ones are told and left out, and those behind them are found again. */
import { type FileHandle, open } from 'node:fs/promises'
import { BLOCK_MARK, type BlockHead, FILE_HEAD_BYTES, fileHeadOf, HEAD_BYTES, headOf, isWhole } from './block-head.ts'
import type { Damage } from './damage.ts'

/** A block as it was written; its bytes are good until the next one is asked for. */
export interface Block {
  readonly head: BlockHead
  /** Behind the head. */
  readonly bytes: Buffer
  /** Where it begins in the file. */
  readonly place: number
}

/** Blocks that are not `wanted` are passed over. Nothing where the segment was deleted meanwhile. */
export async function* blocksIn(
  path: string,
  wanted: (head: BlockHead) => boolean,
  tell: (damage: Damage) => void,
): AsyncGenerator<Block, void> {
  const handle = await openedOrNull(path)
  if (handle === null) return
  try {
    const source = new FileWindow(handle)
    if (!(await hasKnownHead(source, path, tell))) return
    while (await source.has(1)) {
      const { place } = source
      const head = await headAt(source)
      const isThere = head !== null && (await source.has(HEAD_BYTES + head.bytes))
      const rest = isThere ? source.bytes.subarray(HEAD_BYTES, HEAD_BYTES + head.bytes) : null
      if (head !== null && rest !== null && isWhole(head, rest)) {
        if (wanted(head)) yield { head, bytes: rest, place }
        source.pass(HEAD_BYTES + head.bytes)
        continue
      }
      const isShort = !(await source.has(HEAD_BYTES)) || (head !== null && rest === null)
      const { found, blank } = await nextHead(source)
      // A kill leaves a beginning; a loss of power may leave zeros where the bytes should be.
      const kind = !found && (isShort || blank) ? 'torn' : 'damaged'
      tell({ kind, path, place, lines: head?.rows ?? 1 })
    }
  } finally {
    await handle.close()
  }
}

async function openedOrNull(path: string): Promise<FileHandle | null> {
  try {
    return await open(path, 'r')
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT') throw thrown
    return null
  }
}

/** False: nothing of the file can be read. */
async function hasKnownHead(source: FileWindow, path: string, tell: (damage: Damage) => void): Promise<boolean> {
  if (!(await source.has(FILE_HEAD_BYTES))) {
    if (await source.has(1)) tell({ kind: 'torn', path, place: 0, lines: 1 })
    return false
  }
  const head = fileHeadOf(source.bytes)
  if (head !== 'known') tell({ kind: head, path, place: 0, lines: 1 })
  if (head === 'known') source.pass(FILE_HEAD_BYTES)
  else if ((await headAt(source)) === null) await nextHead(source)
  return head !== 'newer'
}

const headAt = async (source: FileWindow): Promise<BlockHead | null> =>
  (await source.has(HEAD_BYTES)) ? headOf(source.bytes) : null

/** Passes over bytes, one at least, until a head begins. `blank`: there were only zeros. */
async function nextHead(source: FileWindow): Promise<{ readonly found: boolean; readonly blank: boolean }> {
  let blank = true
  let from = 1
  for (;;) {
    const at = source.bytes.indexOf(BLOCK_MARK, from)
    // A mark may begin in the last bytes that are there so far.
    const passed = at >= 0 ? at : Math.max(from, source.bytes.length - BLOCK_MARK.length + 1)
    blank &&= source.bytes.subarray(0, passed).every((byte) => byte === 0)
    source.pass(passed)
    from = 0
    if (at >= 0) {
      if ((await headAt(source)) !== null) return { found: true, blank }
      from = 1
    } else if (!(await source.has(BLOCK_MARK.length))) {
      blank &&= source.bytes.every((byte) => byte === 0)
      source.pass(source.bytes.length)
      return { found: false, blank }
    }
  }
}

const READ_BYTES = 256 * 1024

/** A file from its beginning on, as much of it as is asked for. */
class FileWindow {
  readonly #handle: FileHandle
  #buffer = Buffer.allocUnsafeSlow(READ_BYTES)
  #from = 0
  #to = 0
  /** Where the bytes begin in the file. */
  place = 0

  constructor(handle: FileHandle) {
    this.#handle = handle
  }

  /** Those that were read and not passed. */
  get bytes(): Buffer {
    return this.#buffer.subarray(this.#from, this.#to)
  }

  pass(bytes: number): void {
    this.#from += bytes
    this.place += bytes
  }

  /** Reads on until so many bytes are there; false: the file ends before. */
  async has(bytes: number): Promise<boolean> {
    if (this.#to - this.#from < bytes) this.#makeRoom(bytes)
    while (this.#to - this.#from < bytes) {
      const at = this.place + this.#to - this.#from
      const { bytesRead } = await this.#handle.read(this.#buffer, this.#to, this.#buffer.length - this.#to, at)
      if (bytesRead === 0) return false
      this.#to += bytesRead
    }
    return true
  }

  #makeRoom(bytes: number): void {
    const held = this.bytes
    if (bytes > this.#buffer.length) this.#buffer = Buffer.allocUnsafeSlow(bytes)
    held.copy(this.#buffer)
    this.#from = 0
    this.#to = held.length
  }
}
