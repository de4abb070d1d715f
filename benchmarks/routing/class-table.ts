/** The yardstick: how well and how long each model answers each class, counted on the training half. */
import { costOf, listPriceUsd, meanOf, type Pool, workOf } from './pool.ts'
import type { Sample } from './sample.ts'
import type { Prediction, Scorer } from './scorer.ts'

/** How many observations the model's mean over all classes is worth. */
const PRIOR_STRENGTH = 10

interface Cell {
  readonly success: number
  /** Null where the data have no lengths. */
  readonly tokens: number | null
  readonly cost: number | null
}

/** Learns a table by the given class of a sample; null where there is nothing to learn from or a sample has no class. */
export function classTable(
  train: readonly Sample[],
  pool: Pool,
  classOf: (sample: { prompt: string; label: string | null }) => string | null,
): Scorer | null {
  if (train.length === 0) return null
  const classes = new Map<string, Sample[]>()
  for (const sample of train) {
    const name = classOf(sample)
    if (name === null) return null
    const list = classes.get(name)
    if (list === undefined) classes.set(name, [sample])
    else list.push(sample)
  }
  const overall = rowOf(train, pool, null)
  const rows = new Map([...classes].map(([name, samples]) => [name, rowOf(samples, pool, overall)]))
  return {
    predict: (prompt, label) => {
      const name = classOf({ prompt, label })
      return predictionOf(prompt, (name === null ? undefined : rows.get(name)) ?? overall, pool)
    },
  }
}

function rowOf(samples: readonly Sample[], pool: Pool, prior: readonly Cell[] | null): Cell[] {
  return pool.models.map((model, column) => {
    const base = prior?.[column]
    const success = shrunk(samples, ({ arms }) => arms[model]?.score ?? null, base?.success ?? null)
    return {
      success: success ?? 0,
      tokens: shrunk(samples, ({ arms }) => arms[model]?.outputTokens ?? null, base?.tokens ?? null),
      cost: shrunk(samples, (sample) => costOf(sample, model, pool), base?.cost ?? null),
    }
  })
}

/** The mean with the prior's weight; the plain mean where there is no prior. */
function shrunk(
  samples: readonly Sample[],
  valueOf: (sample: Sample) => number | null,
  prior: number | null,
): number | null {
  const count = samples.filter((sample) => valueOf(sample) !== null).length
  const mean = meanOf(samples, valueOf)
  if (prior === null || mean === null) return mean ?? prior
  return (mean * count + prior * PRIOR_STRENGTH) / (count + PRIOR_STRENGTH)
}

function predictionOf(prompt: string, row: readonly Cell[], pool: Pool): Prediction {
  const cost = row.map(({ tokens, cost }, column) => {
    const model = pool.models[column]!
    const card = pool.cards[model]!
    if (pool.currency === 'usd') return listPriceUsd(prompt, tokens, card) ?? cost ?? 0
    if (pool.currency === 'work') return workOf(card.paramsB ?? 0, tokens ?? 0)
    return cost ?? 0
  })
  return { success: Float64Array.from(row, ({ success }) => success), cost: Float64Array.from(cost) }
}

/**
 * The same predictions of success with costs by unit price alone, all answers being taken to be equally long. For GPU work
 * parameters stand in where a price is not known; null where nothing does.
 */
export function priceOnly(scorer: Scorer, pool: Pool): Scorer | null {
  const units = pool.models.map((model) => {
    const { paramsB, outputPerMtokUsd } = pool.cards[model]!
    return { price: outputPerMtokUsd, size: pool.currency === 'work' ? paramsB : null }
  })
  const prices = units.map(({ price }) => price)
  const sizes = units.map(({ size }) => size)
  const known = [prices, sizes].find((list) => list.every((unit) => unit !== null))
  if (known === undefined || pool.currency === 'share') return null
  const cost = Float64Array.from(known, (unit) => unit ?? 0)
  return { predict: (prompt, label) => ({ success: scorer.predict(prompt, label).success, cost }) }
}
