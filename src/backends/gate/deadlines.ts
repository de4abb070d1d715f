/** Who waits, by when they stop waiting: a binary heap, so that one timer for the earliest is enough. */

export interface Limited {
  /** Clock reading. */
  readonly until: number
  /** Its place in the heap; kept by it. */
  place: number
}

export class Deadlines<T extends Limited> {
  readonly #heap: T[] = []

  get first(): T | null {
    return this.#heap[0] ?? null
  }

  add(one: T): void {
    this.#put(one, this.#heap.length)
    this.#up(one)
  }

  remove(one: T): void {
    const last = this.#heap.pop()!
    if (last === one) return
    this.#put(last, one.place)
    this.#up(last)
    this.#down(last)
  }

  #up(one: T): void {
    for (let above = (one.place - 1) >> 1; one.place > 0; above = (one.place - 1) >> 1) {
      const other = this.#heap[above]!
      if (other.until <= one.until) return
      this.#swap(one, other)
    }
  }

  #down(one: T): void {
    for (;;) {
      const [left, right] = [this.#heap[2 * one.place + 1], this.#heap[2 * one.place + 2]]
      const sooner = right !== undefined && right.until < left!.until ? right : left
      if (sooner === undefined || sooner.until >= one.until) return
      this.#swap(sooner, one)
    }
  }

  #swap(rising: T, sinking: T): void {
    const place = sinking.place
    this.#put(sinking, rising.place)
    this.#put(rising, place)
  }

  #put(one: T, place: number): void {
    this.#heap[place] = one
    one.place = place
  }
}
