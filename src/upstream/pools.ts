/** Connections to backends: one undici pool for each origin. */
import { Client, Pool, type Dispatcher } from 'undici'

/** `pipelining` stays 1: with 2 a request waits behind the whole stream of another one. */
const options = (connectMs: number) =>
  ({
    pipelining: 1,
    allowH2: false,
    // Limits are kept by the attempt, to the millisecond; undici's own timers are coarse.
    headersTimeout: 0,
    bodyTimeout: 0,
    // Below the five seconds after which uvicorn and llama.cpp close an idle connection.
    keepAliveTimeout: 4_000,
    keepAliveMaxTimeout: 4_000,
    connect: { timeout: connectMs },
  }) as const

export class BackendPool {
  readonly #origin: string
  readonly #connectMs: number
  readonly #pool: Pool
  /** Path of the backend's root below its origin. */
  readonly prefix: string
  #connected = 0
  #running = 0

  constructor(root: string, connectMs: number) {
    const url = new URL(root)
    this.#origin = url.origin
    this.#connectMs = connectMs
    this.prefix = url.pathname.replace(/\/$/, '')
    this.#pool = new Pool(url.origin, options(connectMs))
    this.#pool.on('connect', () => this.#connected++)
    this.#pool.on('disconnect', () => this.#connected--)
  }

  /** Sends; true where an idle connection was there to be used again. Each `dispatch` is paired with one `done`. */
  dispatch(request: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    const reuses = this.#connected > this.#running
    this.#running++
    this.#pool.dispatch(request, handler)
    return reuses
  }

  done(): void {
    this.#running--
  }

  /** Sends on a connection of its own, for the one retry after a stale one: other idle sockets may be just as dead. */
  dispatchFresh(request: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): void {
    const client = new Client(this.#origin, options(this.#connectMs))
    client.dispatch(request, handler)
    void client.close()
  }

  /** Cuts what is still open. */
  async destroy(): Promise<void> {
    await this.#pool.destroy()
  }
}

export class Pools {
  readonly #byRoot = new Map<string, BackendPool>()
  readonly #connectMs: number

  constructor(connectMs: number) {
    this.#connectMs = connectMs
  }

  of(root: string): BackendPool {
    let pool = this.#byRoot.get(root)
    if (pool === undefined) {
      pool = new BackendPool(root, this.#connectMs)
      this.#byRoot.set(root, pool)
    }
    return pool
  }

  async destroy(): Promise<void> {
    await Promise.all([...this.#byRoot.values()].map((pool) => pool.destroy()))
    this.#byRoot.clear()
  }
}
