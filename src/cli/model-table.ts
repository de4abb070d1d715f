/** Models as people compare them: context, prices, expected success and what each can do. What is not known is `?`. Pure. */
import { briefAmount } from '../core/amount.ts'
import { isTold } from '../core/backend-state.ts'
import type { Capability } from '../core/capabilities.ts'
import type { ShownDeployment } from '../http/shown-deployment.ts'
import { figure, plain, shownShare, UNKNOWN } from '../observe/explain/figures.ts'
import { wrapped } from '../core/wrapped.ts'

interface Column {
  readonly head: string
  readonly unit: string
  readonly cell: (one: ShownDeployment) => string
  /** Where it says something; absent: always. */
  readonly only?: (all: readonly ShownDeployment[]) => boolean
}

const COLUMNS: readonly Column[] = [
  {
    head: 'context',
    unit: 'tokens',
    cell: ({ context_tokens: tokens }) => (tokens === null ? UNKNOWN : briefAmount(tokens)),
  },
  {
    head: 'loaded',
    unit: '',
    cell: ({ loaded }) => (loaded === null ? UNKNOWN : loaded ? 'yes' : 'no'),
    only: (all) => all.some(({ loaded }) => loaded !== true),
  },
  { head: 'in', unit: 'USD/M', cell: ({ price }) => figure(price?.input_per_mtok_usd) },
  { head: 'out', unit: 'USD/M', cell: ({ price }) => figure(price?.output_per_mtok_usd) },
  {
    head: 'success',
    unit: '0..1',
    cell: ({ expected }) => `${shownShare(expected.success)}±${shownShare(expected.success_sd)}`,
  },
]

/** By which models are chosen; the others are in --json. */
const SHOWN: readonly Capability[] = ['tools', 'vision', 'audio', 'json_schema', 'reasoning', 'embeddings', 'rerank']

const GAP = 2
/** What a model can do has so much room at least. */
const ROOM = 16

/** `width`: columns of a line. A name that is too long for its column gets a line of its own. */
export function modelTable(all: readonly ShownDeployment[], width: number): string {
  const columns = COLUMNS.filter(({ only }) => only?.(all) ?? true)
  const rows = all.map((one) => ({
    name: plain(one.id),
    cells: columns.map(({ cell }) => cell(one)),
    can: canText(one),
  }))
  const widths = columns.map(({ head, unit }, index) =>
    Math.max(head.length, unit.length, ...rows.map(({ cells }) => cells[index]!.length)),
  )
  const fixed = widths.reduce((sum, one) => sum + GAP + one, GAP)
  const names = ['model', ...rows.map(({ name }) => name)]
  const own = Math.max(...names.map(({ length }) => length).filter((length) => length <= width - fixed - ROOM))
  const line = (name: string, cells: readonly string[], can: string): string => {
    const first = [name.padEnd(own), ...cells.map((cell, index) => cell.padStart(widths[index]!))].join(' '.repeat(GAP))
    const [head = '', ...more] = wrapped(can, width - own - fixed)
      .trimEnd()
      .split('\n')
    const lines = [`${first}${' '.repeat(GAP)}${head}`, ...more.map((text) => ' '.repeat(own + fixed) + text)]
    return lines.map((one) => `${one.trimEnd()}\n`).join('')
  }
  const heads = [
    line(
      'model',
      columns.map(({ head }) => head),
      'can',
    ),
    line(
      '',
      columns.map(({ unit }) => unit),
      '',
    ),
  ]
  const lines = rows.map(({ name, cells, can }) =>
    name.length <= own ? line(name, cells, can) : `${name}\n${line('', cells, can)}`,
  )
  return [...heads, ...lines, ...troubles(all, width)].join('')
}

/** A line for each backend that cannot be asked now. */
function troubles(all: readonly ShownDeployment[], width: number): string[] {
  const texts = all.flatMap(({ backend, state, reason }) =>
    !isTold(state) ? [] : [`${plain(backend)} is ${state}${reason === null ? '' : `: ${plain(reason)}`}`],
  )
  return [...new Set(texts)].map((text, index) => `${index === 0 ? '\n' : ''}${wrapped(text, width)}`)
}

const canText = ({ capabilities }: ShownDeployment): string =>
  SHOWN.filter((one) => capabilities[one] === true).join(' ') || '-'
