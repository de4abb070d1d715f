/** One set, all its seeds: figures with their spread, differences with their intervals. */
import {
  COMPARED,
  type Differences,
  DRAWS,
  type Interval,
  intervalOf,
  noDifferences,
  resample,
  RIVALS,
} from './bootstrap.ts'
import { Curves } from './curve.ts'
import { type FigureName, type Figures, figuresOf, NO_FIGURES } from './figures.ts'
import { percentile } from './metrics.ts'
import { remembered, runsOf, withoutCopies } from './near-copies.ts'
import { type Pool, poolOf, workPool } from './pool.ts'
import { play, POLICY_NAMES, type PolicyName } from './policies.ts'
import type { Currency, Sample, Subject } from './sample.ts'
import type { Shipped } from './scorer.ts'
import { isTrain } from './split.ts'

/** Halves of one set. */
export interface Halves {
  readonly train: readonly Sample[]
  readonly test: readonly Sample[]
  readonly elsewhere: readonly Sample[]
  readonly seed: number
}

export interface Spread {
  readonly mean: number
  /** Over seeds; 0 of one seed. */
  readonly sd: number
}
export type Summary = Record<FigureName, Spread | null>

export interface Measured {
  readonly currency: Currency
  readonly models: readonly string[]
  readonly prompts: { readonly train: number; readonly test: number }
  readonly policies: ReadonlyMap<PolicyName, Summary>
  readonly differences: Readonly<Record<string, Readonly<Record<string, Interval | null>>>>
  /** By the number of single verdicts; empty without a shipped policy. */
  readonly curve: ReadonlyMap<number, { readonly figures: Summary; readonly gain: ReturnType<Curves['gain']> }>
  readonly decisionUs: { readonly p50: number; readonly p99: number } | null
}

/**
 * The halves of a list by seed 1 to `seeds`. Of `others`, the samples of the other sets, those of the training side are kept
 * that are no near copies of a test prompt.
 */
export function halvesOf(
  samples: readonly Sample[],
  others: readonly Sample[],
  seeds: number,
  runs = remembered(runsOf),
): Halves[] {
  return Array.from({ length: seeds }, (_, index) => {
    const seed = index + 1
    const test = samples.filter(({ prompt }) => !isTrain(prompt, seed))
    const apart = others.filter(({ prompt }) => isTrain(prompt, seed))
    return {
      seed,
      test,
      train: samples.filter(({ prompt }) => isTrain(prompt, seed)),
      elsewhere: withoutCopies(
        apart,
        test.map(({ prompt }) => prompt),
        runs,
      ),
    }
  })
}

/** Plays all halves and sums up. GPU work is judged in a pool of its own: the open models of known size. */
export function measure(
  { cards, currency, lengthsMeasured }: Subject,
  halves: readonly Halves[],
  shipped: Shipped | null,
): Measured {
  const samples = halves.slice(0, 1).flatMap(({ train, test }) => [...train, ...test])
  const pool = poolOf(cards, samples, currency)
  const work = pool.currency === 'work' || !lengthsMeasured ? null : workPool(pool, samples)
  const found = new Map<PolicyName, Figures[]>(POLICY_NAMES.map((name) => [name, []]))
  const differences = noDifferences()
  const curves = new Curves()
  const draws = Math.ceil(DRAWS / halves.length)
  const decisions: number[] = []
  for (const half of halves) {
    const split = { ...half, pool }
    const played = play(split, shipped)
    const figures = figuresOf(played, pool)
    const byWork = work === null ? null : workFigures(half, work, shipped)
    for (const [name, list] of found) {
      const one = figures.get(name)
      if (one !== undefined) list.push({ ...one, ...byWork?.get(name) })
    }
    decisions.push(...played.decisionUs)
    resample(played, draws, half.seed, differences)
    if (shipped !== null) curves.add(split, played, shipped, draws)
  }
  return {
    currency: pool.currency,
    models: pool.models,
    prompts: { train: halves[0]?.train.length ?? 0, test: halves[0]?.test.length ?? 0 },
    policies: new Map([...found].map(([name, list]) => [name, summaryOf(list)])),
    differences: intervals(differences),
    curve: new Map(
      [...curves.figures].map(([verdicts, list]) => [
        verdicts,
        { figures: summaryOf(list), gain: curves.gain(verdicts) },
      ]),
    ),
    decisionUs: decisions.length === 0 ? null : { p50: percentile(decisions, 50), p99: percentile(decisions, 99) },
  }
}

function workFigures(
  half: Halves,
  pool: Pool,
  shipped: Shipped | null,
): Map<PolicyName, Pick<Figures, 'work_at_95' | 'work_at_95_ratio'>> {
  const figures = figuresOf(play({ ...half, pool }, shipped), pool)
  return new Map(
    [...figures].map(([name, { work_at_95, work_at_95_ratio }]) => [name, { work_at_95, work_at_95_ratio }]),
  )
}

function summaryOf(list: readonly Figures[]): Summary {
  const names = Object.keys(NO_FIGURES) as FigureName[]
  return Object.fromEntries(names.map((name) => [name, spreadOf(list.map((figures) => figures[name]))])) as Summary
}

/** Mean and sample standard deviation; null where a seed has no value, since the mean of the others would flatter. */
export function spreadOf(values: readonly (number | null)[]): Spread | null {
  const known = values.filter((value) => value !== null)
  if (known.length === 0 || known.length < values.length) return null
  const mean = known.reduce((sum, value) => sum + value, 0) / known.length
  const square = known.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  return { mean, sd: known.length === 1 ? 0 : Math.sqrt(square / (known.length - 1)) }
}

function intervals(differences: Differences): Measured['differences'] {
  return Object.fromEntries(
    RIVALS.map((rival) => [
      rival,
      Object.fromEntries(COMPARED.map((figure) => [figure, intervalOf(differences[rival][figure])])),
    ]),
  )
}
