/** Connections to backends: kept ones for each root, each for one call at a time. */
import type { ClientName } from '../../core/settings.ts'
import type { OpenClient } from './client.ts'
import { IdleLimit } from './idle-limit.ts'
import { leanClients } from './lean-client.ts'
import { Link, type LinkTools } from './link.ts'
import { undiciClients } from './undici-client.ts'

/**
 * Idle connections that are kept for one root. Beyond that the next one closes, and none of the old ones: how long they stay open shows
 * whether the backend closes idle connections at all.
 */
const MOST_IDLE = 256

export interface PoolTools {
  readonly open: OpenClient
  readonly now: () => number
  /** A retired pool has no connection any more. */
  readonly emptied: (pool: BackendPool) => void
}

export class BackendPool {
  /** Path of the backend's root below its origin. */
  readonly prefix: string
  readonly #origin: string
  readonly #tools: LinkTools
  readonly #limit = new IdleLimit()
  readonly #links = new Set<Link>()
  /** The one that was used last is the last, and the next to be used: the others may come to rest. */
  readonly #idle: Link[] = []

  /** Its backend is gone: calls that go on end well, and no connection outlives its call. */
  #retired = false
  readonly #emptied: PoolTools['emptied']

  constructor(root: string, { open, now, emptied }: PoolTools) {
    this.#emptied = emptied
    const url = new URL(root)
    this.#origin = url.origin
    this.prefix = url.pathname.replace(/\/$/, '')
    this.#tools = {
      open,
      now,
      closedIdle: (ms) => this.#limit.closedAfter(ms, now()),
      outlived: (ms) => this.#limit.outlived(ms, now()),
      gone: (link) => this.drop(link),
    }
  }

  /** A connection for one call; `fresh`: a new one. Each is given back, or dropped. */
  take(fresh: boolean): Link {
    const last = this.#idle.at(-1)
    const now = this.#tools.now()
    // Older ones stay to their end, which is how it is learnt when the peer closes them.
    if (!fresh && last !== undefined && now - last.idleSince < this.#limit.at(now)) return this.#idle.pop()!
    const link = new Link(this.#origin, this.#tools)
    this.#links.add(link)
    return link
  }

  /** Its call has ended well. */
  give(link: Link): void {
    link.rest()
    if (!this.#links.has(link)) return
    if (this.#retired || link.client.closed || this.#idle.length >= MOST_IDLE) this.drop(link)
    else this.#idle.push(link)
  }

  drop(link: Link): void {
    if (!this.#links.delete(link)) return
    const at = this.#idle.indexOf(link)
    if (at >= 0) this.#idle.splice(at, 1)
    link.client.close()
    if (this.#retired && this.#links.size === 0) this.#emptied(this)
  }

  get retired(): boolean {
    return this.#retired
  }

  /** Idle connections close at once, the others with the end of their calls. */
  retire(): void {
    this.#retired = true
    for (const link of [...this.#idle]) this.drop(link)
    if (this.#links.size === 0) this.#emptied(this)
  }

  /** Its backend is there again. */
  revive(): void {
    this.#retired = false
  }

  /** Cuts what is still open. */
  async destroy(): Promise<void> {
    this.#idle.length = 0
    const links = [...this.#links]
    this.#links.clear()
    await Promise.all(links.map(({ client }) => client.destroy()))
  }
}

export class Pools {
  readonly #byRoot = new Map<string, BackendPool>()
  readonly #now: () => number
  readonly #client: ClientName
  readonly #lean: OpenClient
  #undici: OpenClient
  /** Roots of the backends that there are; null: all that are called. */
  #roots: ReadonlySet<string> | null = null

  constructor(connectMs: number, now: () => number, client: ClientName) {
    this.#now = now
    this.#client = client
    this.#lean = leanClients(now)
    this.#undici = undiciClients(connectMs)
  }

  /** A body may go to `root` in pieces; otherwise they are joined. */
  takesPieces(root: string): boolean {
    return this.#client === 'lean' && root.startsWith('http:')
  }

  /** For one call. A request that began before its backend was gone gets a pool that keeps no connection. */
  of(root: string): BackendPool {
    let pool = this.#byRoot.get(root)
    if (pool === undefined) {
      pool = this.#made(root)
      this.#byRoot.set(root, pool)
    }
    return pool
  }

  /** From now on only connections to `roots` are kept, and a new one is there within `connectMs`. */
  apply({ connectMs, roots }: PoolSettings): void {
    this.#undici = undiciClients(connectMs)
    this.#roots = roots
    for (const [root, pool] of [...this.#byRoot]) {
      if (roots.has(root)) pool.revive()
      else if (!pool.retired) pool.retire()
    }
  }

  /** Those that have connections, or may have some. */
  get size(): number {
    return this.#byRoot.size
  }

  async destroy(): Promise<void> {
    await Promise.all([...this.#byRoot.values()].map((pool) => pool.destroy()))
    this.#byRoot.clear()
  }

  #made(root: string): BackendPool {
    const pool = new BackendPool(root, {
      open: this.takesPieces(root) ? this.#lean : (origin, watcher) => this.#undici(origin, watcher),
      now: this.#now,
      emptied: (empty) => {
        if (this.#byRoot.get(root) === empty) this.#byRoot.delete(root)
      },
    })
    if (this.#roots?.has(root) === false) pool.retire()
    return pool
  }
}

export interface PoolSettings {
  readonly connectMs: number
  readonly roots: ReadonlySet<string>
}
