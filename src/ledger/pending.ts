/** Rows on their way to the disk: gathered into blocks, held within a bound while the disk is slow or gone. */
import type { Rows } from './rows-of.ts'

/** What is written at once, in bytes. */
const BLOCK_BYTES = 256 * 1024
/** What may wait, in bytes. */
const MOST_BYTES = 64 * 1024 * 1024
/** A character of a string becomes no more bytes than this. */
const WIDEST = 3

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
  /** The block that is being gathered: to write into it at once costs a sixth of what it does to join its texts later. */
  #buffer: Buffer = Buffer.alloc(0)
  /** The room of a block that is done, for the next one. */
  #spare: Buffer | null = null
  #used = 0
  #rows = 0
  #firstSeq = 0
  #startedAt = 0
  #slot = 0

  constructor(slotMs: number, most = MOST_BYTES) {
    this.#slotMs = slotMs
    this.#most = most
  }

  get rows(): number {
    return this.#blockRows + this.#rows
  }

  /** Nothing more can be held. */
  get full(): boolean {
    return this.#blockBytes + this.#used >= this.#most
  }

  /** Half of the room is taken: what can be done without should be. */
  get tight(): boolean {
    return this.#blockBytes + this.#used >= this.#most / 2
  }

  /** `seq`: of the first row. `at`: when its request had ended, epoch ms. */
  add({ parts, count }: Rows, seq: number, at: number): void {
    const slot = Math.floor(at / this.#slotMs)
    let room = 0
    for (const part of parts) room += part.length * WIDEST
    // A clock that was set back would make a segment hold rows from before its beginning.
    const apart = slot !== this.#slot || at < this.#startedAt
    if (this.#rows > 0 && (apart || this.#used + room > this.#buffer.length)) this.#seal()
    if (this.#rows === 0) {
      this.#buffer = this.#roomFor(room)
      this.#firstSeq = seq
      this.#startedAt = at
      this.#slot = slot
    }
    for (const part of parts) this.#used += this.#buffer.write(part, this.#used)
    this.#rows += count
  }

  /** The oldest block that is full; it waits until it is `done`. */
  whole(): PendingBlock | null {
    return this.#blocks[0] ?? null
  }

  /** The same, or else what has been gathered so far. While others wait that goes on: a block takes its full room, however little is in it. */
  any(): PendingBlock | null {
    if (this.#blocks.length === 0 && this.#rows > 0) this.#seal()
    return this.whole()
  }

  /** The oldest block is where it should be. */
  done(): void {
    const block = this.#blocks.shift()
    this.#blockBytes -= block?.bytes.length ?? 0
    this.#blockRows -= block?.rows ?? 0
    if (block?.bytes.buffer.byteLength === BLOCK_BYTES) this.#spare = Buffer.from(block.bytes.buffer)
  }

  #roomFor(bytes: number): Buffer {
    const spare = this.#spare
    this.#spare = null
    if (bytes > BLOCK_BYTES) return Buffer.allocUnsafeSlow(bytes)
    return spare ?? Buffer.allocUnsafeSlow(BLOCK_BYTES)
  }

  #seal(): void {
    const bytes = this.#buffer.subarray(0, this.#used)
    const [rows, firstSeq, startedAt, slot] = [this.#rows, this.#firstSeq, this.#startedAt, this.#slot]
    this.#blocks.push({ bytes, rows, firstSeq, startedAt, slot })
    this.#blockBytes += this.#used
    this.#blockRows += this.#rows
    this.#buffer = Buffer.alloc(0)
    this.#used = 0
    this.#rows = 0
  }
}
