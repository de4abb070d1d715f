import type { Registry } from '../metrics/registry.ts'

/** What the ledger says of itself. */
export interface LedgerReading {
  /** Not on disk yet. */
  readonly pendingRows: number
  readonly writtenRows: number
  /** Dropped because the disk could not be written for too long. */
  readonly lostRows: number
  /** Found at the start. */
  readonly damagedLines: number
  /** The last write went through. */
  readonly up: boolean
}

/** Null where no ledger is kept. */
export function ledgerMetrics(families: Registry, ledger: (() => LedgerReading) | null): void {
  const of =
    (value: (reading: LedgerReading) => number) =>
    (read: (value: number) => void): void => {
      if (ledger !== null) read(value(ledger()))
    }
  families.gauge(
    'ledger_pending_rows',
    'Rows that are not on disk yet.',
    [],
    of(({ pendingRows }) => pendingRows),
  )
  families.countOf(
    'ledger_rows_total',
    'Rows written to the ledger.',
    [],
    of(({ writtenRows }) => writtenRows),
  )
  families.countOf(
    'ledger_lost_rows_total',
    'Rows dropped because the ledger could not be written.',
    [],
    of(({ lostRows }) => lostRows),
  )
  families.gauge(
    'ledger_damaged_lines',
    'Lines that could not be read when the ledger was read at the start; no count includes them.',
    [],
    of(({ damagedLines }) => damagedLines),
  )
  families.gauge(
    'ledger_up',
    '1 if the ledger can be written.',
    [],
    of(({ up }) => (up ? 1 : 0)),
  )
}
