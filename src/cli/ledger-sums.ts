/** What `turnout ledger --sum` prints: a line for each group. */
import { briefAmount } from '../core/amount.ts'
import { didYouMean } from '../core/did-you-mean.ts'
import { nanoUsdOf, usdText } from '../core/money.ts'
import { TOKEN_KINDS, TOKENS } from '../core/tokens.ts'
import { GROUP_FIELDS, type Group, type GroupField, isGroupField } from '../ledger/groups.ts'
import { plain } from '../observe/explain/figures.ts'
import { type Headline, headlineOf } from '../observe/headline/headline.ts'
import { dollars, percent } from '../observe/headline/headline-text.ts'
import { addSums, newSums, type Sums } from '../observe/headline/sums.ts'
import { UsageError } from './command.ts'
import { fittedTable } from './fitted-table.ts'
import { csvLine } from './ledger-csv.ts'

/** `model,day` -> its fields. Throws a UsageError. */
export function groupFieldsOf(text: string): readonly GroupField[] {
  const names = text.split(',').map((name) => name.trim())
  const all = Object.keys(GROUP_FIELDS)
  const fields = names.filter(isGroupField)
  const wrong = names.find((name) => !isGroupField(name))
  if (wrong !== undefined) throw new UsageError(`--sum: there is no field "${wrong}"${didYouMean(wrong, all, '"')}`)
  if (new Set(fields).size < fields.length) throw new UsageError('--sum: a field is named twice')
  return fields
}

export type SumFormat = 'table' | 'csv' | 'jsonl'

export const sumsText = (fields: readonly GroupField[], groups: readonly Group[], format: SumFormat): string =>
  ({ table: tableOf, csv: csvOf, jsonl: jsonOf })[format](fields, groups)

const tokensOf = ({ tokens }: Sums): Readonly<Record<string, number>> =>
  Object.fromEntries(TOKEN_KINDS.map((kind) => [TOKENS[kind].name, tokens[kind]]))

const jsonOf = (fields: readonly GroupField[], groups: readonly Group[]): string =>
  groups
    .map(({ values, sums }) => {
      const { requests, successes, cost_usd, unpriced_requests, waste_tokens } = headlineOf(sums)
      const named = Object.fromEntries(fields.map((field, at) => [field, values[at]]))
      const tokens = tokensOf(sums)
      const waste_by_reason = Object.fromEntries(sums.waste)
      return `${JSON.stringify({ ...named, requests, successes, tokens, cost_usd, unpriced_requests, waste_tokens, waste_by_reason })}\n`
    })
    .join('')

function csvOf(fields: readonly GroupField[], groups: readonly Group[]): string {
  const tokens = TOKEN_KINDS.map((kind) => `tokens_${TOKENS[kind].name}`)
  return [
    csvLine([...fields, 'requests', 'successes', ...tokens, 'cost_usd', 'unpriced_requests', 'waste_tokens']),
    ...groups.map(({ values, sums }) => {
      const { requests, successes, cost_usd, unpriced_requests, waste_tokens } = headlineOf(sums)
      const kinds = TOKEN_KINDS.map((kind) => sums.tokens[kind])
      const cost = usdText(nanoUsdOf(cost_usd))
      return csvLine([...values, requests, successes, ...kinds, cost, unpriced_requests, waste_tokens])
    }),
  ].join('')
}

interface Figure {
  readonly head: string
  readonly of: (sums: Sums, headline: Headline) => string
  /** Left out where several names need its place. */
  readonly dispensable?: true
}

const FIGURES: readonly Figure[] = [
  { head: 'useful', of: (_, { requests, successes }) => `${briefAmount(successes)}/${briefAmount(requests)}` },
  { head: 'input', of: ({ tokens }) => briefAmount(tokens.input) },
  { head: 'cached', of: ({ tokens }) => briefAmount(tokens.cachedInput), dispensable: true },
  { head: 'output', of: ({ tokens }) => briefAmount(tokens.output) },
  { head: 'reasoning', of: ({ tokens }) => briefAmount(tokens.reasoning), dispensable: true },
  {
    head: 'cost',
    of: (_, { cost_usd, unpriced_requests }) => `${dollars(cost_usd)}${unpriced_requests > 0 ? '+' : ' '}`,
  },
  { head: 'waste', of: (_, { waste_ratio }) => percent(waste_ratio) },
]

function tableOf(fields: readonly GroupField[], groups: readonly Group[]): string {
  if (groups.length === 0) return 'no rows\n'
  const figures = FIGURES.filter(({ dispensable }) => fields.length < 2 || dispensable !== true)
  const total = newSums()
  for (const { sums } of groups) addSums(total, sums)
  const names = groups.map(({ values }) => values.map((value) => (value === null ? '-' : plain(String(value)))))
  const lines = groups.map(({ sums }) => figuresOf(sums, figures))
  if (groups.length > 1) {
    names.push(fields.map((_, at) => (at === 0 ? 'all' : '')))
    lines.push(figuresOf(total, figures))
  }
  const widths = figures.map(({ head }, at) => Math.max(head.length, ...lines.map((line) => line[at]!.length)))
  const right = (cells: readonly string[]): string[] => cells.map((cell, at) => cell.padStart(widths[at]!))
  const unpriced = total.unpriced === 0 ? '' : '+ without requests of unknown price\n'
  const rows = lines.map((line, at) => [...names[at]!, ...right(line)])
  return fittedTable([...fields, ...right(figures.map(({ head }) => head))], rows, fields.length) + unpriced
}

function figuresOf(sums: Sums, figures: readonly Figure[]): string[] {
  const headline = headlineOf(sums)
  return figures.map(({ of }) => of(sums, headline))
}
