/** Results of models on prompts, in one form for all sets. */

/** How one model did with one prompt. */
export interface Outcome {
  /** 0..1 */
  readonly score: number
  readonly costUsd: number | null
  readonly outputTokens: number | null
}

export interface Sample {
  readonly prompt: string
  /** What the data itself says it is; null = it does not. */
  readonly label: string | null
  readonly arms: ReadonlyMap<string, Outcome>
}

/** Null = unknown. */
export interface ModelCard {
  readonly inputPerMtokUsd: number | null
  readonly outputPerMtokUsd: number | null
  readonly paramsB: number | null
  readonly open: boolean
}

export interface RoutingSet {
  readonly name: string
  readonly samples: readonly Sample[]
  readonly models: ReadonlyMap<string, ModelCard>
}

/** Characters of English for a token, where the data has no counts. */
export const CHARS_PER_TOKEN = 3.6

/** Which half a prompt belongs to: the same in all sets, so that what was learnt of it in one is not asked of it in another. */
export function isTrain(prompt: string, seed: number): boolean {
  const text = prompt.replace(/\s+/g, ' ').trim()
  let hash = 0x811c9dc5 ^ Math.imul(seed + 1, 0x9e3779b1)
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
  hash = Math.imul(hash ^ (hash >>> 12), 0x297a2d39)
  return ((hash ^ (hash >>> 15)) & 1) === 0
}
