/**
 * One request that waits: in the queue of one gate, and for a place of others that nobody who waits there wants. Whichever has one first
 * gives it, and it has left all of them at once: none of them gives it a second one.
 */
import type { Refusal } from './entrant.ts'
import type { Pass } from './pass.ts'

export type Answer = Pass | Refusal | null

export class Waiting {
  /** Null: it was cancelled. */
  readonly answer: Promise<Answer>
  #resolve: ((answer: Answer) => void) | null = null
  /** Takes it off each list that it is on. */
  readonly #leave: (() => void)[] = []

  constructor() {
    this.answer = new Promise((resolve) => (this.#resolve = resolve))
  }

  get over(): boolean {
    return this.#resolve === null
  }

  /** It is on one list more. */
  listed(leave: () => void): void {
    this.#leave.push(leave)
  }

  /** Later answers change nothing. */
  settle(answer: Answer): void {
    const resolve = this.#resolve
    if (resolve === null) return
    this.#resolve = null
    for (const leave of this.#leave) leave()
    resolve(answer)
  }

  /** It wants no place any more. */
  cancel(): void {
    this.settle(null)
  }
}
