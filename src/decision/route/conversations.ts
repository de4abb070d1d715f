/** Where conversations were answered last: a bounded table, the oldest go first. */
import { BoundedMap } from '../../core/bounded-map.ts'

export interface Remembered {
  /** `backend/model` */
  readonly deployment: string
  readonly model: string
  /** Clock reading, ms. */
  readonly at: number
}

const MOST = 20_000
/** After a pause the model may be another one. */
const KEPT_MS = 10 * 60_000

export class Conversations {
  readonly #last = new BoundedMap<string, Remembered>(MOST)

  /** Null where it is not known, or too long ago; `ever`: however long ago. */
  recall(key: string | null, now: number, ever = false): Remembered | null {
    if (key === null) return null
    const found = this.#last.get(key)
    return found === undefined || (!ever && now - found.at > KEPT_MS) ? null : found
  }

  remember(key: string, place: Remembered): void {
    this.#last.renew(key, place)
  }
}
