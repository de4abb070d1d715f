/** The candidates that could be asked, the best first, in columns with their units. Pure. */
import { figure, numberOf, plain, seconds, share, whole } from './figures.ts'
import { type Decision, type ShownCandidate, WIDTH } from './shape.ts'

/** Best utility first; those without one in the order in which they would be asked. */
export function ranked({ candidates, order }: Decision): ShownCandidate[] {
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

/** Costs of all candidates in one unit: of a thousand requests where those of one have too many zeros. */
const CHEAP_USD = 0.001

function columnsFor(able: readonly ShownCandidate[]): readonly Column[] {
  const costs = able.flatMap(({ expected }) => numberOf(expected.cost_usd) ?? [])
  const tiny = costs.length > 0 && Math.max(...costs) < CHEAP_USD
  const cost = ({ expected }: ShownCandidate): string => {
    const usd = numberOf(expected.cost_usd)
    return figure(usd === null ? null : tiny ? usd * 1000 : usd)
  }
  const some = (field: 'cached_tokens' | 'reasoning_tokens', head: string): readonly Column[] =>
    able.some(({ expected }) => (numberOf(expected[field]) ?? 0) > 0)
      ? [{ head, unit: 'tok', cell: ({ expected }) => whole(expected[field]) }]
      : []
  const term = (head: string, name: keyof ShownCandidate['terms']): Column => ({
    head,
    unit: 'term',
    cell: ({ terms }) => share(terms[name], true),
  })
  return [
    { head: 'effort', unit: '', cell: ({ effort }) => (effort === null ? '-' : plain(effort)) },
    { head: 'success', unit: '0..1', cell: success },
    { head: 'in', unit: 'tok', cell: ({ expected }) => whole(expected.input_tokens) },
    ...some('cached_tokens', 'cached'),
    { head: 'out', unit: 'tok', cell: ({ expected }) => whole(expected.output_tokens) },
    ...some('reasoning_tokens', 'think'),
    { head: 'cost', unit: tiny ? 'USD/1k' : 'USD', cell: cost },
    { head: 'TTFT', unit: 's', cell: ({ expected }) => seconds(expected.ttft_ms) },
    { head: 'total', unit: 's', cell: ({ expected }) => seconds(expected.total_ms) },
    term('qual.', 'quality'),
    term('cost', 'cost'),
    term('lat.', 'latency'),
    term('eff.', 'efficiency'),
    ...(able.some(({ terms }) => (numberOf(terms.affinity) ?? 0) > 0) ? [term('stay', 'affinity')] : []),
    { head: 'utility', unit: 'sum', cell: ({ utility }) => share(utility, true) },
  ]
}

/** With its standard deviation where that is told. */
function success({ expected }: ShownCandidate): string {
  const spread = numberOf(expected.success_sd)
  return `${share(expected.success)}${spread === null ? '' : `±${share(spread)}`}`
}
