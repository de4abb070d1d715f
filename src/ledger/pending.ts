/** Rows on their way to the disk: gathered into blocks, held within a bound while the disk is slow or gone. */

/** What is written at once, in characters: to make a block of it takes a fraction of a millisecond of the event loop. */
const BLOCK_CHARACTERS = 256 * 1024
/** What may wait, in bytes. */
const MOST_BYTES = 64 * 1024 * 1024

/** Rows that are written together, into one segment. */
export interface Block {
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
  readonly #blocks: Block[] = []
  #sealedBytes = 0
  #sealedRows = 0
  #texts: string[] = []
  #characters = 0
  #rows = 0
  #firstSeq = 0
  #startedAt = 0
  #slot = 0

  constructor(slotMs: number, most = MOST_BYTES) {
    this.#slotMs = slotMs
    this.#most = most
  }

  get rows(): number {
    return this.#sealedRows + this.#rows
  }

  /** Nothing more can be held. */
  get full(): boolean {
    return this.#sealedBytes + this.#characters >= this.#most
  }

  /** Half of the room is taken: what can be done without should be. */
  get tight(): boolean {
    return this.#sealedBytes + this.#characters >= this.#most / 2
  }

  /** A whole block waits. */
  get ready(): boolean {
    return this.#blocks.length > 0
  }

  add(text: string, rows: number, seq: number, at: number): void {
    const slot = Math.floor(at / this.#slotMs)
    // A clock that was set back would make a segment hold rows from before its beginning.
    if (this.#rows > 0 && (slot !== this.#slot || at < this.#startedAt)) this.seal()
    if (this.#rows === 0) {
      this.#firstSeq = seq
      this.#startedAt = at
      this.#slot = slot
    }
    this.#texts.push(text)
    this.#characters += text.length
    this.#rows += rows
    if (this.#characters >= BLOCK_CHARACTERS) this.seal()
  }

  /** Ends the block that is being gathered, if there is one. */
  seal(): void {
    if (this.#rows === 0) return
    const bytes = Buffer.from(this.#texts.join(''))
    const { length } = bytes
    this.#blocks.push({
      bytes,
      rows: this.#rows,
      firstSeq: this.#firstSeq,
      startedAt: this.#startedAt,
      slot: this.#slot,
    })
    this.#sealedBytes += length
    this.#sealedRows += this.#rows
    this.#texts = []
    this.#characters = 0
    this.#rows = 0
  }

  /** The oldest whole block; it waits until it is `done`. */
  first(): Block | null {
    return this.#blocks[0] ?? null
  }

  /** The oldest block is where it should be. */
  done(): void {
    const block = this.#blocks.shift()
    this.#sealedBytes -= block?.bytes.length ?? 0
    this.#sealedRows -= block?.rows ?? 0
  }
}
