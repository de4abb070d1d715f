import type { Socket } from 'node:net'
import type { Cut, Wait } from './fault-plan.ts'
import type { LiveRequest } from './fault-record.ts'
import { deferred } from './fault-record.ts'

/** Thrown inside a play when the connection is gone: the play just ends. */
export const GONE = new Error('the connection is gone')

/** One connection to the fault upstream: writes with acknowledgement, breaks on command, and knows who closed it. */
export class FaultConnection {
  readonly id: number
  readonly socket: Socket
  requests = 0
  current: LiveRequest | null = null
  #ours = false
  #idle: NodeJS.Timeout | null = null
  readonly #gone = deferred<Error>()
  readonly #timers = new Set<NodeJS.Timeout>()

  constructor(id: number, socket: Socket) {
    this.id = id
    this.socket = socket
    socket.setNoDelay(true)
    socket.on('end', () => this.#left('fin'))
    socket.on('error', () => this.#left('reset'))
    socket.on('close', () => this.#left('reset'))
  }

  #left(by: 'fin' | 'reset'): void {
    const request = this.current
    this.current = null
    if (!this.#ours && request !== null && !request.over) request.resolveClosed({ at: performance.now(), by })
    this.#ours = true
    for (const timer of this.#timers) clearTimeout(timer)
    this.#gone.resolve(GONE)
    this.socket.destroy()
  }

  /** Resolves when the kernel has taken the bytes. Throws GONE. */
  async write(bytes: Buffer | string): Promise<void> {
    const taken = deferred<boolean>()
    this.socket.write(bytes, (error) => taken.resolve(!error))
    const outcome = await Promise.race([taken.promise, this.#gone.promise])
    if (outcome !== true) throw GONE
  }

  /** Throws GONE when the connection closes first. */
  async pause(wait: Wait | undefined): Promise<void> {
    if (wait === undefined || wait === 0) return
    if ((await Promise.race([this.#wait(wait), this.#gone.promise])) === GONE) throw GONE
  }

  #wait(wait: Wait): PromiseLike<unknown> {
    if (wait === 'never') return new Promise(() => undefined)
    if (typeof wait !== 'number') return wait
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, wait)
      this.#timers.add(timer)
    })
  }

  /** Closes from this side; what was written before is delivered. */
  close(how: Exclude<Cut, 'end'>): void {
    this.#ours = true
    if (how === 'reset') this.socket.resetAndDestroy()
    else this.socket.end(() => this.socket.destroy())
  }

  destroy(how: 'fin' | 'reset' = 'fin'): void {
    this.#ours = true
    if (how === 'reset') this.socket.resetAndDestroy()
    else this.socket.destroy()
  }

  /** A request has come. */
  busy(): void {
    if (this.#idle !== null) clearTimeout(this.#idle)
    this.#idle = null
  }

  /** An answer has ended: another request is waited for `ms` long. */
  idle(ms: number | undefined): void {
    if (ms === undefined || this.current !== null || this.#ours) return
    this.busy()
    // In a process of its own it would have read by now what has come: in this one the timers run before the sockets.
    const close = (): unknown => setImmediate(() => this.#idle !== null && this.destroy())
    this.#idle = setTimeout(close, ms)
    this.#timers.add(this.#idle)
  }
}
