/** Which blocks of prompts an engine has kept, or a router believes it has: the least recently used go first. Pure. */
export class BlockCache {
  readonly #most: number
  /** The oldest first. */
  readonly #kept = new Set<number>()

  constructor(most: number) {
    this.#most = most
  }

  /** How many of them, from the beginning on. */
  matched(blocks: readonly number[]): number {
    let matched = 0
    while (matched < blocks.length && this.#kept.has(blocks[matched]!)) matched++
    return matched
  }

  add(blocks: readonly number[]): void {
    for (const block of blocks) {
      this.#kept.delete(block)
      this.#kept.add(block)
    }
    for (const oldest of this.#kept) {
      if (this.#kept.size <= this.#most) break
      this.#kept.delete(oldest)
    }
  }

  clear(): void {
    this.#kept.clear()
  }

  get size(): number {
    return this.#kept.size
  }
}
