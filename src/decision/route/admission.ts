import type { Excluded } from '../../core/decision-rows.ts'

/** Who can be asked. Rows are in the order of the candidates. */
export interface Admission {
  /** Rows that count as candidates: a deployment that is taken out has one of its own, whatever efforts it has. */
  readonly present: readonly number[]
  /** Those that no filter takes out. */
  readonly live: readonly number[]
  /** By row. */
  readonly excluded: readonly (Excluded | null)[]
}
