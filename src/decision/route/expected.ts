/** What a decision expects, as numbers that are not rounded: the written form is for people, and rounds. Pure. */
import type { Expected, ExpectedBaseline } from '../../core/record.ts'
import { COLUMN, COLUMNS } from '../../core/terms.ts'
import type { Target } from '../../core/types.ts'
import type { Decision } from './decision.ts'
import { predict } from './predict.ts'

/** Null: a fallback, which is never estimated, or one of so many candidates that its row was not kept. */
export function expectedOf({ candidates, shown, rows }: Decision, target: Target): Expected | null {
  const place = shown.indexOf(candidates.indexOf(target))
  if (place < 0) return null
  const at = place * COLUMNS
  return {
    input: known(rows[at + COLUMN.input]!),
    output: known(rows[at + COLUMN.output]!),
    reasoning: known(rows[at + COLUMN.reasoning]!),
    nanoUsd: known(rows[at + COLUMN.cost]!),
    ttftMs: known(rows[at + COLUMN.ttft]!),
  }
}

/** By its own expected tokens, not by those of the model that answered. */
export function baselineOf({ choice, question, profile }: Decision): ExpectedBaseline | null {
  const name = choice.rule?.spec.baseline ?? null
  const deployment = name === null ? undefined : question.table.catalog.byId.get(name)
  if (deployment === undefined) return null
  const rows = new Float64Array(COLUMNS)
  predict(rows, 0, deployment.targets[0]!, profile, null)
  return { backend: deployment.backend.name, model: deployment.model, nanoUsd: known(rows[COLUMN.cost]!) }
}

const known = (value: number): number | null => (Number.isFinite(value) ? value : null)
