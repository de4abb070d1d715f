/** How sure the differences to the base lines are: paired bootstrap over the test prompts. */
import { areas, type Yardstick, yardstickFrom } from './figures.ts'
import type { Point } from './hull.ts'
import { percentile } from './metrics.ts'
import type { Played, PolicyName } from './policies.ts'
import { randomFrom } from './random.ts'
import type { Truth } from './pool.ts'
import type { Setting } from './sweep.ts'

/** Draws over all seeds together. */
export const DRAWS = 1000

export const COMPARED = ['accuracy', 'aiq_linear', 'aiq_log'] as const
export const RIVALS = ['gold_table', 'shuffled', 'best_single'] as const satisfies readonly PolicyName[]

type Compared = (typeof COMPARED)[number]
type Rival = (typeof RIVALS)[number]
export type Differences = Record<Rival, Record<Compared, number[]>>

/** A difference of two policies on the same prompts, turnout's less the other's. */
export interface Interval {
  readonly mean: number
  /** Its 95 % interval. */
  readonly low: number
  readonly high: number
}

export function noDifferences(): Differences {
  const none = (): Record<Compared, number[]> => ({ accuracy: [], aiq_linear: [], aiq_log: [] })
  return { gold_table: none(), shuffled: none(), best_single: none() }
}

/** Draws the test prompts anew, `times` times, and adds the differences of each draw to `into`. */
export function resample(played: Played, times: number, seed: number, into: Differences): void {
  const { truth, frontiers } = played
  const turnout = frontiers.get('turnout')
  if (turnout === undefined || truth.samples.length === 0) return
  const singles = Array.from({ length: truth.width }, (_, column) =>
    outcomesOf({ choices: new Uint16Array(truth.samples.length).fill(column) }, truth),
  )
  const ours = turnout.settings.map((setting) => outcomesOf(setting, truth))
  const rivals = RIVALS.flatMap((name) => {
    const frontier = frontiers.get(name)
    return frontier === undefined
      ? []
      : [[name, frontier.settings.map((setting) => outcomesOf(setting, truth))] as const]
  })
  const random = randomFrom(seed + 4000)
  const weights = new Float64Array(truth.samples.length)
  for (let draw = 0; draw < times; draw++) {
    weights.fill(0)
    for (let count = 0; count < weights.length; count++) weights[Math.floor(random() * weights.length)]! += 1
    const yardstick = yardstickFrom(
      singles.map((outcomes) => weighted(outcomes, weights)),
      played.bestSingle,
      played.cheapest,
    )
    const own = drawn(ours, weights, yardstick)
    for (const [name, outcomes] of rivals) {
      const other = drawn(outcomes, weights, yardstick)
      for (const figure of COMPARED) {
        const [a, b] = [own[figure], other[figure]]
        if (a !== null && b !== null) into[name][figure].push(a - b)
      }
    }
  }
}

/** The mean and the middle 95 % of the differences; null where there are none. */
export function intervalOf(differences: readonly number[]): Interval | null {
  if (differences.length === 0) return null
  const mean = differences.reduce((sum, one) => sum + one, 0) / differences.length
  return { mean, low: percentile(differences, 2.5), high: percentile(differences, 97.5) }
}

interface Outcomes {
  readonly score: Float64Array
  readonly cost: Float64Array
}

function outcomesOf({ choices }: Pick<Setting, 'choices'>, truth: Truth): Outcomes {
  const pick = (values: Float64Array): Float64Array =>
    Float64Array.from(choices, (column, row) => values[row * truth.width + column]!)
  return { score: pick(truth.score), cost: pick(truth.cost) }
}

function weighted({ score, cost }: Outcomes, weights: Float64Array): Point {
  let quality = 0
  let spent = 0
  for (let row = 0; row < weights.length; row++) {
    quality += weights[row]! * score[row]!
    spent += weights[row]! * cost[row]!
  }
  return { cost: spent / weights.length, quality: quality / weights.length }
}

function drawn(
  settings: readonly Outcomes[],
  weights: Float64Array,
  yardstick: Yardstick,
): Record<Compared, number | null> {
  const points = settings.map((outcomes) => weighted(outcomes, weights))
  return { accuracy: points[0]!.quality, ...areas(points, yardstick) }
}
