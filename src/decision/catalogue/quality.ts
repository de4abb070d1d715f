/**
 * How good a model is believed to be before it has answered: by what was published of this very model, else by what is known of its
 * relatives and of its size. config/quality.json is made by `npm run catalogue`, and read once while the program starts.
 */
import { readFileSync } from 'node:fs'
import { type TaskClass, TASK_CLASSES } from '../../core/capabilities.ts'
import { nameOf, namesOf } from './model-name.ts'
import { featuresOf } from './relatives.ts'
import { sizeOf } from './size.ts'
import type { CatalogueData } from './data.ts'

/** What config/quality.json holds. Lists by class are in the order of `classes`. */
export interface QualityTable {
  readonly classes: readonly TaskClass[]
  /** Titles with dates and addresses. */
  readonly sources: readonly string[]
  readonly models: Readonly<Record<string, QualityRow>>
  /** Other names of models. */
  readonly aliases: Readonly<Record<string, string>>
  readonly relatives: {
    /** Newest version that was measured, by family. */
    readonly newest: Readonly<Record<string, number>>
    /** Log-odds of a useful answer by class, to be summed over the features of a name. */
    readonly weights: Readonly<Record<string, readonly number[]>>
    /** The same where the family is not known: on `any` and `size`. */
    readonly bySize: Readonly<Record<string, readonly number[]>>
    /** Standard deviation of their error, in log-odds: families that were measured, and others. */
    readonly error: { readonly kin: number; readonly size: number }
  }
}

export interface QualityRow {
  /** Share of useful answers. */
  readonly success: readonly number[]
  /** Its standard deviation. */
  readonly doubt: readonly number[]
  /** Published figures that say something of the class itself; the others follow from the rest. */
  readonly figures: readonly number[]
  /** Places in `sources`. */
  readonly sources: readonly number[]
}

/** `figures`: of this model were published; `family`: of relatives; `size`: nothing but its size is known. */
export type BeliefOrigin = 'figures' | 'family' | 'size'

export interface Belief {
  readonly origin: BeliefOrigin
  /** Share of useful answers to expect, by task class and `default`. */
  readonly quality: Readonly<Record<string, number>>
  /** Standard deviation of each. */
  readonly doubt: Readonly<Record<string, number>>
  /** Published figures by class; of relatives and sizes none. */
  readonly figures: Readonly<Record<string, number>>
  readonly sources: readonly string[]
}

const FILE = new URL('../../../../config/quality.json', import.meta.url)
export const QUALITY = JSON.parse(readFileSync(FILE, 'utf8')) as QualityTable

/** Standard deviations that a model of which nothing but its size is known is put below those of its size. */
const CAUTION = 0.5

const SIZE = /-(\d+(?:\.\d+)?)b(?=-|$)/

/** Null where the name tells nothing: neither a model, nor a family, nor a size. `plain`: as of plainName. */
export function beliefOf(
  plain: string,
  billions: number | null,
  sizes: CatalogueData['sizes'],
  table: QualityTable = QUALITY,
): Belief | null {
  const name = knownName(plain, billions, sizes, table)
  return name === null ? relativeBelief(nameOf(plain), billions, table) : rowBelief(table.models[name]!, table)
}

/** The model of the table that this one is, never one that it only descends from. */
export function knownName(
  plain: string,
  billions: number | null,
  sizes: CatalogueData['sizes'],
  table: Pick<QualityTable, 'models' | 'aliases'> = QUALITY,
): string | null {
  const find = (name: string): string | null => {
    if (Object.hasOwn(table.models, name)) return name
    return Object.hasOwn(table.aliases, name) ? table.aliases[name]! : null
  }
  const names = namesOf(plain)
  for (const name of names) {
    const found = find(name)
    if (found !== null) return found
  }
  const last = names.at(-1)
  if (last === undefined || billions === null) return null
  // Ollama's `llama3.3` is one of 70B; `phi-4-14b` says of phi-4 what everybody knows.
  const said = SIZE.exec(last)
  if (said === null) {
    const { tag = false } = sizes.find(({ match }) => match.test(plain)) ?? {}
    return tag ? find(nameOf(`${last}-${billions}b`)) : null
  }
  const sizeless = last.replace(SIZE, '')
  return sizeOf(sizeless, sizes) === Number(said[1]) ? find(sizeless) : null
}

function rowBelief(row: QualityRow, { classes, sources }: QualityTable): Belief {
  return {
    origin: 'figures',
    quality: named(classes, row.success),
    doubt: named(classes, row.doubt),
    figures: named(classes, row.figures),
    sources: row.sources.map((at) => sources[at]!),
  }
}

/** `other` is what holds of all. */
const named = (classes: readonly TaskClass[], values: readonly number[]): Record<string, number> => ({
  default: values[classes.indexOf('other')]!,
  ...Object.fromEntries(classes.map((one, at) => [one, values[at]!])),
})

function relativeBelief(name: string, billions: number | null, { classes, relatives }: QualityTable): Belief | null {
  const { newest, error } = relatives
  const features = featuresOf(name, billions, newest)
  const kin = features.some(([feature]) => feature.startsWith('family ') && Object.hasOwn(relatives.weights, feature))
  if (!kin && billions === null) return null
  const weights = kin ? relatives.weights : relatives.bySize
  const odds = new Float64Array(classes.length)
  for (const [feature, value] of features)
    if (Object.hasOwn(weights, feature))
      for (const [at, weight] of weights[feature]!.entries()) odds[at]! += weight * value
  // Who is measured is mostly better than who is not, and of equal guesses the most mistaken one would be chosen.
  const caution = kin ? 0 : CAUTION * error.size
  const success = Array.from(odds, (one) => rounded(1 / (1 + Math.exp(caution - one))))
  const doubt = success.map((share) => rounded(share * (1 - share) * (kin ? error.kin : error.size)))
  return {
    origin: kin ? 'family' : 'size',
    quality: named(classes, success),
    doubt: named(classes, doubt),
    figures: Object.fromEntries(TASK_CLASSES.map((one) => [one, 0])),
    sources: [],
  }
}

const rounded = (share: number): number => Math.round(1000 * Math.min(0.97, Math.max(0.03, share))) / 1000
