/** What a decision expects, as numbers that are not rounded: the written form is for people, and rounds. Pure. */
import { UNKNOWN, valueOf } from '../../core/decision-rows.ts'
import type { Expected, ExpectedBaseline } from '../../core/record.ts'
import { COLUMN, COLUMNS, KEPT_COLUMNS } from '../../core/terms.ts'
import type { Target } from '../../core/types.ts'
import type { Admission } from './admission.ts'
import type { Decision, Question } from './decision.ts'
import { stickinessBonus } from './pick.ts'
import { predict } from './predict.ts'
import { score, weightsOf } from './utility.ts'

/** Null: a fallback, which is never estimated, or one of so many candidates that its row was not kept. */
export function expectedOf(decision: Decision, target: Target): Expected | null {
  const place = decision.shown.indexOf(decision.question.set.targets.indexOf(target))
  if (place < 0) return null
  const of = { values: valuesOf(decision) }
  return {
    input: valueOf(of, place, COLUMN.input),
    output: valueOf(of, place, COLUMN.output),
    reasoning: valueOf(of, place, COLUMN.reasoning),
    nanoUsd: valueOf(of, place, COLUMN.cost),
    ttftMs: valueOf(of, place, COLUMN.ttft),
  }
}

/** What is kept of the rows that are shown. */
export function valuesOf(decision: Decision): readonly number[] {
  return (decision.values ??= valuesOfOne(decision))
}

/** Of a decision that had nothing to weigh: the estimates are made when somebody reads them. */
function valuesOfOne({ question, admission, shown, only }: Decision): readonly number[] {
  const { request, profile, choice, set, remembered, pressure, rota, now } = question
  const { targets, seats } = set
  const rows = new Float64Array(targets.length * COLUMNS)
  const held = new Float64Array(targets.length).fill(only?.held ?? 0)
  predict(rows, { targets, live: admission.live, held, rota, seats, load: only?.load ?? null, now }, profile)
  for (const row of admission.live) {
    const target = set.targets[row]!
    score(rows, row, weightsOf(choice.scoring, pressure), request.stream, stickinessBonus(target, remembered))
  }
  return copyOf(rows, shown, admission.excluded)
}

/** One for all: an array that grows while it is filled is moved several times. */
const scratch = Array<number>(32 * KEPT_COLUMNS).fill(UNKNOWN)

/** KEPT_COLUMNS of each of these rows; who was taken out before anything was estimated has none. */
export function copyOf(
  rows: Float64Array,
  shown: readonly number[],
  excluded: Admission['excluded'],
): readonly number[] {
  let to = 0
  for (const row of shown) {
    const reason = excluded[row]!
    if (reason === null || reason.why === null) copyRow(rows, row * COLUMNS, to)
    else scratch.fill(UNKNOWN, to, to + KEPT_COLUMNS)
    to += KEPT_COLUMNS
  }
  return scratch.slice(0, to)
}

function copyRow(rows: Float64Array, from: number, to: number): void {
  for (let column = 0; column < KEPT_COLUMNS; column++) {
    const value = rows[from + column]!
    // Plus 0: there is no -0 in JSON. A choice between the two values, stored once, would make an object of each number.
    if (value - value === 0) scratch[to + column] = value + 0
    else scratch[to + column] = UNKNOWN
  }
}

const NOTHING = [0]

/** By its own expected tokens, not by those of the model that answered. */
export function baselineOf({ choice, table, profile, now }: Question): ExpectedBaseline | null {
  const name = choice.rule?.spec.baseline ?? null
  const deployment = name === null ? undefined : table.catalog.byId.get(name)
  if (deployment === undefined) return null
  const rows = new Float64Array(COLUMNS)
  const alone = { live: [0], held: NOTHING, rota: null, seats: NOTHING, load: null, now }
  predict(rows, { targets: deployment.targets, ...alone }, profile)
  const cost = rows[COLUMN.cost]!
  return { backend: deployment.backend.name, model: deployment.model, nanoUsd: Number.isFinite(cost) ? cost : null }
}
