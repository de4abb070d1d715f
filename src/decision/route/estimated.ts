import type { LoadView } from '../../core/load.ts'
import type { Target } from '../../core/types.ts'
import type { Rota } from './rota.ts'

/** What stands in the rows of a decision, and how busy who is asked is; `load` null: as it is at the moment. */
export interface Estimated {
  readonly targets: readonly Target[]
  /** Rows that are estimated: the places of their targets. */
  readonly live: readonly number[]
  /** By row: the share of the prompt that is taken to be kept there. */
  readonly held: ArrayLike<number>
  /** Who are replicas of each other; null: nobody is. */
  readonly rota: Rota | null
  /** By row: its seat in the rota. */
  readonly seats: ArrayLike<number>
  readonly load: LoadView | null
  /** Clock reading, ms. */
  readonly now: number
}
