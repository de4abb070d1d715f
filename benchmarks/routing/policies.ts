/** All policies of the table, on one split of one pool. */
import { classTable, priceOnly } from './class-table.ts'
import { costOf, highest, lowest, meanOf, type Pool, truthOf, type Truth } from './pool.ts'
import { permutation, randomFrom } from './random.ts'
import type { Sample } from './sample.ts'
import type { Prediction, Scorer, Shipped } from './scorer.ts'
import { choose, type Setting, sweep } from './sweep.ts'

export const POLICY_NAMES = [
  'turnout',
  'shuffled',
  'gold_table',
  'inferred_table',
  'random_table',
  'price_only',
  'hull',
  'best_single',
  'cheapest',
  'random',
  'oracle',
] as const
export type PolicyName = (typeof POLICY_NAMES)[number]

/** What a policy does with the test prompts. */
export interface Frontier {
  /** The first one is the policy's own for pure quality. */
  readonly settings: readonly Setting[]
  /** Null for those that predict nothing. */
  readonly predictions: readonly Prediction[] | null
  /** One setting only, which nobody can turn. */
  readonly fixed: boolean
}

export interface Split {
  readonly pool: Pool
  readonly train: readonly Sample[]
  readonly test: readonly Sample[]
  readonly elsewhere: readonly Sample[]
  readonly seed: number
}

export interface Played {
  readonly truth: Truth
  readonly frontiers: ReadonlyMap<PolicyName, Frontier>
  /** The columns of the single models that the training half calls best and cheapest; the test half where there is none. */
  readonly bestSingle: number
  readonly cheapest: number
  /** Microseconds of each of turnout's decisions, prediction and choice together. */
  readonly decisionUs: readonly number[]
}

/** Lets all policies choose for the test half. Policies without a base in the data are missing from the answer. */
export function play(split: Split, shipped: Shipped | null): Played {
  const { pool, train, test, seed } = split
  const truth = truthOf(test, pool, [...train, ...test])
  const known = train.length > 0 ? train : test
  const means = pool.models.map((model) => meanOf(known, ({ arms }) => arms[model]?.score ?? null) ?? 0)
  const costs = pool.models.map((model) => meanOf(known, (sample) => costOf(sample, model, pool)) ?? 0)
  const bestSingle = highest(means)
  const cheapest = lowest(costs)
  const frontiers = new Map<PolicyName, Frontier>()
  const add = (name: PolicyName, scorer: Scorer | null): void => {
    if (scorer !== null) frontiers.set(name, frontierOf(predictAll(scorer, test)))
  }
  const decisionUs: number[] = []
  if (shipped !== null) {
    const predictions = predictAll(withAllVerdicts(split, shipped), test, decisionUs)
    frontiers.set('turnout', frontierOf(predictions))
    // Whole predictions change places, so that only their tie to the prompt is lost.
    const order = permutation(test.length, randomFrom(seed + 1000))
    frontiers.set('shuffled', frontierOf(order.map((row) => predictions[row]!)))
    add(
      'inferred_table',
      classTable(train, pool, ({ prompt }) => shipped.classOf(prompt)),
    )
  }
  const gold = classTable(train, pool, ({ label }) => label)
  add('gold_table', gold)
  if (gold !== null) {
    add('random_table', classTable(train, pool, shuffledLabels([...train, ...test], seed)))
    add('price_only', priceOnly(gold, pool))
  }
  const all = pool.models.map((_, column) => constant(test.length, column))
  frontiers.set('hull', { settings: [all[bestSingle]!, ...all], predictions: null, fixed: false })
  frontiers.set('best_single', fixed(all[bestSingle]!))
  frontiers.set('cheapest', fixed(all[cheapest]!))
  frontiers.set('random', fixed(anyModel(test.length, pool.models.length, seed)))
  frontiers.set('oracle', frontierOf(foresight(truth)))
  return { truth, frontiers, bestSingle, cheapest, decisionUs }
}

/** What each model made of each prompt is judged. In random order: data that are sorted by label would teach the last label last. */
function withAllVerdicts(split: Split, shipped: Shipped): Scorer {
  const { train, pool, seed } = split
  const learner = shipped.begin(split)
  for (const index of permutation(train.length, randomFrom(seed + 4000))) learner.judge(train[index]!, pool.models)
  return learner
}

/** The same policy with its costs replaced by unit prices; null where there are none. */
export function withoutLengths({ predictions }: Frontier, pool: Pool): Frontier | null {
  const scorer = priceOnly({ predict: () => predictions![0]! }, pool)
  if (scorer === null || predictions === null || predictions.length === 0) return null
  const { cost } = scorer.predict('', null)
  return frontierOf(predictions.map(({ success }) => ({ success, cost })))
}

export function frontierOf(predictions: readonly Prediction[]): Frontier {
  return { settings: sweep(predictions), predictions, fixed: false }
}

const fixed = (setting: Setting): Frontier => ({ settings: [setting], predictions: null, fixed: true })
const constant = (length: number, column: number): Setting => ({
  lambda: 0,
  choices: new Uint16Array(length).fill(column),
})

function anyModel(length: number, width: number, seed: number): Setting {
  const random = randomFrom(seed + 2000)
  return { lambda: 0, choices: Uint16Array.from({ length }, () => Math.floor(random() * width)) }
}

export function predictAll(scorer: Scorer, test: readonly Sample[], micros: number[] | null = null): Prediction[] {
  return test.map(({ prompt, label }) => {
    const began = performance.now()
    const prediction = scorer.predict(prompt, label)
    choose(prediction, 1)
    micros?.push((performance.now() - began) * 1000)
    // The scorer may reuse its arrays, as a gateway would.
    return { success: prediction.success.slice(), cost: prediction.cost.slice() }
  })
}

/** The labels of all samples, handed out anew at random: the table of a classifier that knows nothing. */
function shuffledLabels(samples: readonly Sample[], seed: number): (sample: { prompt: string }) => string | null {
  const order = permutation(samples.length, randomFrom(seed + 3000))
  const labels = new Map(samples.map(({ prompt }, index) => [prompt, samples[order[index]!]!.label]))
  return ({ prompt }) => labels.get(prompt) ?? null
}

function foresight({ samples, width, score, cost }: Truth): Prediction[] {
  return samples.map((_, row) => ({
    success: score.slice(row * width, (row + 1) * width),
    cost: cost.slice(row * width, (row + 1) * width),
  }))
}
