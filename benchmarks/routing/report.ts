/** What people read: one table over all sets and policies. */
import type { Difference } from './bootstrap.ts'
import { type Evaluation, type Figures, POLICIES, type PolicyName } from './evaluate.ts'
import { deviation, mean } from './metrics.ts'

export interface Summary {
  readonly mean: number
  readonly sd: number
}
export type Summaries = Readonly<Record<PolicyName, Readonly<Record<keyof Figures, Summary | null>>>>

export interface SetReport {
  readonly set: string
  readonly prompts: number
  readonly models: number
  readonly seeds: number
  readonly policies: Summaries
  /** turnout less the other, in accuracy; the seeds' prompts taken together. */
  readonly differences: Readonly<Partial<Record<PolicyName, Difference>>>
  readonly decisionUs: { readonly p50: number; readonly p99: number }
}

const COLUMNS: readonly (readonly [key: keyof Figures, head: string, digits: number])[] = [
  ['accuracy', 'accuracy', 4],
  ['aiq_linear', 'AIQ lin', 4],
  ['aiq_log', 'AIQ log', 4],
  ['usd_per_1k_at_95', '$/1k @95', 3],
  ['usd_per_1k_at_99', '@99', 3],
  ['usd_per_1k_at_100', '@100', 3],
  ['apgr', 'APGR', 4],
  ['work_at_95', 'work @95', 2],
  ['work_at_95_ratio', 'ratio', 2],
]

/** Mean and deviation over the seeds; null where no seed has the figure. */
export function summarise(runs: readonly Evaluation[]): Summaries {
  const one = (name: PolicyName, key: keyof Figures): Summary | null => {
    const values = runs.map(({ policies }) => policies[name][key]).filter((value) => value !== null)
    return values.length < runs.length ? null : { mean: mean(values), sd: deviation(values) }
  }
  return Object.fromEntries(
    POLICIES.map((name) => [name, Object.fromEntries(COLUMNS.map(([key]) => [key, one(name, key)]))]),
  ) as Summaries
}

export function tableOf(reports: readonly SetReport[]): string {
  return reports.map(textOf).join('\n')
}

function textOf({ set, prompts, models, seeds, policies, differences, decisionUs }: SetReport): string {
  const used = COLUMNS.filter(([key]) => POLICIES.some((name) => policies[name][key] !== null))
  const rows = POLICIES.filter((name) => used.some(([key]) => policies[name][key] !== null)).map((name) => [
    name,
    ...used.map(([key, , digits]) => cell(policies[name][key], digits)),
  ])
  const lines = layout([['policy', ...used.map(([, head]) => head)], ...rows])
  const against = (Object.entries(differences) as [PolicyName, Difference][]).map(
    ([name, { mean: value, low, high }]) => `${name} ${signed(value)} [${signed(low)}, ${signed(high)}]`,
  )
  return [
    `${set}: ${prompts} prompts, ${models} models, ${seeds} seeds; mean ±sd`,
    ...lines,
    `turnout's accuracy less that of: ${against.join('; ')} (95 %)`,
    `decision ${decisionUs.p50.toFixed(1)} us p50, ${decisionUs.p99.toFixed(1)} us p99`,
    '',
  ].join('\n')
}

const cell = (summary: Summary | null, digits: number): string =>
  summary === null ? '-' : `${summary.mean.toFixed(digits)} ±${summary.sd.toFixed(digits)}`

const signed = (value: number): string => `${value < 0 ? '' : '+'}${value.toFixed(4)}`

function layout(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  return rows.map((row) => `  ${row.map((text, column) => text.padEnd(widths[column]!)).join('  ')}`.trimEnd())
}
