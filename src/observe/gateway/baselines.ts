/** What answers would have cost at the route's baseline, as far as that can be known. */
import type { ExpectedBaseline } from '../../core/record.ts'
import { type RequestRecord, soleAnswer } from '../../core/request-record.ts'

/** Integer nano-dollars. */
export interface Comparison {
  readonly baselineNanoUsd: number
  /** What the same request did cost, failed attempts included. */
  readonly comparedNanoUsd: number
  /** The baseline itself answered: its cost is no guess. */
  readonly own: boolean
}

/** Decayed sums over the answers of one deployment. */
interface Calibration {
  answers: number
  actual: number
  predicted: number
}

/** Half of what is believed comes from the last 34 answers. */
const KEPT = 0.98
/** So many answers that came as predicted are believed in before the first one. */
const PRIOR_ANSWERS = 5
/** One answer says no more than that a prediction was off by so much: a single odd one is not to make savings up. */
const MOST_OFF = 10

/** Remembers, for each deployment that is a baseline, how its predictions turned out where it answered itself. */
export class Baselines {
  readonly #calibrations = new Map<string, Calibration>()

  /**
   * Null where it cannot be said: a cost is unknown, or the answer broke off, and nothing shows how far the baseline's would have
   * come. Where the baseline itself answered, its cost is no guess.
   */
  compare(baseline: ExpectedBaseline, record: RequestRecord): Comparison | null {
    const { cost, partial, answered, error } = record
    if (!answered || error !== null || cost === null || partial) return null
    const predicted = baseline.nanoUsd
    const answer = soleAnswer(record)
    if (
      answer?.backend === baseline.backend &&
      answer.model === baseline.model &&
      answer.effort === null &&
      answer.cost !== null
    ) {
      const { nanoUsd, estimated } = answer.cost
      if (!estimated && predicted !== null && predicted > 0) this.#learn(idOf(baseline), nanoUsd, predicted)
      return { baselineNanoUsd: nanoUsd, comparedNanoUsd: cost.nanoUsd, own: true }
    }
    if (predicted === null) return null
    const baselineNanoUsd = Math.round(predicted * this.ratio(baseline))
    return { baselineNanoUsd, comparedNanoUsd: cost.nanoUsd, own: false }
  }

  /** Actual to predicted cost; 1 where it has not answered yet. */
  ratio(baseline: { readonly backend: string; readonly model: string }): number {
    const known = this.#calibrations.get(idOf(baseline))
    if (known === undefined) return 1
    const { answers, actual, predicted } = known
    return (answers * (actual / predicted) + PRIOR_ANSWERS) / (answers + PRIOR_ANSWERS)
  }

  #learn(id: string, actual: number, predicted: number): void {
    const before = this.#calibrations.get(id) ?? { answers: 0, actual: 0, predicted: 0 }
    const bounded = Math.min(predicted * MOST_OFF, Math.max(predicted / MOST_OFF, actual))
    this.#calibrations.set(id, {
      answers: before.answers * KEPT + 1,
      actual: before.actual * KEPT + bounded,
      predicted: before.predicted * KEPT + predicted,
    })
  }
}

const idOf = ({ backend, model }: { readonly backend: string; readonly model: string }): string => `${backend}/${model}`
