/** What an order is made of: the candidates of one decision as rows of numbers. */
import type { Room } from '../../core/arm.ts'
import type { LoadView } from '../../core/load.ts'
import type { Effort } from '../../core/capabilities.ts'
import { COLUMN, COLUMNS } from '../../core/terms.ts'
import type { Rota } from './rota.ts'

/** What ranking looks at besides the numbers; candidates of one deployment share the object. */
export interface Ranked {
  readonly effort: Effort | null
  readonly deployment: {
    readonly id: string
    readonly backend: { readonly weight: number }
    readonly live: { readonly load: Pick<LoadView, 'open' | 'foreign'> }
    readonly health: { readonly calls: number }
    readonly latency: { readonly room: Room; readonly pace: number; readonly lag: number }
  }
}

/** What is known of the candidates, by row. */
export interface Field {
  readonly candidates: readonly Ranked[]
  /** Rows that no filter took out. */
  readonly live: readonly number[]
  readonly rows: Float64Array
  /** 0 = nothing is known against it; the higher, the later it is asked. */
  readonly troubles: ArrayLike<number>
  /** Whose turn it is; null: nothing is known of that. */
  readonly rota: Rota | null
  /** By row: its seat in the rota. */
  readonly seats: ArrayLike<number>
  /** Names the conversation or session; null = the request stands alone. */
  readonly key: string | null
}

/** The last word between equals: the one that was called least so far, the better one, and else what no order of listing changes. */
export function lastWord({ candidates, rows }: Field, a: number, b: number): number {
  const one = candidates[a]!.deployment
  const other = candidates[b]!.deployment
  return (
    one.health.calls - other.health.calls ||
    rows[b * COLUMNS + COLUMN.utility]! - rows[a * COLUMNS + COLUMN.utility]! ||
    (one.id === other.id ? a - b : one.id < other.id ? -1 : 1)
  )
}
