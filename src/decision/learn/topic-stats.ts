/** Tables over topics: how many observations there were, and what they came to. */
import type { TopicStats, TextFeatures } from '../../core/arm.ts'

export const newCells = (topics: number): TopicStats => ({
  count: new Float64Array(topics),
  sum: new Float64Array(topics),
  total: 0,
  totalSum: 0,
  squares: 0,
})

export type About = Pick<TextFeatures, 'topics' | 'shares'>

/** A value of a table with an entry for each topic, for a text. */
export function blend(values: Float64Array, { topics, shares }: About): number {
  let sum = 0
  for (let i = 0; i < topics.length; i++) sum += shares[i]! * values[topics[i]!]!
  return sum
}

/** Observations that speak for a text like this. */
export const evidence = (cells: TopicStats, about: About): number => blend(cells.count, about)

/** Old observations fade, so that a model that was changed is known again: the last thousand of a topic count. */
const MEMORY = 0.999

/** One observation. */
export interface Seen {
  /** As it is kept of its topics. */
  readonly value: number
  /** What of it is this table's own, over all topics. */
  readonly own: number
  /** What came less what was expected. */
  readonly surprise: number
  /** What it counts for: 1 is a whole observation. */
  readonly weight: number
}

export function record(cells: TopicStats, { topics, shares }: About, { value, own, surprise, weight }: Seen): void {
  for (let i = 0; i < topics.length; i++) {
    const topic = topics[i]!
    const counted = shares[i]! * weight
    const keep = 1 - (1 - MEMORY) * counted
    cells.count[topic] = cells.count[topic]! * keep + counted
    cells.sum[topic] = cells.sum[topic]! * keep + counted * value
  }
  const keep = 1 - (1 - MEMORY) * weight
  cells.total = cells.total * keep + weight
  cells.totalSum = cells.totalSum * keep + weight * own
  cells.squares = cells.squares * keep + weight * surprise * surprise
}

/** Takes in all that other tables hold. */
export function gather(cells: TopicStats, others: readonly TopicStats[]): TopicStats {
  for (const other of others) {
    for (let topic = 0; topic < cells.count.length; topic++) {
      cells.count[topic]! += other.count[topic]!
      cells.sum[topic]! += other.sum[topic]!
    }
    cells.total += other.total
    cells.totalSum += other.totalSum
    cells.squares += other.squares
  }
  return cells
}

/** A copy: the same observations as deviations from `to` that were deviations from `from`. */
export function rebased(old: TopicStats, from: Float64Array, to: Float64Array): TopicStats {
  const cells = { ...old, count: Float64Array.from(old.count), sum: Float64Array.from(old.sum) }
  let observed = 0
  let shift = 0
  for (let topic = 0; topic < from.length; topic++) {
    const apart = cells.count[topic]! * (from[topic]! - to[topic]!)
    cells.sum[topic]! += apart
    observed += cells.count[topic]!
    shift += apart
  }
  if (observed > 0) cells.totalSum += (shift / observed) * cells.total
  return cells
}
