/** The result as one line of JSON, for programs. */
import type { FigureName } from './figures.ts'
import type { Measured, Summary } from './measure.ts'
import type { PolicyName } from './policies.ts'

const POLICIES = [
  'turnout',
  'shuffled',
  'cheapest',
  'best_single',
  'gold_table',
  'oracle',
] as const satisfies readonly PolicyName[]
const FIGURES = [
  'accuracy',
  'aiq_linear',
  'aiq_log',
  'usd_per_1k_at_95',
  'usd_per_1k_at_99',
  'apgr',
  'work_at_95',
  'work_at_95_ratio',
] as const satisfies readonly FigureName[]

type AnswerFigures = Record<(typeof FIGURES)[number], number | null>

export interface Answer {
  readonly policies: Record<(typeof POLICIES)[number], AnswerFigures>
  /** By the number of verdicts. */
  readonly single_verdicts: Readonly<Record<string, AnswerFigures>>
  readonly decision_us: { readonly p50: number | null; readonly p99: number | null }
}

/** All named policies with all named figures, means over the seeds; null where the data have no base for a figure. */
export function answerOf({ policies, decisionUs, curve }: Measured): Answer {
  const figuresOf = (summary: Summary | undefined): AnswerFigures =>
    Object.fromEntries(FIGURES.map((figure) => [figure, summary?.[figure]?.mean ?? null])) as AnswerFigures
  return {
    policies: Object.fromEntries(POLICIES.map((name) => [name, figuresOf(policies.get(name))])) as Answer['policies'],
    single_verdicts: Object.fromEntries([...curve].map(([verdicts, { figures }]) => [verdicts, figuresOf(figures)])),
    decision_us: { p50: decisionUs?.p50 ?? null, p99: decisionUs?.p99 ?? null },
  }
}
