/** Figures as text for a terminal. */
import type { Figures } from './figures.ts'
import type { ScenarioName } from './scenarios.ts'

type Row = readonly string[]
type Column = readonly [title: string, read: (figures: Figures) => string]

/** Of what was not measured. */
const NOTHING = '-'

const number = (value: number): string => {
  if (!Number.isFinite(value)) return NOTHING
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en-US')
  return value.toFixed(Math.abs(value) >= 10 ? 1 : 2)
}
const times = (ratio: number | null | undefined): string =>
  ratio === null || ratio === undefined || !Number.isFinite(ratio) ? NOTHING : `${ratio.toFixed(2)}x`
const percent = (share: number | undefined): string => (share === undefined ? NOTHING : `${Math.round(share * 100)}%`)

const cpu = (title: string, name: ScenarioName): [Column, Column] => [
  [title, ({ cpuMicros }) => number(cpuMicros[name]?.median ?? Number.NaN)],
  [title, ({ cpuMicros }) => times(cpuMicros[name]?.ratio)],
]
const added = (title: string, name: ScenarioName): [Column, Column] => [
  [
    title,
    ({ addedMs: { [name]: one } }) => (one === undefined ? NOTHING : `${one.p50.toFixed(2)} / ${one.p99.toFixed(2)}`),
  ],
  [
    title,
    ({ addedMs: { [name]: one } }) => (one === undefined ? NOTHING : `${times(one.p50Ratio)} / ${times(one.p99Ratio)}`),
  ],
]
const load = (name: ScenarioName): Column => [
  name,
  ({ perSecond, busy }) =>
    perSecond[name] === undefined
      ? NOTHING
      : `${number(perSecond[name].median)}  ${percent(busy[name]?.proxy)} ${percent(busy[name]?.rest)}`,
]

const COSTS: readonly (readonly [Column, Column])[] = [
  cpu('us/req 1kB', 'chat'),
  cpu('us/req 1000/s', 'poisson'),
  [
    [
      'kB garbage/req: all / heap',
      ({ garbageKb: one }) => (one === null ? NOTHING : `${number(one.all.median)} / ${number(one.heap.median)}`),
    ],
    [
      'kB garbage/req: all / heap',
      ({ garbageKb: one }) => (one === null ? NOTHING : `${times(one.all.ratio)} / ${times(one.heap.ratio)}`),
    ],
  ],
  cpu('us/req 400kB', 'prompt'),
  cpu('us/chunk 20str', 'paced20'),
  cpu('us/chunk 200str', 'paced200'),
  cpu('us/chunk nodelay', 'unpaced'),
  added('added ms 1000/s', 'poisson'),
  added('added TTFT ms', 'ttft'),
  [
    [
      'MB idle / 500',
      ({ memoryMb: one }) => (one === null ? NOTHING : `${number(one.idle.median)} / ${number(one.peak.median)}`),
    ],
    [
      'MB idle / 500',
      ({ memoryMb: one }) => (one === null ? NOTHING : `${times(one.idle.ratio)} / ${times(one.peak.ratio)}`),
    ],
  ],
]
const LOADS: readonly Column[] = (['chat', 'poisson', 'prompt', 'paced20', 'paced200', 'unpaced', 'ttft'] as const).map(
  load,
)

export function layout(rows: readonly Row[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows
    .map((row) => row.map((cell, at) => (at === 0 ? cell.padEnd(widths[at]!) : cell.padStart(widths[at]!))).join('  '))
    .join('\n')
}

function table(corner: string, columns: readonly Column[], all: ReadonlyMap<string, Figures>): string {
  const measured = columns.filter(([, read]) => [...all.values()].some((figures) => /\d/.test(read(figures))))
  if (measured.length === 0) return ''
  const rows: Row[] = [[corner, ...measured.map(([title]) => title)]]
  for (const [name, figures] of all) rows.push([name, ...measured.map(([, read]) => read(figures))])
  return layout(rows)
}

/** Three tables: figures, their ratios to the empty Fastify proxy, and how busy the two cores were. */
export function report(all: ReadonlyMap<string, Figures>): string {
  const proxies = new Map([...all].filter(([name]) => name !== 'direct'))
  const tables = [
    table(
      '',
      COSTS.map(([figure]) => figure),
      proxies,
    ),
    table(
      'as a multiple of the empty Fastify proxy',
      COSTS.map(([, ratio]) => ratio),
      proxies,
    ),
    table('units/s, proxy busy, load side busy', LOADS, all),
  ].filter((text) => text !== '')
  return `CPU is user + system time of the proxy; added times are p50 / p99 over those without a proxy\n\n${tables.join('\n\n')}\n`
}
