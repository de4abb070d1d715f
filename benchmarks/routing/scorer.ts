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

/** A gateway that has answered nothing yet. */
export interface Learner extends Scorer {
  /** The model that it would ask now, by `random` (0 to 1) also one of which it wants to know more. */
  ask(prompt: string, random: () => number): string
  /** These models' answers to a prompt, and how good they were, are told to it. A model that the sample lacks is passed over. */
  judge(sample: Sample, models: readonly string[]): void
}

/** What the gateway ships: its classifier and its learner. */
export interface Shipped {
  /** The class that the gateway sees in a prompt. */
  classOf(prompt: string): string
  /** Its classifier may know the texts of the lesson; of the models it knows what an operator would. */
  begin(lesson: Lesson): Learner
}
