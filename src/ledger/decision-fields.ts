/**
 * A decision <-> its fields. Estimates, terms and their sum are written as the whole numbers that the decision record shows, under
 * the names of their columns, which a block says once: a file may be read by a version that has others.
 */
import type { AgentStep, Capability, Effort, TaskClass } from '../core/capabilities.ts'
import { type CandidateName, type DecisionRows, type Excluded, TERM_DIGITS, UNKNOWN } from '../core/decision-rows.ts'
import { COLUMN, KEPT_COLUMNS, RECORDED, TERM_COLUMN, TERM_NAMES } from '../core/terms.ts'
import type { FieldReader } from './field-reader.ts'
import type { FieldWriter } from './field-writer.ts'

/** A column as a block holds it. */
interface Kept {
  readonly name: string
  readonly column: number
  readonly per: number
  readonly digits: number
  /** Of its last digit there are so many in one. */
  readonly unit: number
}

const kept = (name: string, column: number, per: number, digits: number): Kept => ({
  name,
  column,
  per,
  digits,
  unit: 10 ** digits,
})

const KEPT: readonly Kept[] = [
  ...RECORDED.map(({ field, column, per, digits }) => kept(field, column, per, digits)),
  kept('utility', COLUMN.utility, 1, TERM_DIGITS),
  ...TERM_NAMES.map((name) => kept(name, TERM_COLUMN[name], 1, TERM_DIGITS)),
]

/** Once for each block, before its first request. */
export function writeColumns(out: FieldWriter): void {
  out.count(KEPT.length)
  for (const { name, digits } of KEPT) {
    out.name(name)
    out.count(digits)
  }
}

/** A column of a block; null: this version has no such column. */
export type BlockColumn = { readonly column: number; readonly per: number; readonly unit: number } | null

export function readColumns(from: FieldReader): readonly BlockColumn[] {
  return Array.from({ length: from.count() }, () => {
    const name = from.name()
    const unit = 10 ** from.count()
    const known = KEPT.find((one) => one.name === name)
    return known === undefined ? null : { column: known.column, per: known.per, unit }
  })
}

/** `id`: of the request, whose fields have its trials. */
export function writeDecision(out: FieldWriter, rows: DecisionRows, id: string): void {
  const { candidates, excluded, order, needs, baseline, ceilings } = rows
  out.text(rows.requestId === id ? null : rows.requestId)
  out.name(rows.route)
  out.name(rows.strategy)
  out.name(rows.step ? `${rows.class}/${rows.step}` : rows.class)
  out.number(rows.difficulty)
  out.name(rows.language)
  out.number(rows.inputTokens)
  out.count(needs.length)
  for (const need of needs) out.name(need)
  out.text(rows.affinity)
  out.count(candidates.length)
  for (let place = 0; place < candidates.length; place++) {
    writeCandidate(out, candidates[place]!)
    const why = excluded[place] ?? null
    out.name(why === null ? null : why.filter)
    if (why !== null) out.name(why.why)
    writeValues(out, rows.values, place * KEPT_COLUMNS, isExact(why))
  }
  out.count(rows.omitted)
  out.count(order.length)
  for (const candidate of order) {
    const place = candidates.indexOf(candidate)
    out.count(place + 1)
    if (place < 0) writeCandidate(out, candidate)
  }
  out.name(baseline === null ? null : baseline.backend)
  if (baseline !== null) {
    out.name(baseline.model)
    out.number(baseline.nanoUsd)
  }
  out.number(ceilings.cost)
  out.number(ceilings.ttft)
  out.number(ceilings.total)
  out.name(rows.relaxed)
  out.number(rows.pressure)
  out.count(rows.explored ? 1 : 0)
  out.number(rows.propensity)
  out.number(rows.maxTokens)
}

export function readDecision(
  from: FieldReader,
  columns: readonly BlockColumn[],
  id: string,
  trials: DecisionRows['trials'],
): DecisionRows {
  const requestId = from.text() ?? id
  const route = from.name() ?? ''
  const strategy = from.name() ?? ''
  const [taskClass, step = null] = (from.name() ?? '').split('/') as [TaskClass, AgentStep?]
  const difficulty = from.number()
  const language = from.name()
  const inputTokens = from.number() ?? 0
  const needs: Capability[] = []
  for (let rest = from.count(); rest > 0; rest--) needs.push(from.name() as Capability)
  const affinity = from.text()
  const candidates: CandidateName[] = []
  const excluded: (Excluded | null)[] = []
  const values: number[] = []
  const count = from.count()
  for (let place = 0; place < count; place++) {
    candidates.push(readCandidate(from))
    const filter = from.name()
    const why = filter === null ? null : { filter, why: from.name() }
    excluded.push(why)
    readValues(from, columns, values, isExact(why))
  }
  const omitted = from.count()
  const order: CandidateName[] = []
  for (let rest = from.count(); rest > 0; rest--) order.push(candidates[from.count() - 1] ?? readCandidate(from))
  // One literal: see readRequest.
  return {
    requestId,
    route,
    strategy,
    class: taskClass,
    step,
    difficulty,
    language,
    inputTokens,
    needs,
    affinity,
    candidates,
    excluded,
    values,
    omitted,
    order,
    baseline: readBaseline(from),
    ceilings: { cost: from.number(), ttft: from.number(), total: from.number() },
    relaxed: from.name() as DecisionRows['relaxed'],
    pressure: from.number() ?? 0,
    trials,
    explored: from.count() > 0,
    propensity: from.number() ?? 1,
    maxTokens: from.number(),
  }
}

function writeCandidate(out: FieldWriter, { backend, model, effort }: CandidateName): void {
  out.name(backend)
  out.name(model)
  out.name(effort)
}

function readCandidate(from: FieldReader): CandidateName {
  const [backend, model] = [from.name() ?? '', from.name() ?? '']
  return { id: `${backend}/${model}`, backend, model, effort: from.name() as Effort | null }
}

/** What puts it above a ceiling is said from its values, so these are not rounded. */
const isExact = (excluded: Excluded | null): boolean => excluded !== null && excluded.why === null

function writeValues(out: FieldWriter, values: readonly number[], at: number, exact: boolean): void {
  for (const { column, per, unit } of KEPT) {
    const value = values[at + column]!
    out.number(value === UNKNOWN ? null : exact ? value : Math.round((value / per) * unit))
  }
}

/** Of one candidate, behind those of the others. */
function readValues(from: FieldReader, columns: readonly BlockColumn[], values: number[], exact: boolean): void {
  const at = values.length
  for (let column = 0; column < KEPT_COLUMNS; column++) values.push(UNKNOWN)
  for (const kept of columns) {
    const value = from.number()
    if (value !== null && kept !== null) values[at + kept.column] = exact ? value : (value / kept.unit) * kept.per
  }
}

function readBaseline(from: FieldReader): DecisionRows['baseline'] {
  const backend = from.name()
  return backend === null ? null : { backend, model: from.name() ?? '', nanoUsd: from.number() }
}
