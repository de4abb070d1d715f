/** What one backend is at, as far as its calls show it: which of them it works on, and which may be waiting for a place. */

/** One call. */
export interface Place {
  /** Other calls that were worked on while it waited for its first token: the most at a time. */
  beside: number
  /** Calls that were worked on when it came, itself included; 0: it has not come. */
  running: number
  /** A whole answer shows nothing before its end, so it is taken to be worked on from the start. */
  readonly stream: boolean
  /** Prompt tokens that are still to be read; 0 from its first token on. */
  pending: number
}

export class Places {
  #running = 0
  readonly #waiting = new Set<Place>()
  #pending = 0

  /** Prompt tokens of all of them that are still to be read. */
  get pending(): number {
    return this.#pending
  }

  /** `pending`: whole tokens, so that what is added and taken off comes to nothing in the end. */
  sent(stream: boolean, pending: number): Place {
    const place = { beside: this.#running, running: 0, stream, pending }
    this.#pending += pending
    if (stream) this.#waiting.add(place)
    else this.#more()
    return place
  }

  /** The first token came, or the whole of an answer. */
  began(place: Place): void {
    this.#read(place)
    if (!this.#waiting.delete(place)) return
    this.#more()
    place.running = this.#running
  }

  ended(place: Place): void {
    this.#read(place)
    if (!this.#waiting.delete(place)) this.#running--
  }

  #read(place: Place): void {
    this.#pending -= place.pending
    place.pending = 0
  }

  #more(): void {
    this.#running++
    for (const place of this.#waiting) place.beside = Math.max(place.beside, this.#running)
  }
}
