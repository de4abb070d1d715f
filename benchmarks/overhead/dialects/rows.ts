/** What a dialect costs: each caller's before each backend's, against the same request to a backend that speaks the caller's own. */
import { FORMAT_NAMES, type FormatName } from '../../../src/core/format-names.ts'
import type { Judged } from '../aims.ts'
import type { Bench, Entrant } from '../bench.ts'
import { modelIn } from '../configurations.ts'
import { percentile } from '../figures.ts'
import type { Name } from '../contenders.ts'
import type { Cell, Closed } from '../job.ts'
import type { Options } from '../options.ts'
import type { Ask } from '../payload.ts'
import { layout } from '../table.ts'
import { STREAM_CHUNKS } from './answers.ts'

/** What is asked, and what one unit of it is. `requests`: of each window. */
const KINDS = {
  small: { says: 'request of 1 kB', talk: 'small', stream: false, connections: 16, requests: 120, warmUp: 480 },
  agent: { says: "agent's request of 15 kB", talk: 'agent', stream: false, connections: 16, requests: 64, warmUp: 320 },
  chunk: { says: 'chunk of a stream', talk: 'small', stream: true, connections: 8, requests: 16, warmUp: 48 },
} as const
type Kind = keyof typeof KINDS
const kinds = Object.keys(KINDS) as Kind[]

const LIMIT_MS = 60_000
/** Windows of each row in one round of the benchmark: short ones, many of which nothing else disturbs. */
const TIMES = 6

interface Row {
  readonly of: Entrant
  readonly kind: Kind
  readonly caller: FormatName
  readonly backend: FormatName
  /** Window by window. */
  readonly cells: Cell[]
}

/** Figures of one row. */
export interface DialectFigure {
  readonly kind: Kind
  readonly caller: FormatName
  readonly backend: FormatName
  readonly micros: { readonly quartile: number; readonly windows: readonly number[] }
  /** To the native row of the same caller (to chat's, for a native one); null for chat's. */
  readonly added: number | null
}

interface Dialects {
  /** By name of the contender. */
  readonly figures: ReadonlyMap<Name, readonly DialectFigure[]>
  readonly cells: readonly Cell[]
}

/** Row by row and window by window for each of `entrants`, in turn. */
export async function dialectRows(
  bench: Bench,
  entrants: readonly Entrant[],
  { rounds, lengths: { warmth } }: Options,
  say: (line: string) => void,
): Promise<Dialects> {
  const rows: Row[] = kinds.flatMap((kind) =>
    FORMAT_NAMES.flatMap((caller) =>
      FORMAT_NAMES.flatMap((backend) => entrants.map((of) => ({ of, kind, caller, backend, cells: [] }))),
    ),
  )
  for (const row of rows) await window(bench, row, Math.ceil(KINDS[row.kind].warmUp * warmth))
  for (let turn = 0; turn < rounds * TIMES; turn++) {
    say(`dialects: window ${turn + 1} of ${rounds * TIMES}`)
    for (const row of rows) row.cells.push(await window(bench, row, KINDS[row.kind].requests))
  }
  const figures = new Map(
    entrants.map((entrant) => {
      const own = rows.filter(({ of }) => of === entrant)
      return [entrant.running.name, own.map((row) => figureOf(row, own))]
    }),
  )
  return { figures, cells: rows.flatMap(({ cells }) => cells) }
}

/** Microseconds of CPU for a unit. */
const microsOf = ({ kind, cells }: Row): number[] =>
  cells.map(({ cpuMicros, requests }) => cpuMicros.proxy / requests / (KINDS[kind].stream ? STREAM_CHUNKS : 1))

function window(bench: Bench, { of, kind, caller, backend }: Row, requests: number): Promise<Cell> {
  const { talk, stream, connections } = KINDS[kind]
  const ask: Ask = { prompt: 'small', stream, chunks: 1, delayMs: 0, talk: { caller, kind: talk } }
  const load: Closed = { shape: 'closed', ask, connections, pauseMs: 0, warmMs: 0, windowMs: LIMIT_MS, requests }
  const running = { ...of.running, model: modelIn(backend), models: 1 }
  return bench.measure({ running, sent: of.sent }, load)
}

/** Of the windows of a row that which a quarter is below: what else goes on makes a window dearer, never cheaper. */
const LOWER = 0.25

function figureOf(row: Row, rows: readonly Row[]): DialectFigure {
  const { kind, caller, backend } = row
  const native = caller === backend ? 'openai-chat' : caller
  const base = rows.find((one) => one.kind === kind && one.caller === native && one.backend === native)!
  const windows = microsOf(row)
  const quartile = percentile(windows, LOWER)
  const added = row === base ? null : quartile - percentile(microsOf(base), LOWER)
  return { kind, caller, backend, micros: { quartile, windows }, added }
}

/** Microseconds that a translation may add. */
const MOST: Readonly<Record<Kind, number>> = { small: 60, agent: 60, chunk: 15 }

/** The dearest translation of each kind against its aim. `base`: of another build. */
export const dialectAims = (figures: readonly DialectFigure[], base: readonly DialectFigure[] | null): Judged[] =>
  kinds.map((kind) => {
    const worst = dearest(figures, kind)
    return {
      says: `${KINDS[kind].says}, translated: added at the most`,
      of: `${worst.caller} -> ${worst.backend}`,
      unit: 'us',
      aim: MOST[kind],
      base: base === null ? null : dearest(base, kind).added,
      measured: worst.added,
      met: worst.added <= MOST[kind],
    }
  })

function dearest(figures: readonly DialectFigure[], kind: Kind): DialectFigure & { readonly added: number } {
  const translated = figures.flatMap((one) =>
    one.kind === kind && one.caller !== one.backend && one.added !== null ? [{ ...one, added: one.added }] : [],
  )
  return translated.toSorted((a, b) => b.added - a.added)[0]!
}

/** Microseconds, and in brackets what is added to a backend of the caller's own dialect; in the diagonal, to chat before chat. */
export function dialectTable(figures: readonly DialectFigure[]): string {
  const cell = (kind: Kind, caller: FormatName, backend: FormatName): string => {
    const { micros, added } = figures.find(
      (one) => one.kind === kind && one.caller === caller && one.backend === backend,
    )!
    const digits = kind === 'chunk' ? 1 : 0
    const more = added === null ? '' : ` (${added >= 0 ? '+' : ''}${added.toFixed(digits)})`
    return `${micros.quartile.toFixed(digits)}${more}`
  }
  return kinds
    .map((kind) =>
      layout([
        [`us CPU for a ${KINDS[kind].says}`, ...FORMAT_NAMES.map((backend) => `to ${backend}`)],
        ...FORMAT_NAMES.map((caller) => [caller, ...FORMAT_NAMES.map((backend) => cell(kind, caller, backend))]),
      ]),
    )
    .join('\n\n')
}
