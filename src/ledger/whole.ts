/** One request as it is read from a segment, of either kind. */
import type { Counted } from '../core/counted.ts'
import type { LedgerRow, RowKind } from './row.ts'

/** A row, and its text without a line end. */
export interface LedgerEntry {
  readonly seq: number
  readonly row: LedgerRow
  readonly text: string
}

export interface Whole {
  /** Of its first row. */
  readonly seq: number
  readonly writer: string
  /** When it had ended: epoch ms. */
  readonly at: number
  /** Its attempts, then itself; those of one kind where one is given. */
  entries(kind: RowKind | undefined): readonly LedgerEntry[]
  /** What is added up of it, and the number of its last row. */
  counted(): { readonly request: Counted; readonly seq: number }
}
