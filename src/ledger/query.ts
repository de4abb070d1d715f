import type { Damage } from './damage.ts'
import type { RowKind } from './row.ts'

/** Which rows of a ledger are read. */
export interface LedgerQuery {
  /** Rows of requests that ended from then on, and before then: epoch ms. */
  readonly since?: number
  readonly until?: number
  readonly kind?: RowKind
  /**
   * Only rows with higher numbers: those that came after a snapshot that holds `seq` of the ledger. Right for a folder
   * that one gateway at a time writes to, over any number of restarts. `since` beside it saves the reading of old segments.
   */
  readonly afterSeq?: number
  /** With their decisions: most of the bytes of a ledger. */
  readonly decisions?: boolean
  /** Called with whatever is left out because it cannot be read. */
  readonly onDamage?: (damage: Damage) => void
}
