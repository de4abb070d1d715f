/** The decision as people and programs read it: design 2.7. Made when somebody asks. Pure. */
import { GatewayError } from '../core/errors.ts'
import { type CandidateRecord, type DecisionRecord, type Dropped, isBound } from '../core/record.ts'
import { judge } from './filters.ts'
import type { Decision } from './plan.ts'
import { SORTED } from './pick.ts'
import { COLUMN, COLUMNS, mostCost, predict } from './predict.ts'

export function recordOf(decision: Decision): DecisionRecord {
  const { request, profile, choice, candidates, pick, relaxed, shown } = decision
  const first = candidates[pick.order[0] ?? -1]
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
    candidates: shown.map((_, place) => candidateOf(decision, place)),
    omitted: candidates.length - shown.length,
    order: pick.order.slice(0, SORTED).map((row) => candidates[row]!.deployment.id),
    chosen:
      first === undefined
        ? null
        : { backend: first.deployment.backend.name, model: first.deployment.model, effort: first.effort },
    baseline: baselineOf(decision),
    relaxed,
    pressure: rounded(decision.pressure, 3) ?? 0,
    explored: pick.explored,
    propensity: rounded(pick.propensity, 4) ?? 1,
  }
}

/** By its own expected tokens, not by those of whoever answered. */
function baselineOf({ choice, question, profile }: Decision): DecisionRecord['baseline'] {
  const name = choice.rule?.spec.baseline ?? null
  const deployment = name === null ? undefined : question.table.catalog.byId.get(name)
  if (deployment === undefined) return null
  const rows = new Float64Array(COLUMNS)
  predict(rows, 0, deployment.targets[0]!, profile, null)
  return {
    backend: deployment.backend.name,
    model: deployment.model,
    cost_usd: rounded(rows[COLUMN.cost]! / 1e9, 9),
  }
}

function candidateOf(decision: Decision, place: number): CandidateRecord {
  const { candidates, rows, profile, shown, dropped } = decision
  const row = shown[place]!
  const { deployment, effort } = candidates[row]!
  const why = droppedOf(decision, row, place)
  const estimated = dropped[row] === null || dropped[row] === 'cost' || dropped[row] === 'latency'
  // What a filter took out was never estimated.
  const value = (column: number, digits: number, unit = 1): number | null =>
    estimated ? rounded(rows[place * COLUMNS + column]! / unit, digits) : null
  return {
    backend: deployment.backend.name,
    model: deployment.model,
    effort,
    dropped: why,
    expected: {
      input_tokens: value(COLUMN.input, 0) ?? profile.inputTokens,
      cached_tokens: value(COLUMN.cached, 0),
      output_tokens: value(COLUMN.output, 0),
      reasoning_tokens: value(COLUMN.reasoning, 0),
      cost_usd: value(COLUMN.cost, 9, 1e9),
      compared_usd: value(COLUMN.rankCost, 9, 1e9),
      ttft_ms: value(COLUMN.ttft, 0),
      total_ms: value(COLUMN.total, 0),
      success: value(COLUMN.success, 3),
      success_sd: value(COLUMN.doubt, 3),
    },
    terms: {
      quality: value(COLUMN.quality, 3),
      cost: value(COLUMN.costTerm, 3),
      latency: value(COLUMN.latency, 3),
      efficiency: value(COLUMN.efficiency, 3),
      affinity: value(COLUMN.affinity, 3),
    },
    utility: value(COLUMN.utility, 3),
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
    const cost = mostCost(rows, place) / 1e9
    const why = Number.isNaN(cost) ? 'its price is unknown' : `it is expected to cost ${dollars(cost)} USD`
    return { filter, why: `${why}, the ceiling is ${dollars(ceilings.cost / 1e9)} USD` }
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
  return judge(candidates[row]!.deployment, question)
}

const dollars = (usd: number): string => String(Number(usd.toPrecision(3)))

/** Null where it is unknown. */
function rounded(value: number, digits: number): number | null {
  if (!Number.isFinite(value)) return null
  const unit = 10 ** digits
  return Math.round(value * unit) / unit
}

/** Candidates that a refusal names. */
const NAMED = 20

/** Why nobody can be asked. */
export function refusalOf(decision: Decision): GatewayError {
  const { request, choice, candidates, shown } = decision
  const { route } = choice
  const record = recordOf(decision)
  if (candidates.length === 0) {
    return new GatewayError('no_backend', `Route "${route}" reaches no model at the moment; see GET /health.`, {
      retryAfterMs: 2000,
      route,
      record,
    })
  }
  const reasons = shown
    .slice(0, NAMED)
    .map((row, place) => `${candidates[row]!.deployment.id}: ${droppedOf(decision, row, place)?.why ?? ''}`)
  const more = candidates.length > NAMED ? `; and ${candidates.length - NAMED} more` : ''
  const list = `${reasons.join('; ')}${more}.`
  if (decision.dropped.every((filter) => filter === 'policy'))
    return new GatewayError('forbidden', `This key may not use "${request.model}".`, { param: 'model', route, record })
  if (decision.dropped.every((filter) => filter === 'weight'))
    return new GatewayError('no_backend', `All candidates are drained: ${list}`, { route, record })
  if (decision.dropped.every(isBound))
    return new GatewayError('forbidden', `No candidate may serve this request: ${list}`, {
      param: 'model',
      route,
      record,
    })
  if (decision.dropped.includes('context'))
    return new GatewayError('context_length_exceeded', `The prompt is too long for every candidate: ${list}`, {
      param: 'messages',
      route,
      record,
    })
  return new GatewayError('unsupported', `No candidate can serve this request: ${list}`, { route, record })
}
