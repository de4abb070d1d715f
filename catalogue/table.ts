/** The table that the gateway reads: config/quality.json, of figures. Pure. */
import { TASK_CLASSES } from '../src/core/capabilities.ts'
import type { QualityRow, QualityTable } from '../src/decision/catalogue/quality.ts'
import { sizeOf } from '../src/decision/catalogue/size.ts'
import type { CatalogueData } from '../src/decision/catalogue/data.ts'
import { abilityAt, type Fit } from './fit.ts'
import { relativesOf, type Sample } from './relatives.ts'
import type { Benchmarks, Figure } from './results.ts'

/**
 * A share of useful answers of an ability: log-odds = MIDDLE + STEEP x ability. What people ask every day is easier than what benchmarks
 * ask, and no benchmark says by how much.
 */
export const MIDDLE = 1.6
export const STEEP = 0.75
/** Standard deviation of what a benchmark says of a class about what it is for one's own requests, in units of ability: as benchmarks of one class differ. */
const MAPPING = 0.35

const oddsOf = (ability: number): number => MIDDLE + STEEP * ability
const rounded = (share: number): number => Math.round(share * 1000) / 1000

export interface Made {
  readonly table: QualityTable
  /** Root of the mean squared error, in shares of useful answers over all classes, of models predicted by all others. */
  readonly leftOut: {
    readonly family: number
    readonly size: number
    readonly none: number
    readonly models: number
    readonly sized: number
  }
}

export function tableOf(
  figures: readonly Figure[],
  benchmarks: Benchmarks,
  aliases: Readonly<Record<string, string>>,
  sizes: CatalogueData['sizes'],
  fit: Fit,
): Made {
  const sources = [...new Set(figures.map(({ source }) => source))]
  const place = new Map(sources.map((one, at) => [one, at]))
  const models: Record<string, QualityRow> = {}
  const samples: Sample[] = []
  for (const name of [...fit.abilities.keys()].sort()) {
    const ability = fit.abilities.get(name)!
    const of = figures.filter(({ model }) => model === name)
    const at = TASK_CLASSES.map((_, index) => abilityAt(ability, index))
    const odds = at.map(({ mean }) => oddsOf(mean))
    const success = odds.map((one) => 1 / (1 + Math.exp(-one)))
    models[name] = {
      success: success.map(rounded),
      doubt: at.map(({ variance }, index) =>
        rounded(success[index]! * (1 - success[index]!) * STEEP * Math.sqrt(variance + MAPPING ** 2)),
      ),
      figures: TASK_CLASSES.map(
        (one) => of.filter(({ benchmark }) => benchmarks[benchmark]!.classes.includes(one)).length,
      ),
      sources: [...new Set(of.map(({ source }) => place.get(source)!))].sort((a, b) => a - b),
    }
    samples.push({ name, billions: sizeOf(name, sizes), odds })
  }
  const { newest, weights, leftOut } = relativesOf(samples)
  const bySize = relativesOf(samples.filter(({ billions }) => billions !== null).map((one) => ({ ...one, name: '' })))
  const error = { kin: spread(leftOut), size: spread(bySize.leftOut) }
  const table: QualityTable = {
    classes: TASK_CLASSES,
    sources,
    models,
    aliases,
    relatives: {
      newest,
      weights: brief(weights),
      bySize: brief(bySize.weights),
      error: { kin: rounded(error.kin), size: rounded(error.size) },
    },
  }
  return {
    table,
    leftOut: { ...sharesLost(samples, leftOut, bySize.leftOut), models: samples.length, sized: bySize.leftOut.length },
  }
}

const brief = (weights: QualityTable['relatives']['weights']): QualityTable['relatives']['weights'] =>
  Object.fromEntries(Object.entries(weights).map(([feature, all]) => [feature, all.map(rounded)]))

const spread = (errors: readonly (readonly number[])[]): number => {
  const all = errors.flat()
  return Math.sqrt(all.reduce((sum, one) => sum + one * one, 0) / all.length)
}

function sharesLost(
  samples: readonly Sample[],
  family: readonly (readonly number[])[],
  size: readonly (readonly number[])[],
): { readonly family: number; readonly size: number; readonly none: number } {
  const share = (odds: number): number => 1 / (1 + Math.exp(-odds))
  const lost = (of: readonly Sample[], errors: readonly (readonly number[])[]): number =>
    spread(of.map(({ odds }, at) => odds.map((one, c) => share(one) - share(one - errors[at]![c]!))))
  const sized = samples.filter(({ billions }) => billions !== null)
  const mean = TASK_CLASSES.map((_, c) => samples.reduce((sum, { odds }) => sum + odds[c]!, 0) / samples.length)
  return {
    family: rounded(lost(samples, family)),
    size: rounded(lost(sized, size)),
    none: rounded(
      lost(
        samples,
        samples.map(({ odds }) => odds.map((one, c) => one - mean[c]!)),
      ),
    ),
  }
}
