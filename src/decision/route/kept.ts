/** What is kept of a decision for whoever reads it later: names and numbers. Pure. */
import { type CandidateName, type DecisionRows, type Excluded, UNKNOWN } from '../../core/decision-rows.ts'
import { COLUMNS, KEPT_COLUMNS } from '../../core/terms.ts'
import type { Target } from '../../core/types.ts'
import type { Decision } from './decision.ts'
import { baselineOf } from './expected.ts'
import { fallbackOf } from './fallback.ts'
import { exclusionOf, type FilterName } from './filters.ts'
import { SORTED } from './pick.ts'

/** A cloud lists hundreds of models: the first ones in order and some of those that were dropped tell enough. */
const MOST_SHOWN = 32

/** Rows of the candidates that are shown. */
export function shownOf(order: readonly number[], dropped: readonly (FilterName | null)[]): number[] {
  if (dropped.length <= MOST_SHOWN) return [...dropped.keys()]
  const shown = order.slice(0, MOST_SHOWN)
  for (let row = 0; row < dropped.length && shown.length < MOST_SHOWN; row++) if (dropped[row] !== null) shown.push(row)
  return shown.sort((a, b) => a - b)
}

/** Their columns that are kept; what a filter took out before it was estimated has none. */
export function valuesOf(
  rows: Float64Array,
  shown: readonly number[],
  isEstimated: (row: number) => boolean,
): readonly number[] {
  const values: number[] = []
  for (const row of shown) {
    const known = isEstimated(row)
    for (let at = row * COLUMNS, end = at + KEPT_COLUMNS; at < end; at++) {
      const value = rows[at]!
      // Plus 0: there is no -0 in JSON.
      values.push(known && Number.isFinite(value) ? value + 0 : UNKNOWN)
    }
  }
  return values
}

export function keptOf(decision: Decision, maxTokens: number | null): DecisionRows {
  const { request, profile, choice, question, candidates, dropped, ceilings, pick, shown, values } = decision
  const { targets, ruledOut } = fallbackOf(question, candidates)
  const order = pick.order.length === 0 ? targets : pick.order.map((row) => candidates[row]!)
  const more = ruledOut.slice(0, Math.max(0, MOST_SHOWN - shown.length))
  const names = new Map<Target, CandidateName>()
  const named = (target: Target): CandidateName => {
    const name = names.get(target) ?? nameOf(target)
    names.set(target, name)
    return name
  }
  return {
    requestId: request.id,
    route: choice.route,
    strategy: choice.strategy,
    class: profile.class,
    difficulty: profile.difficulty,
    language: profile.language,
    inputTokens: profile.inputTokens,
    needs: profile.needs,
    affinity: profile.affinity,
    candidates: [...shown.map((row) => named(candidates[row]!)), ...more.map(({ target }) => nameOf(target))],
    excluded: [...shown.map((row) => excludedOf(decision, row)), ...more.map((one) => one.dropped)],
    values: more.length === 0 ? values : values.concat(Array<number>(more.length * KEPT_COLUMNS).fill(UNKNOWN)),
    omitted: dropped.length - shown.length + ruledOut.length - more.length,
    order: order.slice(0, SORTED).map(named),
    baseline: baselineOf(decision),
    ceilings: { cost: finite(ceilings.cost), ttft: finite(ceilings.ttft), total: finite(ceilings.total) },
    relaxed: decision.relaxed,
    pressure: decision.pressure,
    explored: pick.explored,
    propensity: pick.propensity,
    maxTokens,
  }
}

const nameOf = ({ deployment, effort }: Target): CandidateName => ({
  id: deployment.id,
  backend: deployment.backend.name,
  model: deployment.model,
  effort,
})

const ABOVE = { cost: { filter: 'cost', why: null }, latency: { filter: 'latency', why: null } } as const

function excludedOf({ candidates, dropped, question }: Decision, row: number): Excluded | null {
  const filter = dropped[row] ?? null
  if (filter === null) return null
  return filter === 'cost' || filter === 'latency' ? ABOVE[filter] : exclusionOf(candidates[row]!.deployment, question)
}

const finite = (value: number): number | null => (Number.isFinite(value) ? value : null)
