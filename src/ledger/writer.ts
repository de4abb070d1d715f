/** Blocks of rows into segments: one block after the other, each whole or not at all. */
import { constants } from 'node:fs'
import { type FileHandle, mkdir, open } from 'node:fs/promises'
import { type Segment, segmentIn } from './segments.ts'
import { FILE_HEAD, FILE_HEAD_BYTES } from './block-head.ts'
import type { PendingBlock } from './pending.ts'

interface Current extends Segment {
  readonly slot: number
  /** Length up to the last whole block. */
  bytes: number
  /** It is there. */
  made: boolean
  /** There is nothing behind `bytes`. */
  clean: boolean
}

const MAKE = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW
const OPEN = constants.O_RDWR | constants.O_NOFOLLOW

export class SegmentWriter {
  readonly #folder: string
  readonly #writer: string
  readonly #segmentBytes: number
  #current: Current | null = null
  #unsynced = false

  /** `writer` is in the names of its segments, so no other process writes into them. */
  constructor(folder: string, writer: string, segmentBytes: number) {
    this.#folder = folder
    this.#writer = writer
    this.#segmentBytes = segmentBytes
  }

  /** The segment that rows go to at the moment. */
  get path(): string | null {
    return this.#current?.path ?? null
  }

  /** Something was written that a loss of power would take. */
  get unsynced(): boolean {
    return this.#unsynced
  }

  /** The segment is opened each time: a folder that was moved away, or is another disk now, is noticed at the next block. Rejects where the block is not written. */
  async append(block: PendingBlock): Promise<void> {
    const current = await this.#segmentFor(block)
    try {
      await this.#write(current, block)
    } catch (thrown) {
      current.clean = false
      if (!current.made || (thrown as NodeJS.ErrnoException).code !== 'ENOENT') throw thrown
      // It was deleted, with its folder or alone: go on in a new one.
      this.#current = null
      await this.#write(await this.#segmentFor(block), block)
    }
  }

  /** What was written survives a loss of power from here on. */
  async sync(): Promise<void> {
    const current = this.#current
    if (!this.#unsynced || current === null) return
    const handle = await open(current.path, OPEN)
    try {
      await handle.datasync()
      this.#unsynced = false
    } finally {
      await handle.close()
    }
  }

  async #segmentFor(block: PendingBlock): Promise<Current> {
    const before = this.#current
    if (before !== null && this.#takes(before, block)) return before
    // A failure leaves it to the system to write back an old segment; rows must not wait for that.
    await this.sync().catch(() => undefined)
    const segment = segmentIn(this.#folder, block.startedAt, block.firstSeq, this.#writer)
    return (this.#current = { ...segment, slot: block.slot, bytes: 0, made: false, clean: true })
  }

  #takes({ bytes, slot, startedAt }: Current, block: PendingBlock): boolean {
    if (slot !== block.slot || block.startedAt < startedAt) return false
    return bytes === 0 || bytes + block.bytes.length <= this.#segmentBytes
  }

  async #write(current: Current, { bytes }: PendingBlock): Promise<void> {
    if (!current.made) await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    const handle = await open(current.path, current.made ? OPEN : MAKE, 0o600)
    let end: number
    try {
      if (!current.clean) await handle.truncate(current.bytes)
      if (current.bytes === 0) await writeAll(handle, FILE_HEAD, 0)
      const from = Math.max(current.bytes, FILE_HEAD_BYTES)
      await writeAll(handle, bytes, from)
      end = from + bytes.length
      // It may have been deleted between the opening and the writing, by a gateway that shares the folder.
      if ((await handle.stat()).nlink === 0) throw Object.assign(new Error('deleted'), { code: 'ENOENT' })
    } finally {
      await handle.close()
    }
    if (!current.made) await this.#syncFolder()
    current.made = true
    current.clean = true
    current.bytes = end
    this.#unsynced = true
  }

  /** The name of a new file is written to the disk by its folder. */
  async #syncFolder(): Promise<void> {
    let folder: FileHandle | null = null
    try {
      folder = await open(this.#folder, 'r')
      await folder.sync()
    } catch {
      // Some file systems do not sync folders; the file itself is there.
    } finally {
      await folder?.close()
    }
  }
}

async function writeAll(handle: FileHandle, bytes: Buffer, place: number): Promise<void> {
  for (let at = 0; at < bytes.length;) at += (await handle.write(bytes, at, bytes.length - at, place + at)).bytesWritten
}
