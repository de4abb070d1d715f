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
  /** Prompt tokens that the backend was taken to have kept when it was sent. */
  readonly kept: number
  /** Clock reading, ms. */
  readonly sentAt: number
  /** Milliseconds from when it was sent, or from the last first token before its own where that was later, until its own came: what it took by itself, where prompts are read one after the other. 0: it has not come. */
  ownMs: number
}

export class Places {
  #running = 0
  readonly #waiting = new Set<Place>()
  /** In the order in which they were sent. */
  readonly #unread = new Set<Place>()
  #pending = 0
  /** When a first token came last. */
  #lastAt = -Infinity

  /** Prompt tokens of all of them that are still to be read. */
  get pending(): number {
    return this.#pending
  }

  /** `tokens` of its prompt are new there, and `kept` are not. */
  sent(stream: boolean, now: number, tokens = 0, kept = 0): Place {
    // Whole ones, so that what is added and taken off comes to nothing in the end.
    const pending = Math.round(tokens)
    const place = { beside: this.#running, running: 0, stream, pending, kept, sentAt: now, ownMs: 0 }
    this.#unread.add(place)
    this.#pending += pending
    if (stream) this.#waiting.add(place)
    else this.#more()
    return place
  }

  /** The first token came, or the whole of an answer. */
  began(place: Place, now: number): void {
    if (this.#unread.has(place))
      for (const one of this.#unread) {
        if (one === place) break
        // Prompts are read one after the other: of a whole answer that was asked for before, nothing else tells that it is worked on.
        if (!one.stream) this.#read(one)
      }
    this.#read(place)
    if (!this.#waiting.delete(place)) return
    place.ownMs = now - Math.max(place.sentAt, this.#lastAt)
    this.#lastAt = now
    this.#more()
    place.running = this.#running
  }

  ended(place: Place): void {
    this.#read(place)
    if (!this.#waiting.delete(place)) this.#running--
  }

  #read(place: Place): void {
    if (!this.#unread.delete(place)) return
    this.#pending -= place.pending
    place.pending = 0
  }

  #more(): void {
    this.#running++
    for (const place of this.#waiting) place.beside = Math.max(place.beside, this.#running)
  }
}
