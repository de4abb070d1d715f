/** Policies to be better than: tables by the data's own labels, and what needs no table at all. */
import { random, shuffle } from '../../train/lesson.ts'
import type { Expectation, Scorer, Task } from './scorer.ts'
import { trueCost } from './scorer.ts'
import { mean } from './metrics.ts'

/** Observations that a model's mean over all labels is worth. */
const STRENGTH = 10

/** Mean score, cost and work for each (label, model), with shrinkage to the model's mean. Needs gold labels. */
export function tableOf(task: Task, labelOf: (index: number, part: 'train' | 'test') => string): Scorer {
  const { models, train } = task
  const columns = models.map((model) => ({
    success: means(train.map((sample, index) => [labelOf(index, 'train'), sample.arms.get(model)!.score])),
    usd: means(train.map((sample, index) => [labelOf(index, 'train'), trueCost(task, sample, model, 'usd')])),
    work: means(train.map((sample, index) => [labelOf(index, 'train'), trueCost(task, sample, model, 'work')])),
  }))
  return (test) =>
    test.map((_, index) => {
      const label = labelOf(index, 'test')
      const read = (key: 'success' | 'usd' | 'work'): Float64Array =>
        Float64Array.from(columns, (column) => column[key](label))
      return { success: read('success'), usd: read('usd'), work: read('work') }
    })
}

function means(rows: readonly (readonly [label: string, value: number])[]): (label: string) => number {
  const cells = new Map<string, { sum: number; count: number }>()
  for (const [label, value] of rows) {
    const cell = cells.get(label) ?? { sum: 0, count: 0 }
    cell.sum += value
    cell.count++
    cells.set(label, cell)
  }
  const overall = mean(rows.map(([, value]) => value))
  return (label) => {
    const { sum, count } = cells.get(label) ?? { sum: 0, count: 0 }
    return (sum + STRENGTH * overall) / (count + STRENGTH)
  }
}

/** Null where some prompt has no label. */
export function goldTable(task: Task): Scorer | null {
  if (task.train.length === 0 || [...task.train, ...task.test].some(({ label }) => label === null)) return null
  return tableOf(task, (index, part) => task[part][index]!.label!)
}

/** The same table where the labels tell nothing: what is left when a class is drawn at random. */
export function randomTable(task: Task, seed: number): Scorer | null {
  if (goldTable(task) === null) return null
  const next = random(seed + 101)
  const drawn = {
    train: shuffle(
      task.train.map(({ label }) => label!),
      next,
    ),
    test: shuffle(
      task.test.map(({ label }) => label!),
      next,
    ),
  }
  return tableOf(task, (index, part) => drawn[part][index]!)
}

/** What each model really did. */
export const oracle =
  (task: Task): Scorer =>
  (test) =>
    test.map((sample) => ({
      success: Float64Array.from(task.models, (model) => sample.arms.get(model)!.score),
      usd: Float64Array.from(task.models, (model) => trueCost(task, sample, model, 'usd')),
      work: Float64Array.from(task.models, (model) => trueCost(task, sample, model, 'work')),
    }))

/** The same expectations for other prompts: nothing of a prompt is left but the distribution. */
export function shuffled(expected: readonly Expectation[], seed: number): Expectation[] {
  return shuffle([...expected], random(seed + 77))
}
