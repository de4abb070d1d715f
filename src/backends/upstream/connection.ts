/** The socket side of one exchange: how its request goes out, is held back, and how the connection is given back. */
import type { Dispatcher } from 'undici'
import type { Call } from './call.ts'
import type { Link } from './link.ts'

/** How long an upstream may take to close a stream after its own [DONE]. */
const LINGER_MS = 1_000

export class Connection {
  readonly #call: Call
  #link: Link | null = null
  #controller: Dispatcher.DispatchController | null = null
  #linger: NodeJS.Timeout | null = null

  constructor(call: Call) {
    this.#call = call
  }

  /** The request is on its way, and a socket is there for it. */
  get open(): boolean {
    return this.#controller !== null
  }

  send(handler: Dispatcher.DispatchHandler): void {
    const { pool, path, headers, body, fresh } = this.#call
    this.#link = pool.take(fresh)
    this.#link.client.dispatch({ path: pool.prefix + path, method: 'POST', headers, body: oneBuffer(body) }, handler)
  }

  started(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    this.#link?.started()
  }

  /** The peer cannot have read the request that ended with `thrown`. */
  unread(thrown: unknown): boolean {
    return this.#link?.unread(thrown) ?? false
  }

  pause(): void {
    if (this.#link === null || this.#link.ended) return
    this.#controller?.pause()
    this.#link.hold(this.#controller)
  }

  resume(): void {
    this.#link?.hold(null)
    this.#controller?.resume()
  }

  abort(why: Error): void {
    this.#controller?.abort(why)
  }

  /** All that was wanted has come: the upstream may end by itself for a moment more. */
  closeSoon(): void {
    const controller = this.#controller
    if (controller === null) return
    const linger = setTimeout(() => controller.abort(new Error('the stream was over')), LINGER_MS)
    linger.unref()
    this.#linger = linger
  }

  /** It is free for the next call (`whole`: its answer has ended as it should), or gone. */
  release(whole: boolean): void {
    // It leads to all that undici holds of the call, and a handler outlives its call: what the collector still reaches it copies.
    this.#controller = null
    if (this.#linger !== null) clearTimeout(this.#linger)
    const link = this.#link
    if (link === null) return
    this.#link = null
    if (whole) this.#call.pool.give(link)
    else this.#call.pool.drop(link)
  }
}

/** undici writes several pieces one by one, each after a turn of the event loop. */
const oneBuffer = (pieces: readonly Buffer[]): Buffer => (pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces))
