/** What the classifier is trained on: a text, what it is about, and how models fared with it. */
export interface Lesson {
  /** The data set: topics and models of one are not those of another. */
  readonly set: string
  readonly prompt: string
  readonly label: string
  /** 0..1 by model; empty for texts that nobody answered. */
  readonly scores: ReadonlyMap<string, number>
  /** By model, where the data tells. */
  readonly outputTokens: ReadonlyMap<string, number>
}

/** Numbers between 0 and 1, the same for the same seed. */
export function random(seed: number): () => number {
  let state = seed >>> 0 || 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    state >>>= 0
    return state / 2 ** 32
  }
}

export function shuffle<T>(list: T[], next: () => number): T[] {
  for (let i = list.length - 1; i > 0; i--) {
    const j = Math.floor(next() * (i + 1))
    const kept = list[i]!
    list[i] = list[j]!
    list[j] = kept
  }
  return list
}
