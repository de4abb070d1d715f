/** From what the policies chose to the figures of the table. */
import { costAt, hullOf, type Point } from './hull.ts'
import { aiqLinear, aiqLog, apgr, costAtShare, type CostRange } from './metrics.ts'
import { highest, type Pool } from './pool.ts'
import { type Frontier, type Played, type PolicyName, withoutLengths } from './policies.ts'
import { pointOf } from './sweep.ts'

/** The figures of a policy; null where the data have no base for one. */
export interface Figures {
  readonly accuracy: number | null
  readonly aiq_linear: number | null
  readonly aiq_log: number | null
  readonly usd_per_1k_at_95: number | null
  readonly usd_per_1k_at_99: number | null
  readonly usd_per_1k_at_100: number | null
  readonly apgr: number | null
  readonly work_at_95: number | null
  readonly work_at_95_ratio: number | null
}
export type FigureName = keyof Figures

export const NO_FIGURES: Figures = {
  accuracy: null,
  aiq_linear: null,
  aiq_log: null,
  usd_per_1k_at_95: null,
  usd_per_1k_at_99: null,
  usd_per_1k_at_100: null,
  apgr: null,
  work_at_95: null,
  work_at_95_ratio: null,
}

/** What all points of a split are measured against. */
export interface Yardstick {
  readonly singles: readonly Point[]
  readonly cheapest: Point
  readonly best: Point
  readonly range: CostRange
}

export function yardstickOf({ truth, bestSingle, cheapest }: Played, pool: Pool): Yardstick {
  const singles = pool.models.map((_, column) =>
    pointOf({ choices: new Uint16Array(truth.samples.length).fill(column) }, truth),
  )
  return yardstickFrom(singles, bestSingle, cheapest)
}

/** The same from the points of the single models. */
export function yardstickFrom(singles: readonly Point[], bestSingle: number, cheapest: number): Yardstick {
  const costs = singles.map(({ cost }) => cost)
  return {
    singles,
    cheapest: singles[cheapest]!,
    best: singles[bestSingle]!,
    range: { low: Math.min(...costs), high: Math.max(...costs) },
  }
}

/** Figures of all policies that were played. Dollars only where the pool's currency is dollars, work where it is work. */
export function figuresOf(played: Played, pool: Pool): Map<PolicyName, Figures> {
  const yardstick = yardstickOf(played, pool)
  const all = new Map<PolicyName, Figures>()
  for (const [name, frontier] of played.frontiers) all.set(name, figuresOfOne(frontier, played, pool, yardstick))
  return all
}

function figuresOfOne(frontier: Frontier, played: Played, pool: Pool, yardstick: Yardstick): Figures {
  const points = frontier.settings.map((setting) => pointOf(setting, played.truth))
  const usd = (share: number): number | null => {
    const cost = pool.currency === 'usd' ? reached(frontier, points, share, yardstick.best) : null
    return cost === null ? null : cost * 1000
  }
  const work = pool.currency === 'work' ? reached(frontier, points, 0.95, yardstick.best) : null
  return {
    accuracy: points[0]!.quality,
    ...areas(points, yardstick),
    usd_per_1k_at_95: usd(0.95),
    usd_per_1k_at_99: usd(0.99),
    usd_per_1k_at_100: usd(1),
    apgr: gapRecovered(frontier, played, pool, yardstick),
    work_at_95: work,
    work_at_95_ratio: ratioToPriceOnly(work, frontier, played, pool, yardstick.best),
  }
}

/** AIQ both ways. Everybody may also send all to the cheapest model: a hull begins there. */
export function areas(points: readonly Point[], yardstick: Yardstick): Pick<Figures, 'aiq_linear' | 'aiq_log'> {
  const whole = [...points, yardstick.cheapest]
  return { aiq_linear: aiqLinear(whole, yardstick.range), aiq_log: aiqLog(whole, yardstick.range) }
}

/** What has no dial has its own cost or none: nobody mixes it. */
function reached(frontier: Frontier, points: readonly Point[], share: number, best: Point): number | null {
  if (!frontier.fixed) return costAtShare(points, share, best.quality)
  return points[0]!.quality >= share * best.quality ? points[0]!.cost : null
}

function ratioToPriceOnly(
  work: number | null,
  frontier: Frontier,
  played: Played,
  pool: Pool,
  best: Point,
): number | null {
  if (work === null || frontier.predictions === null) return null
  const blind = withoutLengths(frontier, pool)
  if (blind === null) return null
  const points = blind.settings.map((setting) => pointOf(setting, played.truth))
  const base = costAt(hullOf(points), 0.95 * best.quality)
  return base === null || base === 0 ? null : work / base
}

/** Of two models only; the weak one is that of the lower cost. */
function gapRecovered(frontier: Frontier, { truth }: Played, pool: Pool, { singles }: Yardstick): number | null {
  const { predictions } = frontier
  if (pool.models.length !== 2 || predictions === null) return null
  const strong =
    singles[0]!.cost === singles[1]!.cost ? pool.models.indexOf(pool.dearest) : highest(singles.map(({ cost }) => cost))
  const weak = 1 - strong
  return apgr(
    Float64Array.from(predictions, ({ success }) => success[strong]! - success[weak]!),
    columnOf(truth.score, weak),
    columnOf(truth.score, strong),
  )
}

const columnOf = (pairs: Float64Array, column: number): Float64Array =>
  Float64Array.from({ length: pairs.length / 2 }, (_, row) => pairs[2 * row + column]!)
