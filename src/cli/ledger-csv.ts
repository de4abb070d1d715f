/** Rows of the ledger as CSV (RFC 4180): the columns are always the same, new ones are added at the end. */
import { TOKEN_NAMES, type TokenName } from '../core/tokens.ts'
import { nanoUsdOf, usdText } from '../core/money.ts'
import type { LedgerRow } from '../ledger/row.ts'

type Cell = string | number | boolean | null | undefined

type Column = readonly [name: string, of: (row: LedgerRow) => Cell]

const tokensOf = (name: TokenName): Column => [
  `tokens_${name}`,
  ({ tokens }) => (tokens === null ? null : (tokens[name] ?? 0)),
]
/** Kinds that had a column before others were added behind all of them. */
const FIRST_TOKENS: readonly TokenName[] = [
  'input',
  'cached_input',
  'cache_write',
  'output',
  'reasoning',
  'audio_input',
  'audio_output',
  'image_input',
]

const featuresOf = (trials: LedgerRow['trials']): string => (trials ?? []).map(({ feature }) => feature).join(' ')

const COLUMNS: readonly Column[] = [
  ['kind', (row) => row.kind],
  ['seq', (row) => row.seq],
  ['writer', (row) => row.writer],
  ['at', (row) => row.at],
  ['request_id', (row) => row.request_id],
  ['attempt', (row) => row.attempt],
  ['attempts', (row) => row.attempts],
  ['key', (row) => row.key],
  ['team', (row) => row.team],
  ['user', (row) => row.user],
  ['session', (row) => row.session],
  ['agent', (row) => row.agent],
  ['route', (row) => row.route],
  ['endpoint', (row) => row.endpoint],
  ['requested_model', (row) => row.requested_model],
  ['stream', (row) => row.stream],
  ['backend', (row) => row.backend],
  ['model', (row) => row.model],
  ['effort', (row) => row.effort],
  ['status', (row) => row.status],
  ['error', (row) => row.error],
  ['finish', (row) => row.finish],
  ['success', (row) => row.success],
  ['why', (row) => row.why],
  ...FIRST_TOKENS.map(tokensOf),
  ['tokens_estimated', (row) => row.tokens_estimated],
  ['cost_usd', (row) => (typeof row.cost_usd === 'number' ? usdText(nanoUsdOf(row.cost_usd)) : null)],
  ['cost_partial', (row) => row.cost_partial],
  ['cost_source', (row) => row.cost_source],
  ['waste_reason', (row) => row.waste?.reason],
  ['waste_tokens', (row) => row.waste?.tokens],
  ['ttft_ms', (row) => row.ttft_ms],
  ['total_ms', (row) => row.total_ms],
  ['overhead_ms', (row) => row.overhead_ms],
  ['labels', (row) => JSON.stringify(row.labels)],
  ['cost_estimated', (row) => row.cost_estimated],
  ['waste_by_reason', (row) => (row.waste_by_reason === undefined ? null : JSON.stringify(row.waste_by_reason))],
  ['max_tokens', (row) => row.max_tokens],
  ['queue_ms', (row) => row.queue_ms],
  ...TOKEN_NAMES.filter((name) => !FIRST_TOKENS.includes(name)).map(tokensOf),
  ['measured', ({ trials }) => featuresOf(trials)],
  ['control', ({ trials }) => featuresOf(trials?.filter(({ control }) => control))],
  ['conversation', (row) => row.conversation],
]

/** With its line end. */
export const CSV_HEADER = csvLine(COLUMNS.map(([name]) => name))

/** With its line end. */
export const csvOf = (row: LedgerRow): string => csvLine(COLUMNS.map(([, of]) => of(row)))

/** With its line end. */
export function csvLine(cells: readonly Cell[]): string {
  return `${cells.map(cell).join(',')}\r\n`
}

function cell(value: Cell): string {
  if (value === null || value === undefined) return ''
  if (typeof value !== 'string') return String(value)
  // A spreadsheet takes such a text for a formula and runs it; callers choose names of sessions, agents and models.
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
