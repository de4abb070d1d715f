/** When the events of a stream are looked into for content: from time to time within `limits.idle`, not each of them. */

const LOOKS = 32

export class IdleWatch {
  /** How long a stream may go on without content that was seen: what was not looked for may have come for a part of it. */
  readonly ms: number
  readonly #everyMs: number
  #seenAt = 0

  constructor(idleMs: number) {
    this.#everyMs = idleMs / LOOKS
    this.ms = idleMs + this.#everyMs
  }

  /** `now`: clock reading. */
  due(now: number): boolean {
    return now - this.#seenAt >= this.#everyMs
  }

  /** There was content. */
  seen(now: number): void {
    this.#seenAt = now
  }
}
