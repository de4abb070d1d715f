/** Simulated time: what is to happen, in its order. Pure. */

interface Due {
  readonly at: number
  /** Of what happens at one moment, what was set first goes first. */
  readonly turn: number
  readonly happens: () => void
}

export class Clock {
  /** Seconds. */
  now = 0
  #turns = 0
  /** A heap: no one is due before the one at (place - 1) >> 1. */
  readonly #due: Due[] = []

  at(seconds: number, happens: () => void): void {
    const due = this.#due
    const one = { at: Math.max(this.now, seconds), turn: this.#turns++, happens }
    let place = due.length
    for (; place > 0; place = (place - 1) >> 1) {
      const above = due[(place - 1) >> 1]!
      if (isBefore(above, one)) break
      due[place] = above
    }
    due[place] = one
  }

  after(seconds: number, happens: () => void): void {
    this.at(this.now + seconds, happens)
  }

  /** Lets the next thing happen; false: there is none. */
  next(): boolean {
    const first = this.#due[0]
    if (first === undefined) return false
    this.#takeFirst()
    this.now = first.at
    first.happens()
    return true
  }

  #takeFirst(): void {
    const due = this.#due
    const last = due.pop()!
    if (due.length === 0) return
    let place = 0
    for (;;) {
      let below = 2 * place + 1
      if (below >= due.length) break
      if (below + 1 < due.length && isBefore(due[below + 1]!, due[below]!)) below++
      if (isBefore(last, due[below]!)) break
      due[place] = due[below]!
      place = below
    }
    due[place] = last
  }
}

const isBefore = (one: Due, other: Due): boolean => one.at < other.at || (one.at === other.at && one.turn < other.turn)
