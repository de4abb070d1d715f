/** What was learnt as JSON, and back. Pure; nothing of a prompt is in it. */
import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { Arm, Calibration, Common, TopicStats, Residual } from '../../core/arm.ts'
import { HINT_NAMES, nothingSaid, SAYINGS } from '../../core/hints.ts'
import { isObject } from '../../core/is-object.ts'
import { EFFORTS } from '../../core/capabilities.ts'
import type { Topics } from './arms.ts'
import { newCells, rebased } from './topic-stats.ts'
import { factorsOf } from './length.ts'
import type { ModelStats } from './model-stats.ts'
import { oddsOf } from './odds.ts'
import { LONGEST } from './regression.ts'
import type { Tail } from './tails.ts'

/** Arms in a file; the ones with the most observations are kept. About 12 kB each at the most. */
const MOST_ARMS = 1000

/** Deployments in a file: those that were loaded for the first time last. */
const MOST_LOADS = 1000

/** No deviation is larger: of log-odds of success, of shares of valid answers, of logarithms of tokens. */
const LARGEST = 16
const number = z.number()
const amount = z.number().nonnegative()
const cells = z
  .strictObject({
    /** Topic, observations, their sum (of verdicts: of what is above or below the usual). */
    topics: z.array(z.tuple([z.int().nonnegative(), amount, number])),
    total: amount,
    sum: number,
    squares: amount,
  })
  .refine(
    ({ topics, total, sum, squares }) =>
      [...topics, [0, total, sum] as const].every(([, n, of]) => Math.abs(of) <= LARGEST * (n + 1e-3)) &&
      squares <= LARGEST ** 2 * (total + 1e-3),
  )
const EMPTY = { topics: [], total: 0, sum: 0, squares: 0 }
const residual = z
  .strictObject({ weights: z.string(), covariance: z.string(), count: amount, products: number, squares: amount })
  .refine(({ weights, covariance }) => {
    const [own, half] = [fromBase64(weights), fromBase64(covariance)]
    const size = own.length
    return size <= LONGEST && half.length === (size * (size + 1)) / 2 && [...own, ...half].every(Number.isFinite)
  })
const slope = z
  .strictObject({ products: number, squares: amount })
  .refine(({ products, squares }) => Math.abs(products) <= LARGEST * (squares + 1))
const common = z.strictObject({
  quality: cells,
  validity: cells,
  length: cells,
  /** Scores that are off by all of it, where nobody was unsure, count for 20. */
  noise: z.strictObject({ sum: amount, count: amount }).refine(({ sum, count }) => sum <= 20 * (count + 1e-3)),
})
const arm = z.strictObject({
  effort: z.enum(EFFORTS).nullable(),
  n: amount,
  quality: cells,
  slope,
  validity: cells,
  length: cells,
  /** Of the usual length: to the mean one, to one that nine of ten stay below. Absent: made of `length`. */
  factors: z.strictObject({ mean: amount.max(1e3), most: amount.max(1e6) }).optional(),
  spent: z.strictObject({ reasoning: amount, output: amount }),
  /** How many answers were scored, and how many each hint was given of; older files do not say. */
  said: z.partialRecord(z.enum(SAYINGS), amount).default({}),
  /** Of the model at all its efforts; with one of them, and absent with the others. */
  family: z.strictObject({ quality: cells, length: cells }).optional(),
  residual: residual.nullable(),
})
const tokensLog = z.number().min(0).max(20)
const tail = z.strictObject({
  count: amount,
  first: z.tuple([tokensLog, tokensLog, tokensLog]),
  length: tokensLog,
  firstThoughts: z.tuple([tokensLog, tokensLog, tokensLog]),
  thought: tokensLog,
  cut: z.number().min(0).max(1),
})
const calibration = z.strictObject({ count: amount, mean: z.number().min(-2).max(2), deviation: amount.max(4) })

const version2 = z.strictObject({
  version: z.literal(2),
  /** Of the classifier: topics of another one are other topics. */
  topics: z.string(),
  /** What all models have in common. */
  common,
  arms: z.record(z.string(), arm),
  tokenizers: z.record(z.string(), calibration),
  /** How long loads of models took, by deployment; older files have none. */
  loads: z.record(z.string(), z.strictObject({ count: amount, seconds: amount })).default({}),
  /** What was scored of answers that hints were given of; older files have none. */
  hints: z
    .partialRecord(
      z.enum(HINT_NAMES),
      z
        .strictObject({ given: amount, scored: amount, score: amount, expected: amount })
        .refine(({ scored, score, expected }) => score <= scored + 1e-3 && expected <= scored + 1e-3),
    )
    .default({}),
  /** How long answers are at the most, by arm and class, where routes limit them; older files have none. */
  tails: z.record(z.string(), tail).default({}),
})
type Written = z.output<typeof version2>

/** Scores were summed as they were, each model for itself. */
const version1 = z
  .strictObject({
    ...version2.omit({ common: true }).shape,
    version: z.literal(1),
    arms: z.record(z.string(), arm.omit({ slope: true, family: true })),
  })
  .transform(({ arms, ...rest }): Written => ({
    ...rest,
    version: 2,
    common: { quality: EMPTY, validity: EMPTY, length: EMPTY, noise: { sum: 0, count: 0 } },
    arms: Object.fromEntries(
      Object.entries(arms).map(([id, one]) => [
        id,
        { ...one, quality: inOdds(one.quality), slope: { products: 0, squares: 0 } },
      ]),
    ),
  }))

export const stateSchema = z.union([version2, version1])
export type State = z.output<typeof stateSchema>

export function toState(lessons: ModelStats): State {
  const { arms, calibrations, loads } = lessons.known
  const seen = [...arms].map((one) => [seenBy(one), one] as const).filter(([n]) => n > 0)
  const kept = seen.sort(([a], [b]) => b - a).slice(0, MOST_ARMS)
  const families = new Set(kept.map(([, { family }]) => family))
  families.delete(null)
  return {
    version: 2,
    topics: fingerprint(lessons.topics),
    common: packCommon(lessons.common),
    // Of several that bear one id, the one that has seen most comes last and stays.
    arms: Object.fromEntries(
      kept.toReversed().map(([n, one]) => [one.id, packArm(one, n, families.delete(one.family) ? one.family : null)]),
    ),
    tokenizers: Object.fromEntries(
      [...calibrations]
        .filter(([, { count }]) => count > 0)
        .map(([name, { count, mean, deviation }]) => [name, { count, mean: short(mean), deviation: short(deviation) }]),
    ),
    loads: Object.fromEntries(
      [...loads]
        .filter(([, { count }]) => count > 0)
        .slice(-MOST_LOADS)
        .map(([id, { count, seconds }]) => [id, { count, seconds: short(seconds) }]),
    ),
    hints: Object.fromEntries(
      HINT_NAMES.filter((hint) => lessons.hints[hint].given > 0).map((hint) => [hint, { ...lessons.hints[hint] }]),
    ),
    tails: Object.fromEntries([...lessons.tails.known].map(([key, tail]) => [key, packTail(tail)])),
  }
}

/** Puts what an earlier run had learnt into `lessons`. False: its topics were those of another classifier, so only the tokenizers were taken over. */
export function restoreState(lessons: ModelStats, state: State): boolean {
  const same = state.topics === fingerprint(lessons.topics)
  const size = lessons.topics.topics.length
  const arms = same ? Object.entries(state.arms).map(([id, packed]) => unpackArm(id, packed, size, lessons.common)) : []
  lessons.restore(
    arms,
    new Map<string, Calibration>(
      Object.entries(state.tokenizers).map(([name, own]) => [name, { ...own, factor: Math.exp(own.mean) }]),
    ),
    new Map(Object.entries(state.loads)),
    same ? unpackCommon(state.common, size) : null,
    state.hints,
  )
  lessons.tails.restore(Object.entries(state.tails))
  return same
}

/** For the file of what was learnt. */
export const storedStats = (lessons: ModelStats) =>
  ({
    name: 'state',
    everyMs: 60_000,
    changed: () => {
      const { changed } = lessons
      lessons.changed = false
      return changed
    },
    serialize: () => toState(lessons),
    restore: (value: unknown): string | null => {
      const read = stateSchema.safeParse(value)
      if (!read.success) return `is not of a version that is known: ${faultOf(value)}`
      return restoreState(lessons, read.data) ? null : 'was learnt with another classifier'
    },
  }) as const

const seenBy = ({ quality, validity, length }: Arm): number => Math.max(quality.total, validity.total, length.total)

const fingerprint = ({ topics, lengths }: Topics): string =>
  createHash('sha256')
    .update(JSON.stringify([topics, [...lengths]]))
    .digest('hex')
    .slice(0, 16)

const packArm = (one: Arm, n: number, family: Arm['family']): State['arms'][string] => ({
  effort: one.effort,
  n: Math.round(n),
  quality: packCells(one.quality, one.prior.map(oddsOf)),
  slope: { ...one.slope },
  validity: packCells(one.validity),
  length: packCells(one.length, one.lengthPrior),
  factors: { ...one.factors },
  spent: one.spent,
  said: Object.fromEntries(
    SAYINGS.filter((saying) => one.said[saying] > 0).map((saying) => [saying, one.said[saying]]),
  ),
  residual: one.words.residual && packResidual(one.words.residual),
  ...(family === null
    ? {}
    : {
        family: {
          quality: packCells(family.quality, one.prior.map(oddsOf)),
          length: packCells(family.length, one.lengthPrior),
        },
      }),
})

/** Its priors are those of whoever asks for it next. */
function unpackArm(id: string, packed: State['arms'][string], topics: number, common: Common): Arm {
  const length = unpackCells(packed.length, topics)
  return {
    id,
    effort: packed.effort,
    // As share, whose log-odds are nothing.
    topics: [],
    prior: new Float64Array(topics).fill(0.5),
    ability: 0,
    lengthPrior: new Float64Array(topics),
    reasoningPrior: 0,
    family:
      packed.family === undefined
        ? null
        : {
            quality: unpackCells(packed.family.quality, topics),
            length: unpackCells(packed.family.length, topics),
          },
    common,
    quality: unpackCells(packed.quality, topics),
    slope: { ...packed.slope },
    validity: unpackCells(packed.validity, topics),
    length,
    factors: packed.factors ?? factorsOf(length),
    spent: { ...packed.spent },
    said: { ...nothingSaid(), ...packed.said },
    words: { residual: packed.residual && unpackResidual(packed.residual) },
  }
}

const packTail = ({ count, first, length, firstThoughts, thought, cut }: Tail): State['tails'][string] => ({
  count,
  first: [short(first[0]), short(first[1]), short(first[2])],
  length: short(length),
  firstThoughts: [short(firstThoughts[0]), short(firstThoughts[1]), short(firstThoughts[2])],
  thought: short(thought),
  cut: short(cut),
})

const packCommon = ({ quality, validity, length, noise }: Common): State['common'] => ({
  quality: packCells(quality),
  validity: packCells(validity),
  length: packCells(length),
  noise: { ...noise },
})

function unpackCommon({ quality, validity, length, noise }: State['common'], topics: number): Common {
  const lengths = unpackCells(length, topics)
  return {
    quality: unpackCells(quality, topics),
    validity: unpackCells(validity, topics),
    length: lengths,
    noise: { ...noise },
    factors: factorsOf(lengths),
  }
}

/** Sums of scores as sums of log-odds. */
function inOdds({ topics, total, squares }: z.output<typeof cells>): z.output<typeof cells> {
  const odds = topics.map(([topic, count, sum]): [number, number, number] => [
    topic,
    count,
    count * oddsOf((sum + 0.5) / (count + 1)),
  ])
  let counted = 0
  let sum = 0
  for (const [, count, own] of odds) {
    counted += count
    sum += own
  }
  return { topics: odds, total, sum: counted === 0 ? 0 : (sum / counted) * total, squares }
}

/** Where what is no state is not one. */
function faultOf(value: unknown): string {
  const schema = isObject(value) && value['version'] === 1 ? version1 : version2
  return schema.safeParse(value).error?.issues[0]?.path.join('.') ?? ''
}

const packResidual = ({ regression, products, squares }: Residual): State['arms'][string]['residual'] => ({
  weights: toBase64(regression.weights),
  covariance: toBase64(upperHalf(regression.covariance, regression.weights.length)),
  count: regression.count,
  products,
  squares,
})

function unpackResidual(packed: NonNullable<State['arms'][string]['residual']>): Residual {
  const weights = fromBase64(packed.weights)
  const covariance = wholeOf(fromBase64(packed.covariance), weights.length)
  return {
    regression: { weights, covariance, count: packed.count },
    products: packed.products,
    squares: packed.squares,
  }
}

/** As they were observed, not as deviations: the run that reads them may expect something else (`from`: what this one did). */
function packCells(cells: TopicStats, from: Float64Array | null = null): State['arms'][string]['quality'] {
  const zeros = new Float64Array(cells.count.length)
  const { count, sum, total, totalSum, squares } = rebased(cells, from ?? zeros, zeros)
  return {
    topics: [...count.keys()]
      .filter((topic) => count[topic]! > 1e-3)
      .map((topic) => [topic, short(count[topic]!), short(sum[topic]!)]),
    total: short(total),
    sum: short(totalSum),
    squares: short(squares),
  }
}

function unpackCells(packed: State['arms'][string]['quality'], topics: number): TopicStats {
  const own = newCells(topics)
  for (const [topic, count, sum] of packed.topics) {
    if (topic >= topics) continue
    own.count[topic] = count
    own.sum[topic] = sum
  }
  return Object.assign(own, { total: packed.total, totalSum: packed.sum, squares: packed.squares })
}

const short = (value: number): number => Number(value.toPrecision(7))

const toBase64 = (values: Float64Array): string => Buffer.from(Float32Array.from(values).buffer).toString('base64')

function fromBase64(text: string): Float64Array {
  const bytes = Buffer.from(text, 'base64')
  return Float64Array.from({ length: bytes.length >> 2 }, (_, index) => bytes.readFloatLE(4 * index))
}

/** A covariance is symmetric. */
function upperHalf(matrix: Float64Array, size: number): Float64Array {
  const half: number[] = []
  for (let i = 0; i < size; i++) for (let j = i; j < size; j++) half.push(matrix[i * size + j]!)
  return Float64Array.from(half)
}

function wholeOf(half: Float64Array, size: number): Float64Array {
  const matrix = new Float64Array(size * size)
  let at = 0
  for (let i = 0; i < size; i++)
    for (let j = i; j < size; j++) matrix[i * size + j] = matrix[j * size + i] = half[at++] ?? (i === j ? 1 : 0)
  return matrix
}
