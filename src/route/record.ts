/** The decision as people and programs read it: design 2.7. Made when somebody asks. Pure. */
import { GatewayError } from '../core/errors.ts'
import type { CandidateRecord, DecisionRecord, Dropped } from '../core/types.ts'
import { judge } from './filters.ts'
import type { Decision } from './plan.ts'
import { COLUMN, COLUMNS } from './predict.ts'

/** A cloud lists hundreds of models: the first ones in order and some of those that were dropped tell enough. */
const MOST = 32

export function recordOf(decision: Decision): DecisionRecord {
  const { request, profile, choice, candidates, pick, relaxed } = decision
  const shown = shownOf(decision)
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
    candidates: shown.map((row) => candidateOf(decision, row)),
    omitted: candidates.length - shown.length,
    order: pick.order.slice(0, MOST).map((row) => candidates[row]!.deployment.id),
    chosen:
      first === undefined
        ? null
        : { backend: first.deployment.backend.name, model: first.deployment.model, effort: first.arm.effort },
    relaxed,
    explored: pick.explored,
    propensity: rounded(pick.propensity, 4) ?? 1,
  }
}

function shownOf({ candidates, pick, dropped }: Decision): number[] {
  const rows = [...candidates.keys()]
  if (candidates.length <= MOST) return rows
  const first = new Set(pick.order.slice(0, MOST))
  for (const row of rows) if (first.size < MOST && dropped[row] !== null) first.add(row)
  return rows.filter((row) => first.has(row))
}

function candidateOf(decision: Decision, row: number): CandidateRecord {
  const { candidates, rows, profile } = decision
  const { deployment, arm } = candidates[row]!
  const why = droppedOf(decision, row)
  // What a filter took out was never estimated.
  const value = (column: number, digits: number, unit = 1): number | null =>
    rows[row * COLUMNS + COLUMN.ttft] === 0 ? null : rounded(rows[row * COLUMNS + column]! / unit, digits)
  return {
    backend: deployment.backend.name,
    model: deployment.model,
    effort: profile.effort ?? arm.effort,
    dropped: why,
    expected: {
      input_tokens: value(COLUMN.input, 0) ?? profile.inputTokens,
      cached_tokens: value(COLUMN.cached, 0),
      output_tokens: value(COLUMN.output, 0),
      reasoning_tokens: value(COLUMN.reasoning, 0),
      cost_usd: value(COLUMN.cost, 9, 1e9),
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
    },
    utility: value(COLUMN.utility, 3),
  }
}

function droppedOf({ candidates, dropped, question, rows, ceilings }: Decision, row: number): Dropped | null {
  const filter = dropped[row] ?? null
  if (filter === null) return null
  const value = (column: number): number => rows[row * COLUMNS + column]!
  if (filter === 'cost') {
    const cost = value(COLUMN.cost) / 1e9
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

/** Why nobody can be asked. */
export function refusalOf(decision: Decision): GatewayError {
  const { request, choice, candidates } = decision
  const { route } = choice
  if (candidates.length === 0) {
    return new GatewayError('no_backend', `Route "${route}" reaches no model at the moment; see GET /health.`, {
      retryAfterMs: 2000,
      route,
    })
  }
  const all = candidates.map(({ deployment }, row) => ({ deployment, dropped: droppedOf(decision, row) }))
  const reasons = all.slice(0, 20).map(({ deployment, dropped }) => `${deployment.id}: ${dropped?.why ?? ''}`)
  const list = `${reasons.join('; ')}${all.length > 20 ? `; and ${all.length - 20} more` : ''}.`
  if (all.every(({ dropped }) => dropped?.filter === 'policy'))
    return new GatewayError('forbidden', `This key may not use "${request.model}".`, { param: 'model', route })
  if (all.some(({ dropped }) => dropped?.filter === 'context'))
    return new GatewayError('context_length_exceeded', `The prompt is too long for every candidate: ${list}`, {
      param: 'messages',
      route,
    })
  return new GatewayError('unsupported', `No candidate can serve this request: ${list}`, { route })
}
