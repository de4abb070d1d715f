/** Things that come one by one in the same turn of the event loop, handled together at its end. */

export class AtOnce<T> {
  readonly #handle: (all: readonly T[]) => void
  #waiting: T[] = []

  constructor(handle: (all: readonly T[]) => void) {
    this.#handle = handle
  }

  add(one: T): void {
    // An immediate runs when everything that lay at the sockets has been read, and before anything is waited for.
    if (this.#waiting.push(one) === 1) setImmediate(() => this.#handle(this.#waiting.splice(0)))
  }
}
