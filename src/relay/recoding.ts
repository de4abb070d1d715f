/** A sink that puts embeddings into the form that the caller asked for while they pass, a slice at a time. */
import { setImmediate } from 'node:timers/promises'
import type { GatewayError } from '../core/errors.ts'
import type { PieceRecoder } from '../formats/format.ts'
import type { Sink } from '../backends/upstream/call.ts'

/** Some hundred microseconds of work. */
const STEP_BYTES = 32 * 1024

export interface RecodedSink extends Sink {
  /** Calls `then` when more can be written. */
  drained(then: () => void): void
}

export class Recoding implements Sink {
  readonly #recoder: PieceRecoder
  readonly #target: RecodedSink
  readonly #resume: () => void
  #queue: Buffer[] = []
  #busy = false
  #ended = false
  #failed = false

  /** `resume`: more may come. */
  constructor(recoder: PieceRecoder, target: RecodedSink, resume: () => void) {
    this.#recoder = recoder
    this.#target = target
    this.#resume = resume
  }

  write(bytes: Buffer): boolean {
    this.#queue.push(bytes)
    if (!this.#busy) void this.#work()
    return !this.#busy
  }

  end(): void {
    this.#ended = true
    if (!this.#busy) this.#finish()
  }

  fail(error: GatewayError): void {
    if (this.#failed) return
    this.#failed = true
    this.#queue = []
    this.#target.fail(error)
  }

  async #work(): Promise<void> {
    this.#busy = true
    let waited = false
    for (let bytes = this.#queue.shift(); bytes !== undefined && !this.#failed; bytes = this.#queue.shift())
      for (let at = 0; at < bytes.length && !this.#failed; at += STEP_BYTES) {
        const room = this.#step(bytes.subarray(at, at + STEP_BYTES))
        if (room && bytes.length <= STEP_BYTES) continue
        waited = true
        if (room) await setImmediate()
        else await new Promise<void>((resolve) => this.#target.drained(resolve))
      }
    this.#busy = false
    if (this.#failed) return
    if (this.#ended) this.#finish()
    else if (waited) this.#resume()
  }

  /** False: the target takes no more at the moment. */
  #step(bytes: Buffer): boolean {
    const out: Buffer[] = []
    this.#recoder.push(bytes, out)
    let room = true
    for (const piece of out) room = this.#target.write(piece)
    return room
  }

  #finish(): void {
    const out: Buffer[] = []
    this.#recoder.end(out)
    for (const piece of out) this.#target.write(piece)
    this.#target.end()
  }
}
