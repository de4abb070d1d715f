/** Requests on their way to the disk: written into blocks, held within a bound while the disk is slow or gone. */
import { BlockWriter } from './block-writer.ts'
import type { WrittenRequest } from './written-request.ts'

/** A block is done when it has so many bytes: what is written at once, and what a damaged byte takes with it. */
const BLOCK_BYTES = 64 * 1024
/** Of a block with its last request. */
const ROOM_BYTES = BLOCK_BYTES + 16 * 1024
/** What may wait, in bytes. */
const MOST_BYTES = 64 * 1024 * 1024

/** Rows that are written together, into one segment. */
export interface PendingBlock {
  readonly bytes: Buffer
  readonly rows: number
  readonly firstSeq: number
  /** Of its first row: epoch ms. */
  readonly startedAt: number
  /** The day, or the hour, that its rows ended in. */
  readonly slot: number
}

export class Pending {
  /** Rows end in slots of so many ms; no block goes over the end of one. */
  readonly #slotMs: number
  readonly #most: number
  readonly #blocks: PendingBlock[] = []
  #blockBytes = 0
  #blockRows = 0
  /** The block that is being gathered. */
  #open: BlockWriter | null = null
  /** The room of a block that is done, for the next one. */
  #spare: Buffer | null = null
  #slot = 0

  constructor(slotMs: number, most = MOST_BYTES) {
    this.#slotMs = slotMs
    this.#most = most
  }

  get rows(): number {
    return this.#blockRows + (this.#open?.rows ?? 0)
  }

  /** Nothing more can be held. */
  get full(): boolean {
    return this.#bytes >= this.#most
  }

  /** Half of the room is taken: what can be done without should be. */
  get tight(): boolean {
    return this.#bytes >= this.#most / 2
  }

  /** `seq`: of the first row. */
  add(record: WrittenRequest, seq: number): void {
    const slot = Math.floor(record.endedAt / this.#slotMs)
    // A clock that was set back would make a segment hold rows from before its beginning.
    if (this.#open !== null && (slot !== this.#slot || record.endedAt < this.#open.startedAt)) this.#seal()
    this.#slot = slot
    this.#open ??= new BlockWriter(this.#roomOfNext(), seq, record.endedAt)
    this.#open.add(record, seq, !this.tight)
    if (this.#open.length >= BLOCK_BYTES) this.#seal()
  }

  /** The oldest block that is full; it waits until it is `done`. */
  whole(): PendingBlock | null {
    return this.#blocks[0] ?? null
  }

  /** The same, or else what has been gathered so far. While others wait that goes on: a block takes its full room, however little is in it. */
  any(): PendingBlock | null {
    if (this.#blocks.length === 0) this.#seal()
    return this.whole()
  }

  /** The oldest block is where it should be. */
  done(): void {
    const block = this.#blocks.shift()
    this.#blockBytes -= block?.bytes.length ?? 0
    this.#blockRows -= block?.rows ?? 0
    if (block?.bytes.buffer.byteLength === ROOM_BYTES) this.#spare = Buffer.from(block.bytes.buffer)
  }

  get #bytes(): number {
    return this.#blockBytes + (this.#open?.length ?? 0)
  }

  #roomOfNext(): Buffer {
    const room = this.#spare ?? Buffer.allocUnsafeSlow(ROOM_BYTES)
    this.#spare = null
    return room
  }

  #seal(): void {
    const open = this.#open
    if (open === null) return
    const bytes = open.end()
    this.#blocks.push({ bytes, rows: open.rows, firstSeq: open.firstSeq, startedAt: open.startedAt, slot: this.#slot })
    this.#blockBytes += bytes.length
    this.#blockRows += open.rows
    this.#open = null
  }
}
