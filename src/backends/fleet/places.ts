/** What one backend is at, as far as its calls show it: which of them it works on, and which may be waiting for a place. */

/** One call. */
export interface Place {
  /** Other calls that were worked on while it waited for its first token: the most at a time. */
  beside: number
  /** Calls that were worked on when it came, itself included; 0: it has not come. */
  running: number
  /** A whole answer shows nothing before its end, so it is taken to be worked on from the start. */
  readonly stream: boolean
}

export class Places {
  #running = 0
  readonly #waiting = new Set<Place>()

  sent(stream: boolean): Place {
    const place = { beside: this.#running, running: 0, stream }
    if (stream) this.#waiting.add(place)
    else this.#more()
    return place
  }

  /** The first token of a stream came. */
  began(place: Place): void {
    if (!this.#waiting.delete(place)) return
    this.#more()
    place.running = this.#running
  }

  ended(place: Place): void {
    if (!this.#waiting.delete(place)) this.#running--
  }

  #more(): void {
    this.#running++
    for (const place of this.#waiting) place.beside = Math.max(place.beside, this.#running)
  }
}
