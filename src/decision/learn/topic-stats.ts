/** Tables over topics, with shrinkage: a topic that was seldom seen is taken to be like the others. */
import type { TopicStats, TextFeatures } from '../../core/arm.ts'

export const newCells = (topics: number): TopicStats => ({
  count: new Float64Array(topics),
  sum: new Float64Array(topics),
  total: 0,
  totalSum: 0,
  squares: 0,
})

type About = Pick<TextFeatures, 'topics' | 'shares'>

/** A value of a table with an entry for each topic, for a text. */
export function blend(values: Float64Array, { topics, shares }: About): number {
  let sum = 0
  for (let i = 0; i < topics.length; i++) sum += shares[i]! * values[topics[i]!]!
  return sum
}

/**
 * Expected deviation. `strength`: observations that the mean over all topics counts for, and before that `parent`: what is
 * expected of a larger family.
 */
export function deviation(cells: TopicStats, { topics, shares }: About, strength: number, parent = 0): number {
  if (cells.total === 0) return parent
  const shift = (cells.totalSum + strength * parent) / (cells.total + strength)
  let sum = 0
  for (let i = 0; i < topics.length; i++) {
    const topic = topics[i]!
    sum += (shares[i]! * (cells.sum[topic]! + strength * shift)) / (cells.count[topic]! + strength)
  }
  return sum
}

/** Observations that speak for a text like this. */
export const evidence = (cells: TopicStats, about: About): number => blend(cells.count, about)

/** Old observations fade, so that a model that was changed is known again: the last thousand of a topic count. */
const MEMORY = 0.999

/** Takes in one deviation; `strength` as in `deviation`. */
export function recordValue(cells: TopicStats, about: About, value: number, strength: number, parent = 0): void {
  const { topics, shares } = about
  const surprise = value - deviation(cells, about, strength, parent)
  for (let i = 0; i < topics.length; i++) {
    const topic = topics[i]!
    const share = shares[i]!
    const keep = 1 - (1 - MEMORY) * share
    cells.count[topic] = cells.count[topic]! * keep + share
    cells.sum[topic] = cells.sum[topic]! * keep + share * value
  }
  cells.total = cells.total * MEMORY + 1
  cells.totalSum = cells.totalSum * MEMORY + value
  cells.squares = cells.squares * MEMORY + surprise * surprise
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
