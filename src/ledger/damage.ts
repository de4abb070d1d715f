/** What of a ledger could not be read. */
import { basename } from 'node:path'

/**
 * `damaged`: a line that is no row, or a row whose request is missing although others follow it. `torn`: a row that has no
 * end; it is being written, or its gateway was killed.
 */
export interface Damage {
  readonly kind: 'damaged' | 'torn'
  readonly path: string
  /** From 1. */
  readonly line: number
}

/** More lines than these are counted as so many: the memory of a reader must not grow with what it reads. */
const MOST = 100_000

/** Counts damage, each line once, however often it is read. */
export class DamageCount {
  readonly #seen = new Set<string>()
  readonly #files = new Set<string>()
  /** `FILE:LINE` of the first damaged line. */
  first: string | null = null
  damaged = 0
  torn = 0

  readonly add = ({ kind, path, line }: Damage): void => {
    const place = `${basename(path)}:${line}`
    if (this.#seen.size >= MOST || this.#seen.has(place)) return
    this.#seen.add(place)
    this[kind]++
    if (kind === 'torn') return
    this.first ??= place
    this.#files.add(path)
  }

  /** With damaged lines. */
  get files(): number {
    return this.#files.size
  }
}
