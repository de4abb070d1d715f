/**
 * A map of at most so many entries: the oldest goes for a new one. An entry is as old as its first `set`, or its last `renew`.
 *
 * The oldest key is read from one iterator that is kept: a new one walks over every entry that was deleted since the map was last
 * rebuilt, which at ten thousand entries takes longer than the rest of a request.
 */
export class BoundedMap<K, V> extends Map<K, V> {
  readonly #most: number
  #oldest: MapIterator<K> | null = null

  constructor(most: number) {
    super()
    this.#most = most
  }

  override set(key: K, value: V): this {
    if (this.size >= this.#most && !this.has(key)) this.#forget()
    return super.set(key, value)
  }

  /** The same, and it is the newest entry from now on. */
  renew(key: K, value: V): this {
    this.delete(key)
    return this.set(key, value)
  }

  /** Entries in front of the iterator were deleted, so the next that it gives is the oldest. At the end it sees nothing more, for good. */
  #forget(): void {
    let next = (this.#oldest ??= this.keys()).next()
    if (next.done === true) next = (this.#oldest = this.keys()).next()
    if (next.done !== true) this.delete(next.value)
  }
}
