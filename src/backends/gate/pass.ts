/** A place at a backend that was given to one call: it goes back exactly once, by `done` or `unused`. */
import type { BackendKey } from '../../core/settings.ts'
import type { Lane } from './lane.ts'
import type { Counted } from './minute.ts'
import type { Share } from './shares.ts'
import type { Entrant } from './entrant.ts'

export class Pass {
  /** Who gave it: a backend may have another one by the time it goes back. */
  readonly gate: object
  readonly lane: Lane
  readonly counted: Counted
  readonly share: Share
  readonly entrant: Entrant
  /** When the place was given: clock reading, ms. */
  readonly at: number
  readonly #back: (pass: Pass, sent: boolean, tokens: Spent | null) => void
  #over = false

  constructor(
    parts: Pick<Pass, 'gate' | 'lane' | 'counted' | 'share' | 'entrant' | 'at'>,
    back: (pass: Pass, sent: boolean, tokens: Spent | null) => void,
  ) {
    this.gate = parts.gate
    this.lane = parts.lane
    this.counted = parts.counted
    this.share = parts.share
    this.entrant = parts.entrant
    this.at = parts.at
    this.#back = back
  }

  /** What the call is made with; null: with what the backend has. */
  get key(): BackendKey | null {
    return this.lane.key
  }

  /** The call ended. Null: nobody knows what it took, so it counts as was expected. */
  done(tokens: Spent | null): void {
    if (this.#over) return
    this.#over = true
    this.#back(this, true, tokens)
  }

  /** Nothing was sent: it counts nowhere. */
  unused(): void {
    if (this.#over) return
    this.#over = true
    this.#back(this, false, null)
  }
}

/** Tokens of one call. */
export interface Spent {
  readonly input: number
  readonly output: number
}
