/** The stream of one engine's KV events, for as long as it is followed: it comes back after each break, and tells what was missed. */
import { setTimeout as later } from 'node:timers'
import { type KvDecoder, kvDecoder, type KvEvent } from './kv-batch.ts'
import { ZmtpSocket, type ZmtpTarget } from './zmtp-socket.ts'

export interface KvStreamHandlers {
  events(events: readonly KvEvent[]): void
  /** What came before holds no longer: the engine was started anew. */
  restarted(): void
  /** So many batches were missed, and nobody could say them again. */
  missed(batches: number): void
  /** `why`: in a few words; null: it is there. */
  state(why: string | null): void
}

const FIRST_WAIT_MS = 500
const LONGEST_WAIT_MS = 30_000
const REPLAY_MS = 5_000
/** Batches that come while missed ones are said again. */
const MOST_WAITING = 4096

interface Batch {
  readonly seq: bigint
  readonly payload: Buffer
}

export class KvStream {
  readonly #target: ZmtpTarget
  readonly #replay: ZmtpTarget | null
  readonly #handlers: KvStreamHandlers
  #socket: ZmtpSocket | null = null
  #replaying: ZmtpSocket | null = null
  /** In the order in which they came, while others are asked for again. */
  #waiting: Batch[] = []
  #timer: NodeJS.Timeout | null = null
  #waitMs = FIRST_WAIT_MS
  #decode: KvDecoder | null = null
  /** Of the batch that was taken last. */
  #seq = -1n
  #stopped = false

  /** `replay`: where batches that were missed can be asked for. */
  constructor(target: ZmtpTarget, replay: ZmtpTarget | null, handlers: KvStreamHandlers) {
    this.#target = target
    this.#replay = replay
    this.#handlers = handlers
  }

  /** From now on, until `stop`. Resolves when the decoder is there. */
  async start(): Promise<void> {
    this.#decode = await kvDecoder()
    if (!this.#stopped) this.#connect()
  }

  stop(): void {
    this.#stopped = true
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#replaying?.close()
    this.#socket?.close()
  }

  #connect(): void {
    this.#timer = null
    this.#socket = new ZmtpSocket(this.#target, 'SUB', {
      ready: () => {
        this.#waitMs = FIRST_WAIT_MS
        this.#handlers.state(null)
      },
      message: (parts) => this.#message(parts),
      closed: (why) => {
        this.#socket = null
        if (this.#stopped) return
        this.#handlers.state(why)
        // Many gateways follow one engine: they do not all come back in one moment.
        this.#timer = later(() => this.#connect(), this.#waitMs * (0.75 + Math.random() / 2))
        this.#timer.unref()
        this.#waitMs = Math.min(LONGEST_WAIT_MS, 2 * this.#waitMs)
      },
    })
  }

  /** `[topic, sequence number, batch]` */
  #message(parts: readonly Buffer[]): void {
    const [, seq, payload] = parts
    if (parts.length !== 3 || seq?.length !== 8 || payload === undefined) return
    const batch = { seq: seq.readBigUInt64BE(), payload }
    if (this.#replaying === null) this.#take(batch)
    else if (this.#waiting.length < MOST_WAITING) this.#waiting.push(batch)
    else this.#replayed()
  }

  #take(batch: Batch): void {
    const { seq } = batch
    if (this.#seq >= 0n && seq > this.#seq + 1n && this.#replay !== null && this.#replaying === null)
      return this.#ask(batch, this.#replay)
    if (this.#seq >= 0n && seq <= this.#seq) this.#handlers.restarted()
    else if (this.#seq >= 0n && seq > this.#seq + 1n) this.#handlers.missed(Number(seq - this.#seq - 1n))
    this.#apply(batch)
  }

  #apply({ seq, payload }: Batch): void {
    this.#seq = seq
    const events = this.#decode?.(payload) ?? null
    if (events !== null && events.length > 0) this.#handlers.events(events)
  }

  /** What was missed is asked for; what comes meanwhile waits behind it. */
  #ask(first: Batch, replay: ZmtpTarget): void {
    this.#waiting = [first]
    const from = Buffer.alloc(8)
    from.writeBigUInt64BE(this.#seq + 1n)
    const limit = later(() => this.#replaying?.close(), REPLAY_MS)
    limit.unref()
    this.#replaying = new ZmtpSocket(replay, 'DEALER', {
      // An empty part stands between the address of a ROUTER's peer and what it says.
      ready: () => this.#replaying?.send([Buffer.alloc(0), from]),
      message: (parts) => {
        const [seq, payload] = parts.slice(-2)
        if (seq?.length !== 8 || payload === undefined || payload.length === 0) return this.#replaying?.close()
        const one = { seq: seq.readBigUInt64BE(), payload }
        if (one.seq === this.#seq + 1n && one.seq < first.seq) this.#apply(one)
        if (this.#seq + 1n === first.seq) this.#replaying?.close()
      },
      closed: () => {
        clearTimeout(limit)
        this.#replayed()
      },
    })
  }

  #replayed(): void {
    const waiting = this.#waiting
    this.#waiting = []
    const replaying = this.#replaying
    if (this.#stopped) return
    // Once more is not asked: what is missing now is gone.
    for (const batch of waiting) this.#behind(batch)
    this.#replaying = null
    replaying?.close()
  }

  #behind(batch: Batch): void {
    if (batch.seq <= this.#seq) return
    if (batch.seq > this.#seq + 1n) this.#handlers.missed(Number(batch.seq - this.#seq - 1n))
    this.#apply(batch)
  }
}
