/** What of a ledger could not be read. */
import { basename } from 'node:path'

/**
 * `damaged`: what is no row or no block, or a row whose request is missing although others follow it. `torn`: what has no end; it
 * is being written, or its gateway was killed. `newer`: a segment that only a later version can read.
 */
export interface Damage {
  readonly kind: 'damaged' | 'torn' | 'newer'
  readonly path: string
  /** A line, from 1; of a block, the byte at which it begins. */
  readonly place: number
  /** How many lines would have been printed of it, as far as that can be told. */
  readonly lines: number
}

/** More places than these are not counted: the memory of a reader must not grow with what it reads. */
const MOST = 100_000

/** Counts damage, each once, however often it is read. */
export class DamageCount {
  readonly #seen = new Set<string>()
  readonly #files = new Set<string>()
  /** `FILE:PLACE` of what is damaged first. */
  first: string | null = null
  damaged = 0
  torn = 0
  /** Segments of later versions. */
  newer = 0

  readonly add = ({ kind, path, place, lines }: Damage): void => {
    const at = `${basename(path)}:${place}`
    if (this.#seen.size >= MOST || this.#seen.has(at)) return
    this.#seen.add(at)
    this[kind] += lines
    if (kind !== 'damaged') return
    this.first ??= at
    this.#files.add(path)
  }

  /** With damaged lines. */
  get files(): number {
    return this.#files.size
  }
}
