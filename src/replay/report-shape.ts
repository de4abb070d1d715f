/** What a replay reports, as people and programs read it. Field names are contract. */
import type { Skip } from './lines.ts'
import type { Measure } from './logged.ts'
import type { Unjudged } from './replay.ts'

/** B - A. Null = unknown. */
export interface Difference {
  readonly value: number | null
  readonly low: number | null
  readonly high: number | null
}

export interface MeasureReport {
  /** Of so many requests both expectations are known. */
  readonly requests: number
  /** Mean of what happened to those of them of which it is known. */
  readonly happened: { readonly requests: number; readonly mean: number | null }
  /** Means of what was expected of the choices. */
  readonly expected: { readonly a: number | null; readonly b: number | null; readonly difference: Difference }
  /** The same, corrected by what happened (doubly robust). */
  readonly corrected: { readonly a: number | null; readonly b: number | null; readonly difference: Difference }
}

export interface EvidenceReport {
  readonly requests: number
  /** What the policy would choose was chosen. */
  readonly agrees: number
  readonly effective_sample_size: number
}

export interface Report {
  readonly requests: number
  readonly skipped: Readonly<Record<Skip, number>>
  readonly unjudged: Readonly<Record<Unjudged, number>>
  /** Requests where the policy chooses what was chosen. */
  readonly agreement: { readonly a: number; readonly b: number }
  /** Requests where the policy would also consider what the record does not hold. */
  readonly incomplete: { readonly a: number; readonly b: number }
  /** Requests where a route with a condition on headers was passed over. */
  readonly header_routes: { readonly a: number; readonly b: number }
  /** Requests that went by another route or strategy than A has for them. */
  readonly routed_otherwise: number
  readonly moves: {
    readonly requests: number
    readonly pairs: readonly { readonly from: string; readonly to: string; readonly requests: number }[]
  }
  readonly measures: Readonly<Record<Measure, MeasureReport>>
  readonly median_total_ms: {
    readonly happened: number | null
    readonly a: number | null
    readonly b: number | null
    readonly difference: Difference
  }
  readonly evidence: {
    readonly drawn: number
    readonly most_weight: number
    readonly all: EvidenceReport
    readonly moved: EvidenceReport
  }
  readonly warnings: readonly string[]
}
