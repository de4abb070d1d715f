/** The candidates that could be asked, the best first, in columns with their units. Pure. */
import {
  type ColumnRule,
  type ExpectedField,
  RECORDED,
  type ShownEstimate,
  type TermName,
  TERM_NAMES,
  TERMS,
} from '../../core/terms.ts'
import { figure, numberOf, plain, seconds, shownShare, whole } from './figures.ts'
import { type ShownDecision, type ShownCandidate, WIDTH } from './shape.ts'

/** Best utility first; those without one in the order in which they would be asked. */
export function ranked({ candidates, order }: ShownDecision): ShownCandidate[] {
  const place = ({ backend, model }: ShownCandidate): number => {
    const at = order.indexOf(`${backend}/${model}`)
    return at < 0 ? order.length : at
  }
  const utility = (one: ShownCandidate): number => numberOf(one.utility) ?? -Infinity
  return candidates
    .filter(({ dropped }) => dropped === null)
    .sort((a, b) => (utility(a) === utility(b) ? place(a) - place(b) : utility(b) - utility(a)))
}

interface Column {
  readonly head: string
  readonly unit: string
  readonly cell: (one: ShownCandidate) => string
}

/** The lines of the table. A name that is too long for its column gets a line of its own. */
export function candidateTable(able: readonly ShownCandidate[]): string[] {
  const columns = columnsFor(able)
  const names = able.map(({ backend, model }) => `${plain(backend)}/${plain(model)}`)
  const rows = [
    columns.map(({ head }) => head),
    columns.map(({ unit }) => unit),
    ...able.map((one) => columns.map(({ cell }) => cell(one))),
  ]
  const widths = columns.map((_, index) => Math.max(...rows.map((row) => row[index]!.length)))
  const { gap, width } = spacing(['candidate', ...names], widths)
  const line = (name: string, row: readonly string[]): string => {
    const cells = row.map((cell, index) => (index === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[index]!)))
    return [name.padEnd(width), ...cells].join(gap).trimEnd()
  }
  return rows.flatMap((row, index) => {
    const name = ['candidate', '', ...names][index]!
    return name.length <= width ? [line(name, row)] : [...broken(name), line('', row)]
  })
}

/** The names as wide as they are where they fit, else the columns closer together, else the widest name that fits. */
function spacing(
  names: readonly string[],
  widths: readonly number[],
): { readonly gap: string; readonly width: number } {
  const room = (gap: string): number => WIDTH - widths.reduce((sum, width) => sum + gap.length + width, 0)
  const longest = Math.max(...names.map((name) => name.length))
  const gap = longest <= room('  ') ? '  ' : ' '
  return { gap, width: Math.max(...names.map(({ length }) => length).filter((length) => length <= room(gap)), 0) }
}

const broken = (name: string): readonly string[] =>
  (name.match(new RegExp(`[^]{1,${WIDTH}}`, 'g')) ?? []).map((piece) => piece.trimEnd())

function columnsFor(able: readonly ShownCandidate[]): readonly Column[] {
  const estimates = RECORDED.flatMap(({ field, shown, terms }) =>
    shown !== null && hasEstimate(able, field, shown, terms) ? [{ field, shown }] : [],
  )
  const ofEstimates = (first: boolean): readonly Column[] =>
    estimates.flatMap(({ field, shown }) => (shown.first === first ? [estimateColumn(able, field, shown)] : []))
  const terms = TERM_NAMES.filter((name) => hasTerm(able, name))
  return [
    { head: 'effort', unit: '', cell: ({ effort }) => (effort === null ? '-' : plain(effort)) },
    ...ofEstimates(true),
    ...ofEstimates(false),
    ...terms.map((name): Column => ({
      head: TERMS[name].heading,
      unit: 'term',
      cell: ({ terms }) => shownShare(terms[name], true),
    })),
    { head: 'utility', unit: 'sum', cell: ({ utility }) => shownShare(utility, true) },
  ]
}

/** `terms`: those that weigh the estimate. */
export const hasEstimate = (
  able: readonly ShownCandidate[],
  field: ExpectedField,
  { column }: ShownEstimate,
  terms: readonly TermName[],
): boolean =>
  isThere(able, column, ({ expected }) => expected[field]) &&
  (column !== 'weighed' || terms.some((name) => able.some(({ terms }) => (numberOf(terms[name]) ?? 0) !== 0)))

const hasTerm = (able: readonly ShownCandidate[], name: TermName): boolean =>
  isThere(able, TERMS[name].column, ({ terms }) => terms[name])

/** A record of another version may not have it at all. */
const isThere = (able: readonly ShownCandidate[], column: ColumnRule, of: (one: ShownCandidate) => unknown): boolean =>
  able.some((one) => (column === 'always' ? of(one) !== undefined : (numberOf(of(one)) ?? 0) !== 0))

function estimateColumn(able: readonly ShownCandidate[], field: ExpectedField, shown: ShownEstimate): Column {
  const { heading: head, unit, as, spread } = shown
  if (as === 'usd') return usdColumn(able, field, shown)
  return {
    head,
    unit,
    cell: ({ expected }) => {
      const deviation = spread === null ? null : numberOf(expected[spread])
      return `${FIGURES[as](expected[field])}${deviation === null ? '' : `±${FIGURES[as](deviation)}`}`
    },
  }
}

const FIGURES: Readonly<Record<Exclude<ShownEstimate['as'], 'usd'>, (value: unknown) => string>> = {
  tokens: whole,
  seconds,
  share: (value) => shownShare(value),
  figure,
}

/** Costs of all candidates in one unit: of a thousand requests where those of one have too many zeros. */
const CHEAP_USD = 0.001

function usdColumn(able: readonly ShownCandidate[], field: ExpectedField, { heading, unit }: ShownEstimate): Column {
  const costs = able.flatMap(({ expected }) => numberOf(expected[field]) ?? [])
  const tiny = costs.length > 0 && Math.max(...costs) < CHEAP_USD
  return {
    head: heading,
    unit: tiny ? `${unit}/1k` : unit,
    cell: ({ expected }) => {
      const usd = numberOf(expected[field])
      return figure(usd === null ? null : tiny ? usd * 1000 : usd)
    },
  }
}
