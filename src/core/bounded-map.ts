/**
 * A map of at most so many entries: the oldest goes for a new one. An entry is as old as its first `set`, or its last `renew`. Where size is
 * counted in something else, `most` is Infinity and `shift` makes room.
 *
 * The oldest key is read from one iterator that is kept: a new one walks over every entry that was deleted since the map was last
 * rebuilt, which at ten thousand entries takes longer than the rest of a request. But it also keeps every table that the map has had
 * since it last moved on, so it goes after as many deletions as there are entries.
 */
export class BoundedMap<K, V> extends Map<K, V> {
  readonly #most: number
  #oldest: MapIterator<[K, V]> | null = null
  /** Since the iterator was made, those apart that make room for a new entry: they move it on. */
  #deletions = 0

  constructor(most: number) {
    super()
    this.#most = most
  }

  override set(key: K, value: V): this {
    if (this.size >= this.#most && !this.has(key)) this.shift()
    return super.set(key, value)
  }

  /** The same, and it is the newest entry from now on. */
  renew(key: K, value: V): this {
    this.delete(key)
    return this.set(key, value)
  }

  override delete(key: K): boolean {
    if (++this.#deletions > this.size) this.#restart()
    return super.delete(key)
  }

  /**
   * Takes the oldest entry out; null: there is none. Entries in front of the iterator were deleted, so the next that it gives is the
   * oldest. At the end it sees nothing more, for good.
   */
  shift(): readonly [key: K, value: V] | null {
    let next = (this.#oldest ??= this.entries()).next()
    if (next.done === true) next = (this.#oldest = this.entries()).next()
    if (next.done === true) return null
    super.delete(next.value[0])
    return next.value
  }

  #restart(): void {
    this.#oldest = null
    this.#deletions = 0
  }
}
