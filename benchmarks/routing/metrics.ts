/** Figures of a frontier. Formulas and their sources: README.md. Pure. */

/** What one setting of a policy gives: mean cost and mean quality over the prompts. */
export interface Point {
  readonly cost: number
  readonly quality: number
}

/** The points that no mixture of two others beats, by rising cost: the non-decreasing upper convex hull. */
export function hullOf(points: readonly Point[]): Point[] {
  const hull: Point[] = []
  for (const point of [...points].sort((a, b) => a.cost - b.cost || b.quality - a.quality)) {
    const last = hull.at(-1)
    if (last !== undefined && point.quality <= last.quality) continue
    while (hull.length > 1 && isBelow(hull.at(-2)!, hull.at(-1)!, point)) hull.pop()
    hull.push(point)
  }
  return hull
}

/** Whether the middle one lies on or below the line between the others. */
const isBelow = (left: Point, middle: Point, right: Point): boolean =>
  (middle.quality - left.quality) * (right.cost - left.cost) <=
  (right.quality - left.quality) * (middle.cost - left.cost)

/** Mean quality over the range of costs; below the cheapest point there is none. */
export function aiq(points: readonly Point[], from: number, to: number, scale: 'linear' | 'log'): number {
  const place = scale === 'log' ? Math.log : (cost: number): number => cost
  const hull = hullOf(points.map(({ cost, quality }) => ({ cost: place(cost), quality })))
  const left = place(from)
  const right = place(to)
  let area = 0
  for (let i = 0; i < hull.length; i++) {
    const start = hull[i]!
    const next = hull[i + 1] ?? { cost: Infinity, quality: start.quality }
    const a = Math.max(left, start.cost)
    const b = Math.min(right, next.cost)
    if (b > a) area += ((qualityAt(start, next, a) + qualityAt(start, next, b)) / 2) * (b - a)
  }
  return area / (right - left)
}

const qualityAt = (start: Point, next: Point, cost: number): number =>
  next.cost === Infinity
    ? start.quality
    : start.quality + ((next.quality - start.quality) * (cost - start.cost)) / (next.cost - start.cost)

/** Least cost of that quality, mixing two settings where need be; null where it is not reached. */
export function costAt(points: readonly Point[], quality: number): number | null {
  const hull = hullOf(points)
  const [first] = hull
  if (first === undefined) return null
  if (first.quality >= quality) return first.cost
  for (let i = 1; i < hull.length; i++) {
    const right = hull[i]!
    if (right.quality < quality) continue
    const left = hull[i - 1]!
    return left.cost + ((right.cost - left.cost) * (quality - left.quality)) / (right.quality - left.quality)
  }
  return null
}

/**
 * Average performance gap recovered between always the weak and always the strong model, over all shares of strong calls.
 * `gain`: what a policy expects of the strong model; `weak`, `strong`: the true scores. Equal gains are taken in bulk.
 */
export function apgr(gain: readonly number[], weak: readonly number[], strong: readonly number[]): number | null {
  const size = gain.length
  const low = mean(weak)
  const gap = mean(strong) - low
  if (size === 0 || gap === 0) return null
  const order = [...gain.keys()].sort((a, b) => gain[b]! - gain[a]!)
  let quality = low
  let area = 0
  for (let start = 0; start < size;) {
    let end = start
    let step = 0
    while (end < size && gain[order[end]!] === gain[order[start]!]) {
      step += (strong[order[end]!]! - weak[order[end]!]!) / size
      end++
    }
    area += (((2 * quality + step) / 2 - low) / gap) * ((end - start) / size)
    quality += step
    start = end
  }
  return area
}

export const mean = (list: readonly number[]): number => list.reduce((sum, one) => sum + one, 0) / list.length

/** Sample standard deviation; 0 for one value. */
export function deviation(list: readonly number[]): number {
  if (list.length < 2) return 0
  const middle = mean(list)
  return Math.sqrt(list.reduce((sum, one) => sum + (one - middle) ** 2, 0) / (list.length - 1))
}

export function quantile(list: readonly number[], share: number): number {
  const sorted = [...list].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!
}
