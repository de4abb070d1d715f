/** The append-only log of what requests took and cost. Rows go into memory and from there to the disk, off the way of requests. */
import { randomBytes } from 'node:crypto'
import type { LedgerEvent } from '../core/events.ts'
import type { RequestObserver, RequestRecord } from '../core/request-record.ts'
import type { LedgerSpec } from '../core/settings.ts'
import { lastSeq } from './last-seq.ts'
import { type PendingBlock, Pending } from './pending.ts'
import { prune } from './prune.ts'
import { SegmentWriter } from './writer.ts'

export interface LedgerState {
  /** In memory only. */
  readonly pendingRows: number
  readonly writtenRows: number
  /** For want of room while the disk was slow or gone. */
  readonly lostRows: number
  /** The last block could be written. */
  readonly up: boolean
}

export interface LedgerTools {
  readonly emit: (event: LedgerEvent) => void
  /** What may wait for the disk. */
  readonly mostBytes?: number
  /** Rows get higher numbers than this one, whatever the clock says: that of a snapshot which rows must be newer than. */
  readonly above?: number
}

/** A crash of the process takes what came since the last write: with the time that a write takes, and the 25 ms after which a request is recorded, less than a second. */
const FLUSH_MS = 475
const PRUNE_MS = 60_000
/** How long the way out waits for the disk. */
const LAST_WAIT_MS = 5000

const SEGMENT_BYTES = 64 * 1024 * 1024
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

export class Ledger implements RequestObserver {
  readonly readsDecisions = 'all'
  readonly #spec: LedgerSpec
  readonly #tools: LedgerTools
  readonly #id = randomBytes(4).toString('hex')
  readonly #pending: Pending
  readonly #writer: SegmentWriter
  readonly #pruning = setInterval(() => void this.#turn(true, true), PRUNE_MS).unref()
  #flushing: NodeJS.Timeout | null = null
  #turning: Promise<void> | null = null
  #closed = false
  #seq: number
  #written = 0
  #lost = 0
  #up = true
  #saidLost = false

  private constructor(spec: LedgerSpec, tools: LedgerTools, seq: number) {
    this.#spec = spec
    this.#tools = tools
    this.#seq = seq
    // Old rows go with their whole segment: the shorter they are kept, the shorter a segment.
    this.#pending = new Pending(spec.keepMs !== null && spec.keepMs < 7 * DAY_MS ? HOUR_MS : DAY_MS, tools.mostBytes)
    this.#writer = new SegmentWriter(spec.folder, this.#id, segmentBytes(spec))
  }

  /** Never rejects: where the folder cannot be used, an event says so, and it is tried again. */
  static async open(spec: LedgerSpec, tools: LedgerTools): Promise<Ledger> {
    let seq = tools.above ?? 0
    let why: string | null = null
    try {
      seq = Math.max(seq, await lastSeq(spec.folder))
    } catch (thrown) {
      why = codeOf(thrown)
    }
    const ledger = new Ledger(spec, tools, seq)
    if (why !== null) ledger.#away(why)
    else void ledger.#turn(true, true)
    return ledger
  }

  /** Number of the last row that was taken, written or not. */
  get seq(): number {
    return this.#seq
  }

  /** The name under which this run writes. */
  get writer(): string {
    return this.#id
  }

  state(): LedgerState {
    return { pendingRows: this.#pending.rows, writtenRows: this.#written, lostRows: this.#lost, up: this.#up }
  }

  onCompleted(record: RequestRecord): void {
    const count = record.calls + 1
    if (this.#closed || this.#pending.full) return this.#lose(count)
    // Numbers made from the time grow over restarts also where the last rows of a run were lost.
    const first = Math.max(this.#seq + 1, record.endedAt * 1000)
    this.#seq = first + count - 1
    this.#pending.add(record, first)
    if (this.#up && this.#pending.whole() !== null) void this.#turn(false, false)
    this.#flushing ??= setTimeout(() => this.#flush(), FLUSH_MS).unref()
  }

  /** Writes all that waits; what cannot be written within some seconds is lost. */
  async close(): Promise<void> {
    this.#closed = true
    clearInterval(this.#pruning)
    if (this.#flushing !== null) clearTimeout(this.#flushing)
    const limit = new Promise<void>((resolve) => setTimeout(resolve, LAST_WAIT_MS).unref())
    await Promise.race([this.#all(), limit])
    if (this.#pending.rows > 0) this.#lose(this.#pending.rows)
  }

  #flush(): void {
    this.#flushing = null
    void this.#all().then(() => {
      const more = this.#pending.rows > 0 || this.#writer.unsynced
      if (more && !this.#closed) this.#flushing ??= setTimeout(() => this.#flush(), FLUSH_MS).unref()
    })
  }

  /** What is under way may have begun before the last rows came. */
  async #all(): Promise<void> {
    await this.#turning
    await this.#turn(true, false)
  }

  /** One at a time. `all`: also the rows that do not fill a block yet, and safe from a loss of power. Never rejects. */
  #turn(all: boolean, pruning: boolean): Promise<void> {
    this.#turning ??= this.#write(all)
      .then(() => (pruning ? this.#prune() : undefined))
      .finally(() => (this.#turning = null))
    return this.#turning
  }

  async #write(all: boolean): Promise<void> {
    const next = (): PendingBlock | null => (all ? this.#pending.any() : this.#pending.whole())
    try {
      for (let block = next(); block !== null; block = next()) {
        await this.#writer.append(block)
        this.#pending.done()
        this.#written += block.rows
        if (!this.#up) this.#back()
      }
      if (all) await this.#writer.sync()
    } catch (thrown) {
      this.#away(codeOf(thrown))
    }
  }

  async #prune(): Promise<void> {
    const { folder } = this.#spec
    try {
      const { segments, bytes } = await prune(this.#spec, this.#writer.path, Date.now())
      if (segments > 0) this.#tools.emit({ event: 'ledger_pruned', folder, segments, bytes })
    } catch (thrown) {
      const why = codeOf(thrown)
      // Before the first row there is no folder.
      if (why !== 'ENOENT' && this.#up) this.#tools.emit({ event: 'ledger_not_pruned', folder, why })
    }
  }

  #away(why: string): void {
    if (this.#up) this.#tools.emit({ event: 'ledger_away', folder: this.#spec.folder, why })
    this.#up = false
  }

  #back(): void {
    this.#up = true
    this.#saidLost = false
    const [pending_rows, lost_rows] = [this.#pending.rows, this.#lost]
    this.#tools.emit({ event: 'ledger_back', folder: this.#spec.folder, pending_rows, lost_rows })
  }

  #lose(rows: number): void {
    this.#lost += rows
    if (this.#saidLost) return
    this.#saidLost = true
    this.#tools.emit({ event: 'ledger_rows_lost', folder: this.#spec.folder, lost_rows: this.#lost })
  }
}

/** So many that the deletion of one is a small part of what is kept. */
const segmentBytes = ({ maxBytes }: LedgerSpec): number =>
  maxBytes === null ? SEGMENT_BYTES : Math.min(SEGMENT_BYTES, Math.max(Math.floor(maxBytes / 16), 64 * 1024))

const codeOf = (thrown: unknown): string => (thrown as NodeJS.ErrnoException).code ?? 'unknown error'
