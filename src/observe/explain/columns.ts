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
import type { ShownDecision, ShownCandidate } from './shape.ts'

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

/**
 * The lines of the table: what is expected, and what the terms make of it, one below the other where they do not fit side by side. A
 * name that is too long for its column gets a line of its own.
 */
export function candidateTable(able: readonly ShownCandidate[], width: number): string[] {
  const [expected, scored] = [estimatesOf(able), termsOf(able)]
  const whole = tableOf(able, [EFFORT, ...expected, ...scored], width)
  if (whole.namesFit) return whole.lines
  const [first, second] = [expected, scored].map((columns) => tableOf(able, [EFFORT, ...columns], width).lines)
  return [...(first ?? []), '', ...(second ?? [])]
}

function tableOf(
  able: readonly ShownCandidate[],
  columns: readonly Column[],
  width: number,
): { readonly lines: string[]; readonly namesFit: boolean } {
  const names = able.map(({ backend, model }) => `${plain(backend)}/${plain(model)}`)
  const rows = [
    columns.map(({ head }) => head),
    columns.map(({ unit }) => unit),
    ...able.map((one) => columns.map(({ cell }) => cell(one))),
  ]
  const widths = columns.map((_, index) => Math.max(...rows.map((row) => row[index]!.length)))
  const lengths = ['candidate', ...names].map(({ length }) => length)
  const room = (gap: string): number => width - widths.reduce((sum, one) => sum + gap.length + one, 0)
  // The names as wide as they are where they fit, else the columns closer together.
  const gap = Math.max(...lengths) <= room('  ') ? '  ' : ' '
  const own = Math.max(...lengths.filter((length) => length <= room(gap)), 0)
  const line = (name: string, row: readonly string[]): string => {
    const cells = row.map((cell, index) => (index === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[index]!)))
    return [name.padEnd(own), ...cells].join(gap).trimEnd()
  }
  const lines = rows.flatMap((row, index) => {
    const name = ['candidate', '', ...names][index]!
    return name.length <= own ? [line(name, row)] : [...broken(name, width), line('', row)]
  })
  return { lines, namesFit: own === Math.max(...lengths) }
}

const broken = (name: string, width: number): readonly string[] =>
  (name.match(new RegExp(`[^]{1,${width}}`, 'g')) ?? []).map((piece) => piece.trimEnd())

const EFFORT: Column = { head: 'effort', unit: '', cell: ({ effort }) => (effort === null ? '-' : plain(effort)) }

function estimatesOf(able: readonly ShownCandidate[]): readonly Column[] {
  const estimates = RECORDED.flatMap(({ field, shown, terms }) =>
    shown !== null && hasEstimate(able, field, shown, terms) ? [{ field, shown }] : [],
  )
  const those = (first: boolean): readonly Column[] =>
    estimates.flatMap(({ field, shown }) => (shown.first === first ? [estimateColumn(able, field, shown)] : []))
  return [...those(true), ...those(false)]
}

const termsOf = (able: readonly ShownCandidate[]): readonly Column[] => [
  ...TERM_NAMES.filter((name) => hasTerm(able, name)).map((name): Column => ({
    head: TERMS[name].heading,
    unit: 'term',
    cell: ({ terms }) => shownShare(terms[name], true),
  })),
  { head: 'utility', unit: 'sum', cell: ({ utility }) => shownShare(utility, true) },
]

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
