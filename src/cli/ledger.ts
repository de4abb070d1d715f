/** `turnout ledger`: rows of the ledger, also while the gateway runs. */
import { resolve } from 'node:path'
import { defaultStore } from '../config/load.ts'
import { needKnown } from '../config/view.ts'
import { DamageCount } from '../ledger/damage.ts'
import type { LedgerQuery } from '../ledger/query.ts'
import { type GroupField, Groups } from '../ledger/groups.ts'
import { entriesOf } from '../ledger/read.ts'
import type { LedgerEntry } from '../ledger/whole.ts'
import { type CallOf, UsageError } from './command.ts'
import type { Io } from './io.ts'
import { viewed } from './viewed.ts'
import { CSV_HEADER, csvOf } from './ledger-csv.ts'
import { damageWords } from './ledger-damage.ts'
import { ledgerFault } from './ledger-fault.ts'
import { groupFieldsOf, sumsText } from './ledger-sums.ts'
import { momentAt } from './moment.ts'
import type { LEDGER } from './rows/books.ts'
import { Outflow } from './outflow.ts'

type Asked = CallOf<typeof LEDGER>['flags']

/** Exit code 0: done, also where the reader left early, 1: there is no ledger, or it cannot be read, 2: wrong usage. */
export async function ledger({ flags: values }: CallOf<typeof LEDGER>, io: Io): Promise<number> {
  const reading = readingOf(values, Date.now())
  const fields = values.sum === undefined ? null : groupFieldsOf(values.sum)
  try {
    const folder = values.folder === undefined ? await folderOf(values.config, io) : resolve(io.cwd, values.folder)
    if (folder === null) {
      io.stderr.write('turnout ledger: no configuration names a folder in `store.ledger`; give --config or --folder\n')
      return 1
    }
    if (fields === null) await print(folder, values, reading, io)
    else await printSums(folder, values, fields, reading, io)
    return 0
  } catch (thrown) {
    throw ledgerFault(thrown, values.folder !== undefined)
  }
}

function readingOf({ since, until, kind, format, decisions, sum }: Asked, now: number): LedgerQuery {
  if (format === 'csv' && decisions) throw new UsageError('--decisions: CSV has no column for them; use --format jsonl')
  if (sum !== undefined && decisions)
    throw new UsageError('--decisions: nothing can be added up of them; leave out --sum')
  if (sum === undefined && format === 'table')
    throw new UsageError('--format table: rows have too many fields for one; add --sum')
  const [from, to] = [momentAt('--since', since, now), momentAt('--until', until, now)]
  if (from !== undefined && to !== undefined && from >= to) throw new UsageError('--since is not before --until')
  return {
    decisions,
    ...(from === undefined ? {} : { since: from }),
    ...(to === undefined ? {} : { until: to }),
    ...(kind === undefined && sum === undefined ? {} : { kind: kind ?? 'request' }),
  }
}

/** Null where none is kept. */
export async function folderOf(asked: string | undefined, io: Io): Promise<string | null> {
  const found = await viewed(asked, io)
  if (found === null) return defaultStore(io.env).ledger?.folder ?? null
  needKnown(found.config, found.file, 'store.ledger')
  return found.config.store.ledger?.folder ?? null
}

async function print(folder: string, values: Asked, reading: LedgerQuery, io: Io): Promise<void> {
  const csv = values.format === 'csv'
  const out = new Outflow(io.stdout)
  if (csv) await out.write(CSV_HEADER)
  const damage = new DamageCount()
  for await (const entry of entriesOf(folder, { ...reading, onDamage: damage.add })) {
    if (out.gone) return
    if (wanted(entry, values)) await out.write(csv ? csvOf(entry.row) : lineOf(entry))
  }
  await out.flush()
  for (const words of damageWords(damage)) io.stderr.write(`turnout ledger: ${words}\n`)
}

/** The numbers of a request are the sums of those of its attempts: rows of one kind are added up. */
async function printSums(
  folder: string,
  values: Asked,
  fields: readonly GroupField[],
  reading: LedgerQuery,
  io: Io,
): Promise<void> {
  const groups = new Groups(fields)
  const damage = new DamageCount()
  for await (const entry of entriesOf(folder, { ...reading, onDamage: damage.add }))
    if (wanted(entry, values)) groups.add(entry.row)
  const out = new Outflow(io.stdout)
  await out.write(sumsText(fields, groups.all(), values.format ?? 'table'))
  await out.flush()
  for (const words of damageWords(damage)) io.stderr.write(`turnout ledger: ${words}\n`)
}

const lineOf = ({ text }: LedgerEntry): string => `${text}\n`

/** To read a row takes longer than to print its text. */
const wanted = (entry: LedgerEntry, { route, key }: Asked): boolean =>
  (route === undefined || entry.row.route === route) && (key === undefined || entry.row.key === key)
