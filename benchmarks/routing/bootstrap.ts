/** How sure the differences to the base lines are: paired bootstrap over the test prompts. */
import { areas, type Yardstick, yardstickFrom } from './figures.ts'
import type { Point } from './hull.ts'
import { percentile } from './metrics.ts'
import type { Frontier, Played, PolicyName } from './policies.ts'
import { randomFrom } from './random.ts'
import type { Truth } from './pool.ts'
import type { Setting } from './sweep.ts'

/** Draws over all seeds together. */
export const DRAWS = 1000

export const COMPARED = ['accuracy', 'aiq_linear', 'aiq_log'] as const
export const RIVALS = ['gold_table', 'shuffled', 'best_single'] as const satisfies readonly PolicyName[]

export type Compared = (typeof COMPARED)[number]
type Rival = (typeof RIVALS)[number]
export type Differences = Record<Rival, Record<Compared, number[]>>

/** A difference of two policies on the same prompts, turnout's less the other's. */
export interface Interval {
  readonly mean: number
  /** Its 95 % interval. */
  readonly low: number
  readonly high: number
}

export const noDraws = (): Record<Compared, number[]> => ({ accuracy: [], aiq_linear: [], aiq_log: [] })

export function noDifferences(): Differences {
  return { gold_table: noDraws(), shuffled: noDraws(), best_single: noDraws() }
}

/** Adds what turnout has more than its rivals, for each of so many draws. */
export function resample(played: Played, times: number, seed: number, into: Differences): void {
  const turnout = played.frontiers.get('turnout')
  if (turnout === undefined) return
  const rivals = RIVALS.flatMap((name) => {
    const frontier = played.frontiers.get(name)
    return frontier === undefined ? [] : [[name, frontier] as const]
  })
  compare(played, turnout, rivals, { times, seed }, (name, figure, more) => into[name][figure].push(more))
}

interface Draws {
  readonly times: number
  readonly seed: number
}

/** Draws the test prompts anew and tells what `own` has more than each of the others on the same prompts. */
export function compare<N extends string | number>(
  { truth, bestSingle, cheapest }: Played,
  own: Frontier,
  others: readonly (readonly [N, Frontier])[],
  { times, seed }: Draws,
  tell: (name: N, figure: Compared, more: number) => void,
): void {
  if (truth.samples.length === 0) return
  const singles = Array.from({ length: truth.width }, (_, column) =>
    outcomesOf({ choices: new Uint16Array(truth.samples.length).fill(column) }, truth),
  )
  const all = (frontier: Frontier): Outcomes[] => frontier.settings.map((setting) => outcomesOf(setting, truth))
  const ours = all(own)
  const theirs = others.map(([name, frontier]) => [name, all(frontier)] as const)
  const random = randomFrom(seed + 4000)
  const weights = new Float64Array(truth.samples.length)
  for (let draw = 0; draw < times; draw++) {
    weights.fill(0)
    for (let count = 0; count < weights.length; count++) weights[Math.floor(random() * weights.length)]! += 1
    const points = singles.map((outcomes) => weighted(outcomes, weights))
    const yardstick = yardstickFrom(points, bestSingle, cheapest)
    const mine = drawn(ours, weights, yardstick)
    for (const [name, outcomes] of theirs) {
      const other = drawn(outcomes, weights, yardstick)
      for (const figure of COMPARED) {
        const [a, b] = [mine[figure], other[figure]]
        if (a !== null && b !== null) tell(name, figure, a - b)
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
