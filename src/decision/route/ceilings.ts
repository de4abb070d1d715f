/** Ceilings on what is expected, and the order in which they give way when nobody stays below them. Pure. */
import { mostCost } from '../../core/decision-rows.ts'
import { NANO_USD } from '../../core/money.ts'
import type { GatewayRequest } from '../../core/types.ts'
import type { Admission } from './admission.ts'
import type { ResolvedRoute } from './resolutions.ts'
import { COLUMN, COLUMNS } from '../../core/terms.ts'

/** What each drops, for the reference. */
export const CEILINGS = {
  cost: { means: 'it is expected to cost more than the route or the caller allows' },
  latency: { means: 'its first token or its end is expected later than the route or the caller allows' },
} as const

/** What a candidate above a ceiling is taken out by; the numbers tell the rest. */
const ABOVE = { cost: { filter: 'cost', why: null }, latency: { filter: 'latency', why: null } } as const

export interface Ceilings {
  /** Nano-dollars; Infinity = none. */
  readonly cost: number
  /** Until the first token, ms. */
  readonly ttft: number
  /** Until the end, ms. */
  readonly total: number
}

/** What had to give way; latency before cost, never policy or capability. */
export type Relaxed = 'latency' | 'cost' | null

export const NO_CEILINGS: Ceilings = { cost: Infinity, ttft: Infinity, total: Infinity }

/** The route's and the caller's: the lower ones hold. */
export function ceilingsOf({ maxCostUsd, deadlineMs }: GatewayRequest, { rule }: ResolvedRoute): Ceilings {
  const none = rule === null || (rule.spec.maxCostUsd === null && rule.spec.maxTtftMs === null)
  if (none && maxCostUsd === null && deadlineMs === null) return NO_CEILINGS
  return {
    cost: NANO_USD * Math.min(maxCostUsd ?? Infinity, rule?.spec.maxCostUsd ?? Infinity),
    ttft: rule?.spec.maxTtftMs ?? Infinity,
    total: deadlineMs ?? Infinity,
  }
}

/** Without those that are above a ceiling. */
export function keepBelow(
  ceilings: Ceilings,
  rows: Float64Array,
  admission: Admission,
): { readonly admission: Admission; readonly relaxed: Relaxed } {
  const marks: (string | null)[] = admission.excluded.map(() => 'not asked')
  for (const row of admission.live) marks[row] = null
  const relaxed = relax(ceilings, rows, marks)
  const live = admission.live.filter((row) => marks[row] === null)
  const excluded = admission.excluded.map((reason, row) => {
    const mark = marks[row]
    return mark === 'cost' || mark === 'latency' ? ABOVE[mark] : reason
  })
  return { admission: { ...admission, live, excluded }, relaxed }
}

/** Marks in `dropped` what is above a ceiling. Where nobody would be left, latency gives way, then cost. */
export function relax(ceilings: Ceilings, rows: Float64Array, dropped: (string | null)[]): Relaxed {
  const { cost, ttft, total } = ceilings
  if (cost === Infinity && ttft === Infinity && total === Infinity) return null
  const live = [...dropped.keys()].filter((row) => dropped[row] === null)
  const value = (row: number, column: number): number => rows[row * COLUMNS + column]!
  // An unknown cost keeps within no ceiling.
  const dear = (row: number): boolean =>
    cost < Infinity && !(mostCost(value(row, COLUMN.cost), value(row, COLUMN.compared)) <= cost)
  const slow = (row: number): boolean => value(row, COLUMN.ttft) > ttft || value(row, COLUMN.total) > total
  const mark = (filter: string, over: (row: number) => boolean): void => {
    for (const row of live) if (dropped[row] === null && over(row)) dropped[row] = filter
  }
  if (live.some((row) => !dear(row) && !slow(row))) {
    mark('cost', dear)
    mark('latency', slow)
    return null
  }
  if (live.some((row) => !dear(row))) {
    mark('cost', dear)
    return live.length === 0 ? null : 'latency'
  }
  return live.length === 0 ? null : 'cost'
}
