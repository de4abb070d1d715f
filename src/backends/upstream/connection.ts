/** The socket side of one exchange: how its request goes out, is held back, and how the connection is given back. */
import type { Call } from './call.ts'
import type { ResponseHandler } from './client.ts'
import type { Link } from './link.ts'

/** How long an upstream may take to close a stream after its own [DONE]. */
const LINGER_MS = 1_000

export class Connection {
  readonly #call: Call
  /** Null before the call, and once it is given back. */
  #link: Link | null = null
  /** The request is on its way, and a socket is there for it. */
  open = false
  #linger: NodeJS.Timeout | null = null

  constructor(call: Call) {
    this.#call = call
  }

  send(handler: ResponseHandler): void {
    const { pool, path, headers, body, fresh } = this.#call
    this.#link = pool.take(fresh)
    this.#link.client.send({ path: pool.prefix + path, headers, body }, handler)
  }

  started(): void {
    this.open = true
    this.#link?.started()
  }

  /** The peer cannot have read the request that ended with `thrown`. */
  unread(thrown: unknown): boolean {
    return this.#link?.unread(thrown) ?? false
  }

  pause(): void {
    this.#link?.client.pause()
  }

  resume(): void {
    this.#link?.client.resume()
  }

  abort(why: Error): void {
    this.#link?.client.abort(why)
  }

  /** All that was wanted has come: the upstream may end by itself for a moment more. */
  closeSoon(): void {
    if (!this.open) return
    this.#linger = setTimeout(() => this.abort(new Error('the stream was over')), LINGER_MS)
    this.#linger.unref()
  }

  /** It is free for the next call (`whole`: its answer has ended as it should), or gone. */
  release(whole: boolean): void {
    this.open = false
    if (this.#linger !== null) clearTimeout(this.#linger)
    const link = this.#link
    if (link === null) return
    this.#link = null
    if (whole) this.#call.pool.give(link)
    else this.#call.pool.drop(link)
  }
}
