/** The decision as people and programs read it. Made when somebody asks. Pure. */
import { usdOf } from '../../core/money.ts'
import { type ErrorCode, GatewayError } from '../../core/errors.ts'
import type { Target } from '../../core/types.ts'
import type { CandidateRecord, DecisionRecord, Dropped } from '../../core/record.ts'
import { baselineOf } from './expected.ts'
import { BOUNDS, isBound } from './bounds.ts'
import { FILTERS, exclusionOf } from './filters.ts'
import { fallbackOf } from './fallback.ts'
import type { Decision } from './decision.ts'
import { SORTED } from './pick.ts'
import { keyed } from '../../core/keyed.ts'
import {
  COLUMN,
  COLUMNS,
  type ExpectedField,
  RECORDED,
  TERM_COLUMN,
  TERM_NAMES,
  type TermName,
} from '../../core/terms.ts'
import { mostCost } from './predict.ts'

export function decisionRecordOf(decision: Decision): DecisionRecord {
  const { request, profile, choice, question, candidates, pick, relaxed, shown } = decision
  const { targets, ruledOut } = fallbackOf(question, candidates)
  const order = pick.order.length === 0 ? targets : pick.order.map((row) => candidates[row]!)
  const [first] = order
  const more = ruledOut.slice(0, Math.max(0, MOST_SHOWN - shown.length))
  return {
    request_id: request.id,
    route: choice.route,
    strategy: choice.strategy,
    profile: {
      class: profile.class,
      difficulty: profile.difficulty,
      language: profile.language,
      input_tokens: profile.inputTokens,
      needs: profile.needs,
      affinity: profile.affinity,
    },
    candidates: [
      ...shown.map((_, place) => candidateOf(decision, place)),
      ...more.map(({ target, dropped }) => rowOf(target, dropped, profile.inputTokens, null, 0)),
    ],
    omitted: candidates.length - shown.length + ruledOut.length - more.length,
    order: order.slice(0, SORTED).map(({ deployment }) => deployment.id),
    chosen:
      first === undefined
        ? null
        : { backend: first.deployment.backend.name, model: first.deployment.model, effort: first.effort },
    baseline: baselineRecord(decision),
    relaxed,
    pressure: rounded(decision.pressure, 3) ?? 0,
    explored: pick.explored,
    propensity: rounded(pick.propensity, 4) ?? 1,
  }
}

/** Rows of one record. */
const MOST_SHOWN = 32

function baselineRecord(decision: Decision): DecisionRecord['baseline'] {
  const baseline = baselineOf(decision)
  if (baseline === null) return null
  const { backend, model, nanoUsd } = baseline
  return { backend, model, cost_usd: nanoUsd === null ? null : rounded(usdOf(nanoUsd), 9) }
}

function candidateOf(decision: Decision, place: number): CandidateRecord {
  const { candidates, rows, profile, shown, dropped } = decision
  const row = shown[place]!
  const why = droppedOf(decision, row, place)
  // What a filter took out was never estimated.
  const filter = dropped[row] ?? null
  const estimated = filter === null || FILTERS[filter].estimated
  return rowOf(candidates[row]!, why, profile.inputTokens, estimated ? rows : null, place * COLUMNS)
}

const NOT_ESTIMATED: CandidateRecord['expected'] = keyed(
  RECORDED.map(({ field }) => field),
  () => null,
)
const NOT_WEIGHED: CandidateRecord['terms'] = keyed(TERM_NAMES, () => null)
const TERM_DIGITS = 3

/** `rows` from `at` on: what was estimated; null = nothing was. */
function rowOf(
  { deployment, effort }: Target,
  dropped: Dropped | null,
  inputTokens: number,
  rows: Float64Array | null,
  at: number,
): CandidateRecord {
  const expected: Record<ExpectedField, number | null> = { ...NOT_ESTIMATED }
  const terms: Record<TermName, number | null> = { ...NOT_WEIGHED }
  if (rows !== null) {
    for (const { field, column, per, digits } of RECORDED) expected[field] = rounded(rows[at + column]! / per, digits)
    for (const name of TERM_NAMES) terms[name] = rounded(rows[at + TERM_COLUMN[name]]!, TERM_DIGITS)
  }
  expected.input_tokens ??= inputTokens
  return {
    backend: deployment.backend.name,
    model: deployment.model,
    effort,
    dropped,
    expected,
    terms,
    utility: rows === null ? null : rounded(rows[at + COLUMN.utility]!, TERM_DIGITS),
  }
}

/** `place`: of its row among those that are shown. */
function droppedOf(
  { candidates, dropped, question, rows, ceilings }: Decision,
  row: number,
  place: number,
): Dropped | null {
  const filter = dropped[row] ?? null
  if (filter === null) return null
  const value = (column: number): number => rows[place * COLUMNS + column]!
  if (filter === 'cost') {
    const cost = usdOf(mostCost(rows, place))
    const why = Number.isNaN(cost) ? 'its price is unknown' : `it is expected to cost ${dollars(cost)} USD`
    return { filter, why: `${why}, the ceiling is ${dollars(usdOf(ceilings.cost))} USD` }
  }
  if (filter === 'latency') {
    const late = value(COLUMN.ttft) > ceilings.ttft
    const what = late ? 'first token' : 'end'
    const expected = Math.round(value(late ? COLUMN.ttft : COLUMN.total))
    return {
      filter,
      why: `its ${what} is expected after ${expected} ms, the ceiling is ${late ? ceilings.ttft : ceilings.total} ms`,
    }
  }
  return exclusionOf(candidates[row]!.deployment, question)
}

const dollars = (usd: number): string => String(Number(usd.toPrecision(3)))

/** Null where it is unknown. */
function rounded(value: number, digits: number): number | null {
  if (!Number.isFinite(value)) return null
  const unit = 10 ** digits
  // Plus 0: there is no -0 in JSON.
  return Math.round(value * unit) / unit + 0
}

/** Candidates that a refusal names. */
const NAMED = 20

/** Why no candidate can be called. */
export function refusalOf(decision: Decision, record: DecisionRecord): GatewayError {
  const { request, choice, question, candidates } = decision
  const ruledOut = fallbackOf(question, candidates).ruledOut.map(({ dropped }) => dropped.filter)
  const filters: readonly (string | null)[] = [...decision.dropped, ...ruledOut]
  if (filters.length === 0) {
    const message = `Route "${choice.route}" reaches no model at the moment; see GET /health.`
    return new GatewayError('no_backend', message, { retryAfterMs: 2000 })
  }
  const reasons = record.candidates
    .slice(0, NAMED)
    .map(({ backend, model, dropped }) => `${backend}/${model}: ${dropped?.why ?? ''}`)
  const more = filters.length > NAMED ? `; and ${filters.length - NAMED} more` : ''
  const list = `${reasons.join('; ')}${more}.`
  const refusal = (code: ErrorCode, message: string, param: string | null = null): GatewayError =>
    new GatewayError(code, message, { param })
  if (filters.every(isBound)) {
    const [only, ...others] = new Set(filters)
    const refused = only !== undefined && others.length === 0 ? BOUNDS[only].refused : undefined
    const code = refused?.code ?? 'forbidden'
    const message = refused?.message(request.model, list) ?? `No candidate may serve this request: ${list}`
    return refusal(code, message, code === 'forbidden' ? 'model' : null)
  }
  if (filters.includes('context'))
    return refusal(
      'context_length_exceeded',
      `The prompt is too long for every candidate: ${list}`,
      request.prompt.member,
    )
  return refusal('unsupported', `No candidate can serve this request: ${list}`)
}
