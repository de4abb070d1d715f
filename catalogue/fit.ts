/**
 * One scale for all benchmarks: figure = offset + slope x ability, in log-odds, where the ability of a model at a class is what it has in
 * general and a deviation of the class that is drawn towards none. Abilities, offsets, slopes and the noise of each benchmark are
 * found in turns (expectation and maximization). Pure.
 */
import { TASK_CLASSES } from '../src/core/capabilities.ts'
import type { Benchmarks, Figure } from './results.ts'
import { oddsOfFigure } from './scale.ts'
import { inverse, times } from './solve.ts'

const CLASSES = TASK_CLASSES.length
const SIZE = CLASSES + 1
const TURNS = 30
/** Benchmarks' worth of the guess that a class deviates as all do. */
const CLASS_GUESS = { variance: 0.12, strength: 20 }
/** Of a benchmark before it is looked at: its slope and noise, and figures that each guess is worth. */
const SLOPE = { mean: 0.8, strength: 3 }
const NOISE = { variance: 0.15, strength: 4 }
const LEAST_SLOPE = 0.02

/** What a benchmark turned out to be. */
export interface Fitted {
  readonly offset: number
  readonly slope: number
  readonly noise: number
  readonly count: number
}

/** Of a model, in units in which all models scatter by 1 about 0. */
export interface Ability {
  /** In general, then by class: what to add. */
  readonly mean: Float64Array
  readonly covariance: Float64Array
}

export interface Fit {
  readonly abilities: ReadonlyMap<string, Ability>
  readonly benchmarks: ReadonlyMap<string, Fitted>
  /** What an effort adds where there is something to work out, and elsewhere. */
  readonly efforts: ReadonlyMap<string, readonly [number, number]>
  /** Variance of the deviations of each class. */
  readonly spread: Float64Array
}

interface Seen {
  readonly figure: Figure
  readonly odds: number
  /** Columns of its classes. */
  readonly columns: readonly number[]
  /** 1: as far as there is something to work out. */
  readonly worked: number
}

/** Where thinking helps. */
const WORKED: ReadonlySet<string> = new Set(['math', 'logic', 'code', 'agent', 'knowledge'])

export function fitOf(figures: readonly Figure[], benchmarks: Benchmarks): Fit {
  const seen = figures.map((figure): Seen => {
    const benchmark = benchmarks[figure.benchmark]
    if (benchmark === undefined) throw new Error(`${figure.benchmark} is not in benchmarks.yaml`)
    const { classes } = benchmark
    return {
      figure,
      odds: oddsOfFigure(figure.value, benchmark),
      columns: classes.map((one) => 1 + TASK_CLASSES.indexOf(one)),
      worked: classes.filter((one) => WORKED.has(one)).length / classes.length,
    }
  })
  const byModel = grouped(seen, ({ figure }) => figure.model)
  const byBenchmark = grouped(seen, ({ figure }) => figure.benchmark)
  const byEffort = grouped(seen, ({ figure }) => figure.effort)
  const spread = new Float64Array(CLASSES).fill(CLASS_GUESS.variance)
  let efforts = new Map<string, readonly [number, number]>()
  let fitted = new Map([...byBenchmark].map(([name, all]) => [name, firstOf(all)]))
  let abilities = new Map<string, Ability>()
  for (let turn = 0; turn < TURNS; turn++) {
    const known = { fitted, efforts, spread }
    abilities = standard(new Map([...byModel].map(([model, all]) => [model, abilityOf(all, known)])))
    fitted = new Map([...byBenchmark].map(([name, all]) => [name, benchmarkOf(all, abilities, efforts)]))
    efforts = effortsOf(byEffort, abilities, fitted)
    spreadOf(byModel, abilities, spread)
  }
  return { abilities, benchmarks: fitted, efforts, spread }
}

const firstOf = (all: readonly Seen[]): Fitted => ({
  offset: all.reduce((sum, { odds }) => sum + odds, 0) / all.length,
  slope: SLOPE.mean,
  noise: NOISE.variance,
  count: all.length,
})

interface Known {
  readonly fitted: ReadonlyMap<string, Fitted>
  readonly efforts: Fit['efforts']
  readonly spread: Float64Array
}

const shiftOf = ({ figure, worked }: Seen, efforts: Fit['efforts']): number => {
  const [much, little] = (figure.effort === null ? undefined : efforts.get(figure.effort)) ?? [0, 0]
  return worked * much + (1 - worked) * little
}

/** Given what the benchmarks are. */
function abilityOf(all: readonly Seen[], { fitted, efforts, spread }: Known): Ability {
  const precision = new Float64Array(SIZE * SIZE)
  const sum = new Float64Array(SIZE)
  precision[0] = 1
  for (let i = 0; i < CLASSES; i++) precision[(i + 1) * SIZE + i + 1] = 1 / spread[i]!
  for (const one of all) {
    const { offset, slope, noise } = fitted.get(one.figure.benchmark)!
    const row = rowOf(one)
    const left = one.odds - offset - slope * shiftOf(one, efforts)
    for (const [i, a] of row) {
      sum[i]! += (a * slope * left) / noise
      for (const [j, b] of row) precision[i * SIZE + j]! += (a * b * slope * slope) / noise
    }
  }
  const covariance = inverse(precision, SIZE)
  return { mean: times(covariance, sum), covariance }
}

/** What a figure shows of a model: columns and their weights. */
const rowOf = ({ columns }: Seen): readonly (readonly [number, number])[] => [
  [0, 1],
  ...columns.map((column) => [column, 1 / columns.length] as const),
]

const expected = (one: Seen, { mean }: Ability): number => rowOf(one).reduce((sum, [i, a]) => sum + a * mean[i]!, 0)

const uncertain = (one: Seen, { covariance }: Ability): number => {
  const row = rowOf(one)
  let sum = 0
  for (const [i, a] of row) for (const [j, b] of row) sum += a * b * covariance[i * SIZE + j]!
  return sum
}

/** The general abilities of all models with a mean of 0 and a variance of 1. */
function standard(abilities: Map<string, Ability>): Map<string, Ability> {
  const all = [...abilities.values()].map(({ mean }) => mean[0]!)
  const middle = all.reduce((sum, one) => sum + one, 0) / all.length
  const scale = Math.sqrt(all.reduce((sum, one) => sum + (one - middle) ** 2, 0) / all.length)
  return new Map(
    [...abilities].map(([model, { mean, covariance }]) => [
      model,
      {
        mean: mean.map((one, at) => (at === 0 ? one - middle : one) / scale),
        covariance: covariance.map((one) => one / (scale * scale)),
      },
    ]),
  )
}

/** Offset and slope by least squares, with the doubt about the abilities, and a guess of the slope. */
function benchmarkOf(all: readonly Seen[], abilities: ReadonlyMap<string, Ability>, efforts: Fit['efforts']): Fitted {
  const count = all.length
  const x = all.map((one) => expected(one, abilities.get(one.figure.model)!) + shiftOf(one, efforts))
  const doubt = all.reduce((sum, one) => sum + uncertain(one, abilities.get(one.figure.model)!), 0)
  const meanX = x.reduce((sum, one) => sum + one, 0) / count
  const meanY = all.reduce((sum, { odds }) => sum + odds, 0) / count
  let squares = doubt
  let products = 0
  for (const [at, { odds }] of all.entries()) {
    squares += (x[at]! - meanX) ** 2
    products += (x[at]! - meanX) * (odds - meanY)
  }
  const guess = SLOPE.strength * NOISE.variance
  const slope = Math.max(LEAST_SLOPE, (products + guess * SLOPE.mean) / (squares + guess))
  const offset = meanY - slope * meanX
  let left = slope * slope * doubt
  for (const [at, { odds }] of all.entries()) left += (odds - offset - slope * x[at]!) ** 2
  const noise = (left + NOISE.strength * NOISE.variance) / (count + NOISE.strength)
  return { offset, slope, noise, count }
}

/** What is left of the figures at an effort, in units of ability; twenty figures' worth of no difference. */
function effortsOf(
  byEffort: ReadonlyMap<string | null, readonly Seen[]>,
  abilities: ReadonlyMap<string, Ability>,
  fitted: ReadonlyMap<string, Fitted>,
): Map<string, readonly [number, number]> {
  const efforts = new Map<string, readonly [number, number]>()
  for (const [effort, all] of byEffort) {
    if (effort === null) continue
    const shift = (part: (one: Seen) => number): number => {
      let weights = 20 / NOISE.variance
      let sum = 0
      for (const one of all) {
        const { offset, slope, noise } = fitted.get(one.figure.benchmark)!
        const weight = (part(one) * slope * slope) / noise
        weights += weight
        sum += (weight * (one.odds - offset - slope * expected(one, abilities.get(one.figure.model)!))) / slope
      }
      return sum / weights
    }
    efforts.set(effort, [shift(({ worked }) => worked), shift(({ worked }) => 1 - worked)])
  }
  return efforts
}

/** Of those models that have figures of the class. Changes `spread`. */
function spreadOf(
  byModel: ReadonlyMap<string, readonly Seen[]>,
  abilities: ReadonlyMap<string, Ability>,
  spread: Float64Array,
): void {
  const sum = new Float64Array(CLASSES).fill(CLASS_GUESS.variance * CLASS_GUESS.strength)
  const count = new Float64Array(CLASSES).fill(CLASS_GUESS.strength)
  for (const [model, all] of byModel) {
    const { mean, covariance } = abilities.get(model)!
    for (const column of new Set(all.flatMap(({ columns }) => columns))) {
      sum[column - 1]! += mean[column]! ** 2 + covariance[column * SIZE + column]!
      count[column - 1]! += 1
    }
  }
  for (let i = 0; i < CLASSES; i++) spread[i] = sum[i]! / count[i]!
}

/** Of a model at a class: mean and variance. */
export function abilityAt(
  { mean, covariance }: Ability,
  at: number,
): { readonly mean: number; readonly variance: number } {
  const column = at + 1
  const cross = covariance[column]! + covariance[column * SIZE]!
  return { mean: mean[0]! + mean[column]!, variance: covariance[0]! + covariance[column * SIZE + column]! + cross }
}

/** A figure and what was expected of it, in standard deviations. */
export function surprisesOf(
  figures: readonly Figure[],
  benchmarks: Benchmarks,
  fit: Fit,
): readonly { readonly figure: Figure; readonly deviations: number }[] {
  return figures.map((figure) => {
    const { classes } = benchmarks[figure.benchmark]!
    const benchmark = benchmarks[figure.benchmark]!
    const one: Seen = {
      figure,
      odds: oddsOfFigure(figure.value, benchmark),
      columns: classes.map((name) => 1 + TASK_CLASSES.indexOf(name)),
      worked: classes.filter((name) => WORKED.has(name)).length / classes.length,
    }
    const { offset, slope, noise } = fit.benchmarks.get(figure.benchmark)!
    const left =
      one.odds - offset - slope * (expected(one, fit.abilities.get(figure.model)!) + shiftOf(one, fit.efforts))
    return { figure, deviations: left / Math.sqrt(noise) }
  })
}

function grouped<T, K>(all: readonly T[], by: (one: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>()
  for (const one of all) {
    const key = by(one)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [one])
    else group.push(one)
  }
  return groups
}
