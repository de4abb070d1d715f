/** The seam between the harness and what it measures. */
import type { Pool } from './pool.ts'
import type { Sample } from './sample.ts'

export interface Prediction {
  /** Probability of a good answer, or the expected score, by model in the pool's order. */
  readonly success: Float64Array
  /** Expected cost of the call by model, in the pool's currency. */
  readonly cost: Float64Array
}

/** Predicts what each model would make of a prompt. */
export interface Scorer {
  /** `label` is the data's own class: a scorer that stands for a deployed router must not read it. */
  predict(prompt: string, label: string | null): Prediction
}

/** What a policy may learn from. */
export interface Lesson {
  readonly pool: Pool
  /** The training half of the set; empty where there is none. */
  readonly train: readonly Sample[]
  /** The training halves, by the same seed, of the other sets, without near copies of this set's test prompts. */
  readonly elsewhere: readonly Sample[]
  readonly seed: number
}

/** What the gateway ships: its classifier and its learner behind a scorer. */
export interface Shipped {
  /** The class that the gateway sees in a prompt. */
  classOf(prompt: string): string
  learn(lesson: Lesson): Scorer
}
