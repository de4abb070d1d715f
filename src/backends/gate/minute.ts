/** What was sent in the last minute: calls, and what they take. */

/**
 * A call may be on its way for longer than the one before it, and the minute of who counts them begins with its arrival: a little longer is
 * counted here.
 */
export const MINUTE_MS = 60_250

/** One call, from the moment at which it is sent. */
export interface Counted {
  readonly at: number
  tokens: number
  /** It is older than a minute, or was not sent after all. */
  over: boolean
}

export class Minute {
  /** In the order of their time; those before `#first` are over. */
  #counted: Counted[] = []
  #first = 0
  #calls = 0
  #tokens = 0

  get calls(): number {
    return this.#calls
  }

  get tokens(): number {
    return this.#tokens
  }

  add(at: number, tokens: number): Counted {
    const one = { at, tokens, over: false }
    this.#counted.push(one)
    this.#calls++
    this.#tokens += tokens
    return one
  }

  /** What it took is known. */
  settle(one: Counted, tokens: number): void {
    if (one.over) return
    this.#tokens += tokens - one.tokens
    one.tokens = tokens
  }

  /** It was not sent. */
  remove(one: Counted): void {
    if (one.over) return
    one.over = true
    this.#calls--
    this.#tokens -= one.tokens
  }

  /** To be called before anything is read of it. */
  pass(now: number): void {
    const counted = this.#counted
    for (; this.#first < counted.length; this.#first++) {
      const one = counted[this.#first]!
      if (!one.over && one.at + MINUTE_MS > now) break
      this.remove(one)
    }
    if (this.#first < 64 || this.#first * 2 < counted.length) return
    this.#counted = counted.slice(this.#first)
    this.#first = 0
  }

  /** Clock reading from which on no more than `most` of the calls of today count; -Infinity: now. */
  callsAt(most: number): number {
    let left = this.#calls
    return left <= most ? -Infinity : this.#when(() => --left <= most)
  }

  /** The same for tokens. */
  tokensAt(most: number): number {
    let left = this.#tokens
    return left <= most
      ? -Infinity
      : this.#when((one) => {
          left -= one.tokens
          return left <= most
        })
  }

  /** When the first one is over with which enough are; Infinity: none is enough. */
  #when(enough: (one: Counted) => boolean): number {
    for (let at = this.#first; at < this.#counted.length; at++) {
      const one = this.#counted[at]!
      if (!one.over && enough(one)) return one.at + MINUTE_MS
    }
    return Infinity
  }
}
