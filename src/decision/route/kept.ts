/** What is kept of a decision for whoever reads it later: names and numbers. Pure. */
import { type CandidateName, type DecisionRows, UNKNOWN } from '../../core/decision-rows.ts'
import { KEPT_COLUMNS } from '../../core/terms.ts'
import type { Admission } from './admission.ts'
import type { Decision } from './decision.ts'
import { baselineOf, valuesOf } from './expected.ts'
import { SORTED } from './pick.ts'

/** A cloud lists hundreds of models: the first ones in order and some of those that were taken out tell enough. */
const MOST_SHOWN = 32

/** Rows of the candidates that are shown. */
export function shownOf(order: readonly number[], { present, excluded }: Admission): readonly number[] {
  if (present.length <= MOST_SHOWN) return present
  const shown = order.slice(0, MOST_SHOWN)
  for (const row of present) {
    if (shown.length === MOST_SHOWN) break
    if (excluded[row] !== null) shown.push(row)
  }
  return shown.sort((a, b) => a - b)
}

export function keptOf(decision: Decision, maxTokens: number | null): DecisionRows {
  const { question, admission, relaxed, pick, shown } = decision
  const { request, profile, choice, set, fallback, ceilings, pressure } = question
  const ruledOut = fallback.ruledOut.slice(0, Math.max(0, MOST_SHOWN - shown.length))
  const values = valuesOf(decision)
  return {
    requestId: request.id,
    route: choice.route,
    strategy: choice.strategy,
    class: profile.class,
    step: profile.step,
    difficulty: profile.difficulty,
    language: profile.language,
    inputTokens: profile.inputTokens,
    needs: profile.needs,
    affinity: profile.affinity,
    candidates: withMore(
      shown === set.present ? set.shown.names : shown.map((row) => set.names[row]!),
      ruledOut,
      ({ spare }) => spare.name,
    ),
    excluded: withMore(
      shown === set.present && admission === set ? set.shown.excluded : shown.map((row) => admission.excluded[row]!),
      ruledOut,
      ({ excluded }) => excluded,
    ),
    values: ruledOut.length === 0 ? values : values.concat(Array<number>(ruledOut.length * KEPT_COLUMNS).fill(UNKNOWN)),
    omitted: admission.present.length - shown.length + fallback.ruledOut.length - ruledOut.length,
    order: orderOf(decision),
    baseline: baselineOf(question),
    ceilings: { cost: finite(ceilings.cost), ttft: finite(ceilings.ttft), total: finite(ceilings.total) },
    relaxed,
    pressure,
    trials: question.trials,
    explored: pick.explored,
    propensity: pick.propensity,
    maxTokens,
  }
}

const withMore = <T, M>(list: readonly T[], more: readonly M[], of: (one: M) => T): readonly T[] =>
  more.length === 0 ? list : [...list, ...more.map(of)]

/** Who is asked: the fallback alone where no candidate is left. */
function orderOf({ pick, question: { set, fallback } }: Decision): readonly CandidateName[] {
  if (pick.order.length === 0) return fallback.order.slice(0, SORTED).map(({ name }) => name)
  return pick.order.slice(0, SORTED).map((row) => set.names[row]!)
}

const finite = (value: number): number | null => (Number.isFinite(value) ? value : null)
