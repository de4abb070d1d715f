/** Lines to a file descriptor in blocks: handing each one to the system by itself costs several times what the line does. */
import { write, writeSync } from 'node:fs'

const BLOCK_CHARACTERS = 64 * 1024
/** How soon to try again where a reader is behind. */
const BUSY_MS = 20
/** What a reader that has stopped reading may cost in memory; lines beyond are dropped. */
const BACKLOG_BYTES = 64 * 1024 * 1024
/** How long the way out waits for a reader that is behind. */
const LAST_WAIT_MS = 1000

/** A line never waits for the disk, and `flush` writes all that the backlog holds. A reader that is gone costs the lines, never the process. */
export class Blocks {
  readonly #fd: number
  readonly #waitMs: number
  /** Lines of a quiet gateway should not wait for a busy minute. */
  #timer: NodeJS.Timeout | null = null
  #lines: string[] = []
  #characters = 0
  /** Blocks that wait for the one that is being written. */
  #waiting: Buffer[] = []
  #waitingBytes = 0
  /** The system has a block in hand; what is written beside that would get into the middle of it. */
  #inHand = false
  #retry: NodeJS.Timeout | null = null
  #last: (() => void) | null = null

  /** `waitMs`: the longest that a line waits for others. */
  constructor(fd: number, waitMs: number) {
    this.#fd = fd
    this.#waitMs = waitMs
  }

  write(line: string): void {
    this.#lines.push(line)
    this.#characters += line.length
    if (this.#characters > BLOCK_CHARACTERS) this.#pass()
    else this.#timer ??= setTimeout(() => this.#late(), this.#waitMs).unref()
  }

  /** Writes everything, before it returns where that is possible. */
  flush(): Promise<void> {
    return new Promise((resolve) => {
      this.#last = () => {
        this.#last = null
        this.#rest()
        resolve()
      }
      if (this.#inHand) setTimeout(resolve, LAST_WAIT_MS).unref()
      else this.#last()
    })
  }

  #rest(): void {
    this.#collect()
    const until = Date.now() + LAST_WAIT_MS
    for (let block = this.#next(); block !== undefined; block = this.#next())
      if (!writeAll(this.#fd, block, until)) return
  }

  #late(): void {
    this.#timer = null
    this.#pass()
  }

  #pass(): void {
    this.#collect()
    if (this.#inHand || this.#retry !== null) return
    const block = this.#next()
    if (block !== undefined) this.#send(block)
  }

  #collect(): void {
    if (this.#lines.length === 0) return
    const block = Buffer.from(this.#lines.join(''))
    this.#lines = []
    this.#characters = 0
    if (this.#waitingBytes + block.length > BACKLOG_BYTES) return
    this.#waiting.push(block)
    this.#waitingBytes += block.length
  }

  #next(): Buffer | undefined {
    const block = this.#waiting.shift()
    this.#waitingBytes -= block?.length ?? 0
    return block
  }

  #send(block: Buffer): void {
    this.#inHand = true
    write(this.#fd, block, (error, written) => {
      this.#inHand = false
      const rest = block.subarray(written ?? 0)
      const behind = error !== null && isBusy(error)
      // Whatever else fails (no reader, a full disk) fails for this block.
      if (rest.length > 0 && (error === null || behind)) {
        this.#waiting.unshift(rest)
        this.#waitingBytes += rest.length
      }
      if (this.#last !== null) this.#last()
      else if (behind) this.#retry = setTimeout(() => this.#again(), BUSY_MS).unref()
      else this.#pass()
    })
  }

  #again(): void {
    this.#retry = null
    this.#pass()
  }
}

/** False where the reader is gone, or behind for too long (`until`: wall clock, ms). */
function writeAll(fd: number, block: Buffer, until: number): boolean {
  for (let at = 0; at < block.length;) {
    try {
      at += writeSync(fd, block, at)
    } catch (thrown) {
      if (!isBusy(thrown) || Date.now() > until) return false
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, BUSY_MS)
    }
  }
  return true
}

const isBusy = (thrown: unknown): boolean => ['EAGAIN', 'EBUSY'].includes((thrown as NodeJS.ErrnoException).code ?? '')
