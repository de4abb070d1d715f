/** The non-decreasing convex hull of cost-quality points: what a policy reaches by mixing two of its settings at random. */

export interface Point {
  readonly cost: number
  readonly quality: number
}

/** The corners from the cheapest point to the cheapest of the best, each dearer, better and less steep than the one before. */
export function hullOf(points: readonly Point[]): Point[] {
  const sorted = points.toSorted((a, b) => a.cost - b.cost || b.quality - a.quality)
  const corners: Point[] = []
  let best = -Infinity
  for (const point of sorted) {
    if (point.quality <= best) continue
    best = point.quality
    while (corners.length > 1 && !bendsDown(corners.at(-2)!, corners.at(-1)!, point)) corners.pop()
    corners.push(point)
  }
  return corners
}

const bendsDown = (a: Point, b: Point, c: Point): boolean =>
  (b.quality - a.quality) * (c.cost - a.cost) > (c.quality - a.quality) * (b.cost - a.cost)

/** The hull's quality at a cost: flat before its first corner and after its last. */
export function qualityAt(hull: readonly Point[], cost: number): number {
  const after = hull.findIndex((corner) => corner.cost >= cost)
  if (after < 0) return hull.at(-1)!.quality
  const b = hull[after]!
  const a = hull[after - 1]
  return a === undefined ? b.quality : a.quality + ((b.quality - a.quality) * (cost - a.cost)) / (b.cost - a.cost)
}

/** The least cost at which the hull has the quality; null where it never has. */
export function costAt(hull: readonly Point[], quality: number): number | null {
  const at = hull.findIndex((corner) => corner.quality >= quality)
  if (at < 0) return null
  const b = hull[at]!
  const a = hull[at - 1]
  return a === undefined ? b.cost : a.cost + ((b.cost - a.cost) * (quality - a.quality)) / (b.quality - a.quality)
}

/** The mean quality of the hull over the costs from `low` to `high`. */
export function meanQuality(hull: readonly Point[], low: number, high: number): number {
  const costs = [low, ...hull.map(({ cost }) => cost).filter((cost) => cost > low && cost < high), high]
  let area = 0
  for (let index = 1; index < costs.length; index++) {
    const [from, to] = [costs[index - 1]!, costs[index]!]
    area += ((qualityAt(hull, from) + qualityAt(hull, to)) / 2) * (to - from)
  }
  return area / (high - low)
}
