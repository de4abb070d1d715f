/** The figures of a policy. Each formula stands in the README with its source. */
import { costAt, hullOf, meanQuality, type Point } from './hull.ts'

/** The costs of the cheapest and of the dearest single model. */
export interface CostRange {
  readonly low: number
  readonly high: number
}

/** Area under the hull over the range of costs, divided by its width. Null where all models cost the same. */
export function aiqLinear(points: readonly Point[], { low, high }: CostRange): number | null {
  return high > low ? meanQuality(hullOf(points), low, high) : null
}

/** The same with the logarithm of the cost, the hull being drawn there too. Null where something costs nothing. */
export function aiqLog(points: readonly Point[], { low, high }: CostRange): number | null {
  if (!(high > low && low > 0) || points.some(({ cost }) => cost <= 0)) return null
  const inLogs = points.map(({ cost, quality }) => ({ cost: Math.log(cost), quality }))
  return meanQuality(hullOf(inLogs), Math.log(low), Math.log(high))
}

/** The cost of a share of the best single model's quality, between settings by mixing; null where it is never reached. */
export function costAtShare(points: readonly Point[], share: number, best: number): number | null {
  return costAt(hullOf(points), share * best)
}

/**
 * Average performance gap recovered, of two models. The prompts go to the strong model in the order of `advantage`, the
 * highest first; PGR = (quality - weak) / (strong - weak); APGR is its mean over the share of strong calls from 0 to 1.
 * Prompts of equal advantage go in no order: quality is linear between. Null where strong is no better than weak.
 */
export function apgr(advantage: Float64Array, weak: Float64Array, strong: Float64Array): number | null {
  const order = Array.from(advantage.keys()).sort((a, b) => advantage[b]! - advantage[a]!)
  const gain = (index: number): number => strong[index]! - weak[index]!
  const whole = order.reduce((sum, index) => sum + gain(index), 0)
  if (whole <= 0) return null
  let area = 0
  let recovered = 0
  for (let from = 0; from < order.length;) {
    let to = from
    let gained = 0
    while (to < order.length && advantage[order[to]!] === advantage[order[from]!]) gained += gain(order[to++]!)
    area += (recovered + gained / 2) * (to - from)
    recovered += gained
    from = to
  }
  return area / order.length / whole
}

/** The p-th percentile (0..100) of the numbers by the nearest rank; NaN of none. */
export function percentile(numbers: readonly number[], p: number): number {
  const sorted = numbers.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil((p / 100) * sorted.length) - 1)] ?? Number.NaN
}
