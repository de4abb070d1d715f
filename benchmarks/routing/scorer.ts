/** What a policy expects of each model for a prompt, and the sweep that turns it into a frontier. */
import type { ModelCard, Sample } from './sample.ts'
import { mean, type Point } from './metrics.ts'

/** In the order of the models. Costs in USD; work in billions of parameters x output tokens; NaN = not known. */
export interface Expectation {
  readonly success: Float64Array
  readonly usd: Float64Array
  readonly work: Float64Array
}

/** Expectations for each of the test prompts. */
export type Scorer = (test: readonly Sample[]) => Expectation[]

/** What the models of a set are compared by. */
export type Measure = 'usd' | 'work'

export interface Task {
  readonly models: readonly string[]
  readonly cards: ReadonlyMap<string, ModelCard>
  readonly train: readonly Sample[]
  readonly test: readonly Sample[]
}

/** The true cost of an answer; NaN where the data does not tell. */
export function trueCost(task: Task, sample: Sample, model: string, measure: Measure): number {
  const { costUsd, outputTokens } = sample.arms.get(model)!
  if (measure === 'usd') return costUsd ?? NaN
  return (task.cards.get(model)?.paramsB ?? NaN) * (outputTokens ?? NaN)
}

/** Settings of the trade: success x value - cost, from "only the cost" to "only the success". */
const SETTINGS = [0, ...Array.from({ length: 81 }, (_, index) => 10 ** (-6 + index * 0.15)), Infinity]

/** Model of each test prompt at a setting; of equals the cheaper. */
export function choose({ success }: Expectation, cost: Float64Array, weight: number): number {
  let best = 0
  for (let model = 1; model < success.length; model++) {
    const gain =
      weight === 0
        ? success[model]! - success[best]!
        : weight === Infinity
          ? cost[best]! - cost[model]!
          : success[model]! - success[best]! - weight * (cost[model]! - cost[best]!)
    if (gain > 1e-12 || (gain > -1e-12 && cost[model]! < cost[best]!)) best = model
  }
  return best
}

/** True cost and quality of each setting. */
export function frontier(task: Task, expected: readonly Expectation[], measure: Measure): Point[] {
  const scale = Math.max(...expected.flatMap((one) => [...one[measure]]))
  return SETTINGS.map((setting) => {
    const weight = setting / scale
    const picked = expected.map((one) => task.models[choose(one, one[measure], weight)]!)
    return {
      cost: mean(picked.map((model, index) => trueCost(task, task.test[index]!, model, measure))),
      quality: mean(picked.map((model, index) => task.test[index]!.arms.get(model)!.score)),
    }
  })
}

/** True scores of a policy that looks at success alone. */
export const scoresOf = ({ models, test }: Task, expected: readonly Expectation[]): number[] =>
  expected.map((one, index) => test[index]!.arms.get(models[choose(one, one.usd, 0)]!)!.score)
