/** A decision as names and numbers, and its record written out of them: what most requests decide nobody reads. Pure. */
import type { AgentStep, Capability, Effort, TaskClass } from './capabilities.ts'
import { keyed } from './keyed.ts'
import { usdOf } from './money.ts'
import type { CandidateRecord, DecisionRecord, Dropped, ExpectedBaseline } from './record.ts'
import type { Trial } from './trial.ts'
import { COLUMN, type ExpectedField, KEPT_COLUMNS, RECORDED, TERM_COLUMN, TERM_NAMES, type TermName } from './terms.ts'

/** A candidate by its names. Decisions on the same candidates share the object. */
export interface CandidateName {
  /** `backend/model` */
  readonly id: string
  readonly backend: string
  readonly model: string
  readonly effort: Effort | null
}

/** Why a candidate is not asked. */
export interface Excluded {
  readonly filter: string
  /** Null: it is above a ceiling, `cost` or `latency`, which the numbers tell. */
  readonly why: string | null
}

/** Null = none. */
export interface KeptCeilings {
  /** Nano-dollars. */
  readonly cost: number | null
  /** Until the first token, ms. */
  readonly ttft: number | null
  /** Until the end, ms. */
  readonly total: number | null
}

/** Plain data: JSON and structuredClone leave it as it is. */
export interface DecisionRows {
  readonly requestId: string
  readonly route: string
  readonly strategy: string
  readonly class: TaskClass
  readonly step: AgentStep | null
  readonly difficulty: number | null
  readonly language: string | null
  readonly inputTokens: number
  readonly needs: readonly Capability[]
  readonly affinity: string | null
  /** Those that the record shows. */
  readonly candidates: readonly CandidateName[]
  /** By candidate; null = no filter took it out. */
  readonly excluded: readonly (Excluded | null)[]
  /** KEPT_COLUMNS for each candidate; UNKNOWN also where it was never estimated. */
  readonly values: readonly number[]
  /** Further candidates. */
  readonly omitted: number
  /** Who is asked, in this order; the first is the chosen one. */
  readonly order: readonly CandidateName[]
  readonly baseline: ExpectedBaseline | null
  readonly ceilings: KeptCeilings
  readonly relaxed: DecisionRecord['relaxed']
  readonly pressure: number
  readonly trials: readonly Trial[]
  readonly explored: boolean
  readonly propensity: number
  /** What a budget lowered the limit of output tokens to; null = none did. */
  readonly maxTokens: number | null
}

/** In place of NaN, which JSON does not have. */
export const UNKNOWN = -Number.MAX_VALUE

/** `column` below KEPT_COLUMNS; null = unknown. */
export function valueOf({ values }: Pick<DecisionRows, 'values'>, candidate: number, column: number): number | null {
  const value = values[candidate * KEPT_COLUMNS + column]
  return value === undefined || value === UNKNOWN ? null : value
}

/** What a ceiling is held against; NaN = unknown. More load, which makes `cost` less where an engine is shared, never brings a candidate below it. */
export const mostCost = (cost: number, compared: number): number => (cost > 0 ? Math.max(cost, compared) : cost)

/** The decision as people and programs read it. */
export function decisionRecordOf(rows: DecisionRows): DecisionRecord {
  const [first] = rows.order
  const record = {
    request_id: rows.requestId,
    route: rows.route,
    strategy: rows.strategy,
    profile: {
      class: rows.class,
      ...(rows.step ? { step: rows.step } : {}),
      difficulty: rows.difficulty,
      language: rows.language,
      input_tokens: rows.inputTokens,
      needs: rows.needs,
      affinity: rows.affinity,
    },
    candidates: rows.candidates.map((name, candidate) => candidateOf(rows, name, candidate)),
    omitted: rows.omitted,
    order: rows.order.map(({ id }) => id),
    chosen: first === undefined ? null : { backend: first.backend, model: first.model, effort: first.effort },
    baseline: baselineOf(rows.baseline),
    relaxed: rows.relaxed,
    pressure: rounded(rows.pressure, 3) ?? 0,
    ...(rows.trials.length === 0 ? {} : { trials: rows.trials }),
    explored: rows.explored,
    propensity: rounded(rows.propensity, 4) ?? 1,
  }
  return rows.maxTokens === null ? record : { ...record, max_tokens: rows.maxTokens }
}

/** Decimals of terms and utility. */
export const TERM_DIGITS = 3

const NOT_ESTIMATED: CandidateRecord['expected'] = keyed(
  RECORDED.map(({ field }) => field),
  () => null,
)
const NOT_WEIGHED: CandidateRecord['terms'] = keyed(TERM_NAMES, () => null)

function candidateOf(
  rows: DecisionRows,
  { backend, model, effort }: CandidateName,
  candidate: number,
): CandidateRecord {
  const value = (column: number): number => valueOf(rows, candidate, column) ?? NaN
  const expected: Record<ExpectedField, number | null> = { ...NOT_ESTIMATED }
  for (const { field, column, per, digits } of RECORDED) expected[field] = rounded(value(column) / per, digits)
  expected.input_tokens ??= rows.inputTokens
  const terms: Record<TermName, number | null> = { ...NOT_WEIGHED }
  for (const name of TERM_NAMES) terms[name] = rounded(value(TERM_COLUMN[name]), TERM_DIGITS)
  const dropped = droppedOf(rows.excluded[candidate] ?? null, rows, value)
  return { backend, model, effort, dropped, expected, terms, utility: rounded(value(COLUMN.utility), TERM_DIGITS) }
}

function droppedOf(
  excluded: Excluded | null,
  { ceilings }: DecisionRows,
  value: (column: number) => number,
): Dropped | null {
  if (excluded === null) return null
  const { filter, why } = excluded
  if (why !== null) return { filter, why }
  if (filter === 'cost') {
    const cost = usdOf(mostCost(value(COLUMN.cost), value(COLUMN.compared)))
    const is = Number.isNaN(cost) ? 'its price is unknown' : `it is expected to cost ${dollars(cost)} USD`
    return { filter, why: `${is}, the ceiling is ${dollars(usdOf(ceilings.cost ?? Infinity))} USD` }
  }
  const late = value(COLUMN.ttft) > (ceilings.ttft ?? Infinity)
  const expected = Math.round(value(late ? COLUMN.ttft : COLUMN.total))
  const ceiling = late ? ceilings.ttft : ceilings.total
  return {
    filter,
    why: `its ${late ? 'first token' : 'end'} is expected after ${expected} ms, the ceiling is ${ceiling ?? Infinity} ms`,
  }
}

const dollars = (usd: number): string => String(Number(usd.toPrecision(3)))

function baselineOf(baseline: ExpectedBaseline | null): DecisionRecord['baseline'] {
  if (baseline === null) return null
  const { backend, model, nanoUsd } = baseline
  return { backend, model, cost_usd: nanoUsd === null ? null : rounded(usdOf(nanoUsd), 9) }
}

/** A power costs more than all the rest of the rounding. */
const UNITS = Array.from({ length: 10 }, (_, digits) => 10 ** digits)

/** Null where it is unknown. */
function rounded(value: number, digits: number): number | null {
  if (!Number.isFinite(value)) return null
  const unit = UNITS[digits]!
  // Plus 0: there is no -0 in JSON.
  return Math.round(value * unit) / unit + 0
}
