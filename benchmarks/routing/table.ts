/** Figures as text for a terminal. */
import { COMPARED, type Interval, RIVALS } from './bootstrap.ts'
import type { FigureName } from './figures.ts'
import type { Measured } from './measure.ts'

type Row = readonly string[]

const COLUMNS: readonly (readonly [title: string, figure: FigureName])[] = [
  ['accuracy', 'accuracy'],
  ['AIQ lin', 'aiq_linear'],
  ['AIQ log', 'aiq_log'],
  ['USD/1k 95%', 'usd_per_1k_at_95'],
  ['99%', 'usd_per_1k_at_99'],
  ['100%', 'usd_per_1k_at_100'],
  ['APGR', 'apgr'],
  ['work 95%', 'work_at_95'],
  ['to price-only', 'work_at_95_ratio'],
]

const plain = (value: number, digits: number): string => {
  const text = value.toFixed(digits)
  return Math.abs(value) < 1 ? text.replace(/^(-?)0\./, '$1.') : text
}
const digitsOf = (value: number): number => (Math.abs(value) >= 10 ? 2 : Math.abs(value) >= 1 ? 3 : 4)

function layout(rows: readonly Row[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows
    .map((row) => row.map((cell, at) => (at === 0 ? cell.padEnd(widths[at]!) : cell.padStart(widths[at]!))).join('  '))
    .join('\n')
}

/** The table of one set: policies with mean +- standard deviation over seeds, and turnout's differences. */
export function tableOf(name: string, measured: Measured, seeds: number): string {
  const { policies, prompts, models, currency, decisionUs, curve } = measured
  const summaries = [...policies, ...[...curve].map(([verdicts, { figures }]) => [nameOf(verdicts), figures] as const)]
  const shown = COLUMNS.filter(([, figure]) => summaries.some(([, summary]) => summary[figure] !== null))
  const rows: Row[] = [['', ...shown.map(([title]) => title)]]
  for (const [policy, summary] of summaries) {
    if (Object.values(summary).every((value) => value === null)) continue
    const cells = shown.map(([, figure]) => {
      const spread = summary[figure]
      if (spread === null) return '-'
      const digits = digitsOf(spread.mean)
      return seeds === 1 ? plain(spread.mean, digits) : `${plain(spread.mean, digits)} ±${plain(spread.sd, digits)}`
    })
    rows.push([policy, ...cells])
  }
  const head = `${name}: ${prompts.train} + ${prompts.test} prompts, ${models.length} models, cost in ${currency}, ${seeds} ${seeds === 1 ? 'split' : 'splits'}`
  const decision =
    decisionUs === null ? [] : [`decision: p50 ${decisionUs.p50.toFixed(1)} us, p99 ${decisionUs.p99.toFixed(1)} us`]
  return [head, layout(rows), ...differencesOf(measured), ...gainsOf(measured), ...decision, ''].join('\n')
}

const nameOf = (verdicts: number): string => (verdicts === 0 ? 'first day' : `${verdicts} verdicts`)

function differencesOf({ differences }: Measured): string[] {
  return RIVALS.flatMap((rival) => intervalLine(`turnout - ${rival}`, differences[rival] ?? {}))
}

/** Within the interval of nothing is nothing. */
function gainsOf({ curve }: Measured): string[] {
  return [...curve].flatMap(([verdicts, { gain }]) =>
    verdicts === 0 ? [] : intervalLine(`${nameOf(verdicts)} - first day`, gain),
  )
}

function intervalLine(name: string, intervals: Readonly<Record<string, Interval | null>>): string[] {
  const signed = (value: number): string => `${value < 0 ? '' : '+'}${plain(value, 4)}`
  const parts = COMPARED.flatMap((figure) => {
    const interval = intervals[figure]
    if (interval === null || interval === undefined) return []
    return [`${figure} ${signed(interval.mean)} [${signed(interval.low)}, ${signed(interval.high)}]`]
  })
  return parts.length === 0 ? [] : [`${name}: ${parts.join('  ')}`]
}
