import type { LedgerEvent } from '../../src/core/events.ts'
import { type Ledger as LedgerClass, Ledger, type LedgerTools } from '../../src/ledger/ledger.ts'
import type { LedgerQuery } from '../../src/ledger/query.ts'
import { entriesOf } from '../../src/ledger/read.ts'
import type { LedgerRow } from '../../src/ledger/row.ts'
import type { LedgerSpec } from '../../src/core/settings.ts'

export interface Opened {
  readonly ledger: LedgerClass
  readonly told: LedgerEvent[]
}

/** A ledger in `folder`, and what it has said. */
export async function opened(
  folder: string,
  spec: Partial<LedgerSpec> = {},
  tools: Partial<LedgerTools> = {},
): Promise<Opened> {
  const told: LedgerEvent[] = []
  const ledger = await Ledger.open(
    { folder, keepMs: null, maxBytes: null, ...spec },
    { emit: (event) => told.push(event), ...tools },
  )
  return { ledger, told }
}

export async function rowsIn(folder: string, reading: LedgerQuery = {}): Promise<LedgerRow[]> {
  const rows: LedgerRow[] = []
  for await (const { row } of entriesOf(folder, reading)) rows.push(row)
  return rows
}

export const idsOf = (rows: readonly LedgerRow[]): string[] =>
  rows.filter(({ kind }) => kind === 'request').map((row) => row.request_id)
