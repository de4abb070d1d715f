/** Connections to backends: kept ones for each root, each for one call at a time. */
import { buildConnector } from 'undici'
import { IdleLimit } from './idle-limit.ts'
import { Link, type LinkTools } from './link.ts'

/**
 * Idle connections that are kept for one root. Beyond that the next one closes, and none of the old ones: how long they stay open shows
 * whether the backend closes idle connections at all.
 */
const MOST_IDLE = 256

export class BackendPool {
  /** Path of the backend's root below its origin. */
  readonly prefix: string
  readonly #origin: string
  readonly #tools: LinkTools
  readonly #limit = new IdleLimit()
  readonly #links = new Set<Link>()
  /** The one that was used last is the last, and the next to be used: the others may come to rest. */
  readonly #idle: Link[] = []

  constructor(root: string, connectMs: number, now: () => number) {
    const url = new URL(root)
    this.#origin = url.origin
    this.prefix = url.pathname.replace(/\/$/, '')
    this.#tools = {
      connect: buildConnector({ timeout: connectMs, allowH2: false }),
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
    if (this.#idle.length >= MOST_IDLE) this.drop(link)
    else this.#idle.push(link)
  }

  drop(link: Link): void {
    if (!this.#links.delete(link)) return
    const at = this.#idle.indexOf(link)
    if (at >= 0) this.#idle.splice(at, 1)
    link.close()
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
  readonly #connectMs: number
  readonly #now: () => number

  constructor(connectMs: number, now: () => number) {
    this.#connectMs = connectMs
    this.#now = now
  }

  of(root: string): BackendPool {
    let pool = this.#byRoot.get(root)
    if (pool === undefined) {
      pool = new BackendPool(root, this.#connectMs, this.#now)
      this.#byRoot.set(root, pool)
    }
    return pool
  }

  async destroy(): Promise<void> {
    await Promise.all([...this.#byRoot.values()].map((pool) => pool.destroy()))
    this.#byRoot.clear()
  }
}
