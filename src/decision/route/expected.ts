/** What a decision expects, as numbers that are not rounded: the written form is for people, and rounds. Pure. */
import { valueOf } from '../../core/decision-rows.ts'
import type { Expected, ExpectedBaseline } from '../../core/record.ts'
import { COLUMN, COLUMNS } from '../../core/terms.ts'
import type { Target } from '../../core/types.ts'
import type { Decision } from './decision.ts'
import { predict } from './predict.ts'

/** Null: a fallback, which is never estimated, or one of so many candidates that its row was not kept. */
export function expectedOf(decision: Decision, target: Target): Expected | null {
  const place = decision.shown.indexOf(decision.candidates.indexOf(target))
  if (place < 0) return null
  return {
    input: valueOf(decision, place, COLUMN.input),
    output: valueOf(decision, place, COLUMN.output),
    reasoning: valueOf(decision, place, COLUMN.reasoning),
    nanoUsd: valueOf(decision, place, COLUMN.cost),
    ttftMs: valueOf(decision, place, COLUMN.ttft),
  }
}

/** By its own expected tokens, not by those of the model that answered. */
export function baselineOf({ choice, question, profile }: Decision): ExpectedBaseline | null {
  const name = choice.rule?.spec.baseline ?? null
  const deployment = name === null ? undefined : question.table.catalog.byId.get(name)
  if (deployment === undefined) return null
  const rows = new Float64Array(COLUMNS)
  predict(rows, 0, deployment.targets[0]!, profile, null)
  const cost = rows[COLUMN.cost]!
  return { backend: deployment.backend.name, model: deployment.model, nanoUsd: Number.isFinite(cost) ? cost : null }
}
