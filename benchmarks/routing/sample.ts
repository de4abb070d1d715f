/** The neutral form of routing data: prompts with what each model made of them. */

/** What one model made of one prompt. */
export interface ArmResult {
  /** 0..1. */
  readonly score: number
  readonly costUsd: number | null
  readonly outputTokens: number | null
}

export interface Sample {
  readonly prompt: string
  /** The data's own task class; null where it has none. */
  readonly label: string | null
  /** By model. A training sample may lack models, a test sample has them all. */
  readonly arms: Readonly<Record<string, ArmResult>>
}

/** What is known of a model beforehand; null is unknown. */
export interface ModelCard {
  readonly inputPerMtokUsd: number | null
  readonly outputPerMtokUsd: number | null
  readonly paramsB: number | null
  readonly open: boolean | null
}

/**
 * What a call costs: US dollars, GPU work in TFLOP (2 x parameters x output tokens), or, where nothing is known, 1 for the
 * dearest model and 0 for any other, whose mean is the share of calls to it.
 */
export type Currency = 'usd' | 'work' | 'share'

/** What is judged, whatever the prompts. */
export interface Subject {
  readonly cards: Readonly<Record<string, ModelCard>>
  /** What it is judged by; null leaves it to what the data have. */
  readonly currency: Currency | null
  /** False where output tokens are only assumed: no GPU work is made of them. */
  readonly lengthsMeasured: boolean
}

export interface DataSet extends Subject {
  readonly name: string
  readonly samples: readonly Sample[]
}

/** Average characters of a token over these data; all token counts that the data lack are estimated with it. */
export const CHARACTERS_PER_TOKEN = 3.6
