/** The decision about a request that is over, from the ledger. */
import { DamageCount } from '../ledger/damage.ts'
import { entriesOf } from '../ledger/read.ts'
import type { LedgerRow } from '../ledger/row.ts'
import { isDecision, type ShownDecision } from '../observe/explain/shape.ts'
import { Refused } from './refused.ts'
import type { Io } from './io.ts'
import { damageWords } from './ledger-damage.ts'
import { ledgerFault } from './ledger-fault.ts'
import { folderOf } from './ledger.ts'

/** The newest row, or that of an id. */
export type Past = 'last' | { readonly id: string }

const HOUR_MS = 3_600_000
/** Most people ask about what has just happened: the whole ledger may be of months. */
const LOOKS_MS = [HOUR_MS, 24 * HOUR_MS, Infinity]

/** Throws a Refused where there is none, and a ConfigError. */
export async function decisionInLedger(past: Past, config: string | undefined, io: Io): Promise<ShownDecision> {
  const folder = await folderOf(config, io)
  if (folder === null)
    throw new Refused('no requests are kept: add `store: { ledger: ./data/ledger }` to the configuration')
  const now = Date.now()
  for (const back of LOOKS_MS) {
    const row = await rowOf(folder, past, now - back, io)
    if (row === null) continue
    if (isDecision(row.decision)) return row.decision
    throw new Refused(`request ${row.request_id}: it was not decided, or its decision was left out of the ledger`)
  }
  throw new Refused(`no request ${past === 'last' ? 'yet' : `"${past.id}"`} in ${folder}`)
}

/** The last that fits: callers may choose ids, so several may have the same. */
async function rowOf(folder: string, past: Past, since: number, io: Io): Promise<LedgerRow | null> {
  const damage = new DamageCount()
  let found: LedgerRow | null = null
  const query = { kind: 'request', decisions: true, since, onDamage: damage.add } as const
  try {
    for await (const { row } of entriesOf(folder, query)) if (past === 'last' || row.request_id === past.id) found = row
  } catch (thrown) {
    throw ledgerFault(thrown)
  }
  for (const words of damageWords(damage)) io.stderr.write(`turnout explain: ${words}\n`)
  return found
}
