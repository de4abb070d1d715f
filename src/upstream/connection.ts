/** The socket side of one exchange: how its request goes out, is held back, and how the connection is given back. */
import type { Dispatcher } from 'undici'
import type { Call } from './call.ts'
import { isStaleSocket } from './fault.ts'

/** A kept-alive socket that the peer had closed breaks at once; one that breaks later broke over our request. */
const STALE_MS = 500
/** How long an upstream may take to close a stream after its own [DONE]. */
const LINGER_MS = 1_000

export class Connection {
  readonly #call: Call
  readonly #startedAt: number
  #controller: Dispatcher.DispatchController | null = null
  #reused = false
  #retried = false
  #pooled = false
  #linger: NodeJS.Timeout | null = null

  /** `startedAt`: clock reading of the start of the call. */
  constructor(call: Call, startedAt: number) {
    this.#call = call
    this.#startedAt = startedAt
  }

  /** The request is on its way, and a socket is there for it. */
  get open(): boolean {
    return this.#controller !== null
  }

  send(handler: Dispatcher.DispatchHandler): void {
    this.#pooled = true
    this.#reused = this.#call.pool.dispatch(this.#request(), handler)
  }

  /** Once more, where `thrown` is the end of a socket that was idle for too long; false where it is another thing. */
  sendAgain(handler: Dispatcher.DispatchHandler, thrown: Error): boolean {
    const young = this.#call.now() - this.#startedAt < STALE_MS
    if (!young || !this.#reused || this.#retried || !isStaleSocket(thrown)) return false
    this.#retried = true
    this.#call.pool.dispatchFresh(this.#request(), handler)
    return true
  }

  started(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
  }

  pause(): void {
    this.#controller?.pause()
  }

  resume(): void {
    this.#controller?.resume()
  }

  abort(why: Error): void {
    this.#controller?.abort(why)
  }

  /** All that was wanted has come: the upstream may end by itself for a moment more. */
  closeSoon(): void {
    const controller = this.#controller
    if (!this.#pooled || controller === null) return
    const linger = setTimeout(() => controller.abort(new Error('the stream was over')), LINGER_MS)
    linger.unref()
    this.#linger = linger
  }

  /** It is free again, or gone. */
  release(): void {
    // It leads to all that undici holds of the call, and a handler outlives its call: what the collector still reaches it copies.
    this.#controller = null
    if (this.#linger !== null) clearTimeout(this.#linger)
    if (!this.#pooled) return
    this.#pooled = false
    this.#call.pool.done()
  }

  #request(): Dispatcher.DispatchOptions {
    const { pool, path, headers, body } = this.#call
    return { path: pool.prefix + path, method: 'POST', headers, body }
  }
}
