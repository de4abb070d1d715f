/** The models that a policy chooses among, what a call to each costs, and the truth about a list of samples. */
import { CHARACTERS_PER_TOKEN, type Currency, type ModelCard, type Sample } from './sample.ts'

export interface Pool {
  readonly models: readonly string[]
  readonly cards: Readonly<Record<string, ModelCard>>
  readonly currency: Currency
  /** For the currency `share`, whose calls are counted. */
  readonly dearest: string
}

/** What really happens: row by prompt, column by model. */
export interface Truth {
  readonly samples: readonly Sample[]
  readonly width: number
  readonly score: Float64Array
  /** In the pool's currency. */
  readonly cost: Float64Array
}

/** 2 x parameters x tokens, in TFLOP, of an answer. */
export const workOf = (paramsB: number, outputTokens: number): number => (2 * paramsB * outputTokens) / 1000

/** Dollars of a prompt and an answer at the model's list prices; null where one of them is not known. */
export function listPriceUsd(prompt: string, outputTokens: number | null, card: ModelCard): number | null {
  if (outputTokens === null || card.inputPerMtokUsd === null || card.outputPerMtokUsd === null) return null
  const input = prompt.length / CHARACTERS_PER_TOKEN
  return (input * card.inputPerMtokUsd + outputTokens * card.outputPerMtokUsd) / 1e6
}

/** What the call really cost in the pool's currency; null where the data do not tell. */
export function costOf(sample: Sample, model: string, pool: Pool): number | null {
  if (pool.currency === 'share') return model === pool.dearest ? 1 : 0
  const arm = sample.arms[model]
  const card = pool.cards[model]
  if (arm === undefined || card === undefined) return null
  if (pool.currency === 'usd') return arm.costUsd ?? listPriceUsd(sample.prompt, arm.outputTokens, card)
  return card.paramsB === null || arm.outputTokens === null ? null : workOf(card.paramsB, arm.outputTokens)
}

/**
 * The pool of all models: in dollars where each model has a known cost somewhere, else by the share of calls to the
 * dearest one, unless the currency is given.
 */
export function poolOf(
  cards: Readonly<Record<string, ModelCard>>,
  samples: readonly Sample[],
  currency: Currency | null,
): Pool {
  const models = Object.keys(cards)
  const dearest = dearestOf(models, cards, samples)
  const usd: Pool = { models, cards, currency: 'usd', dearest }
  if (currency !== null) return { ...usd, currency }
  return models.every((model) => samples.some((sample) => costOf(sample, model, usd) !== null))
    ? usd
    : { ...usd, currency: 'share' }
}

/** The models, not known to be closed, whose parameters and lengths are known, judged by GPU work; null where there are not two of them. */
export function workPool(pool: Pool, samples: readonly Sample[]): Pool | null {
  const models = pool.models.filter((model) => {
    const card = pool.cards[model]!
    return (
      card.open !== false &&
      card.paramsB !== null &&
      samples.some(({ arms }) => (arms[model]?.outputTokens ?? null) !== null)
    )
  })
  if (models.length < 2) return null
  return { models, cards: pool.cards, currency: 'work', dearest: dearestOf(models, pool.cards, samples) }
}

/** By list price, else by parameters with an unknown number the largest, else by mean score. */
function dearestOf(
  models: readonly string[],
  cards: Readonly<Record<string, ModelCard>>,
  samples: readonly Sample[],
): string {
  const prices = models.map((model) => {
    const { inputPerMtokUsd, outputPerMtokUsd } = cards[model]!
    return inputPerMtokUsd === null && outputPerMtokUsd === null
      ? null
      : (inputPerMtokUsd ?? 0) + (outputPerMtokUsd ?? 0)
  })
  if (prices.every((price) => price !== null)) return models[highest(prices)]!
  const sizes = models.map((model) => cards[model]!.paramsB ?? Infinity)
  if (sizes.filter((size) => size === Math.max(...sizes)).length === 1) return models[highest(sizes)]!
  return models[highest(models.map((model) => meanOf(samples, ({ arms }) => arms[model]?.score ?? null) ?? 0))]!
}

/** The matrix of scores and costs. A cost that is not known is taken to be the model's mean over `all`. */
export function truthOf(samples: readonly Sample[], pool: Pool, all: readonly Sample[]): Truth {
  const width = pool.models.length
  const score = new Float64Array(samples.length * width)
  const cost = new Float64Array(samples.length * width)
  const means = pool.models.map((model) => meanOf(all, (sample) => costOf(sample, model, pool)) ?? 0)
  for (const [row, sample] of samples.entries())
    for (const [column, model] of pool.models.entries()) {
      score[row * width + column] = sample.arms[model]!.score
      cost[row * width + column] = costOf(sample, model, pool) ?? means[column]!
    }
  return { samples, width, score, cost }
}

/** The mean over those items that have a value; null where none has one. */
export function meanOf<T>(items: readonly T[], valueOf: (item: T) => number | null): number | null {
  let sum = 0
  let count = 0
  for (const item of items) {
    const value = valueOf(item)
    if (value === null) continue
    sum += value
    count++
  }
  return count === 0 ? null : sum / count
}

/** The index of the highest number, the first of equals. */
export const highest = (numbers: readonly number[]): number => numbers.indexOf(Math.max(...numbers))

/** The index of the lowest number, the first of equals. */
export const lowest = (numbers: readonly number[]): number => numbers.indexOf(Math.min(...numbers))
