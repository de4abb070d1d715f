/** All policies on one task: figures that the table, the record and the last line of `--json` are made of. */
import type { Weights } from '../../src/classify/weights.ts'
import { goldTable, oracle, randomTable, shuffled } from './baselines.ts'
import { aiq, apgr, costAt, mean, type Point, quantile } from './metrics.ts'
import type { Priors } from './priors.ts'
import { type Expectation, frontier, type Measure, scoresOf, type Task, trueCost } from './scorer.ts'
import { turnout } from './turnout.ts'

/** Null: the data has no base for it. */
export interface Figures {
  readonly accuracy: number | null
  readonly aiq_linear: number | null
  readonly aiq_log: number | null
  readonly usd_per_1k_at_95: number | null
  readonly usd_per_1k_at_99: number | null
  readonly usd_per_1k_at_100: number | null
  readonly apgr: number | null
  readonly work_at_95: number | null
  readonly work_at_95_ratio: number | null
}

export const POLICIES = [
  'turnout',
  'shuffled',
  'cheapest',
  'best_single',
  'random',
  'hull',
  'gold_table',
  'random_labels',
  'oracle',
] as const
export type PolicyName = (typeof POLICIES)[number]

export interface Evaluation {
  readonly policies: Readonly<Record<PolicyName, Figures>>
  readonly decisionUs: { readonly p50: number; readonly p99: number }
  /** True score of each test prompt where success alone decides; for paired comparisons. */
  readonly scores: Readonly<Partial<Record<PolicyName, readonly number[]>>>
}

export const NOTHING: Figures = {
  accuracy: null,
  aiq_linear: null,
  aiq_log: null,
  usd_per_1k_at_95: null,
  usd_per_1k_at_99: null,
  usd_per_1k_at_100: null,
  apgr: null,
  work_at_95: null,
  work_at_95_ratio: null,
}

export function evaluate(task: Task, weights: Weights, priors: Priors, seed: number): Evaluation {
  const { scorer, decisionUs } = turnout(task, weights, priors)
  const own = scorer(task.test)
  const gold = goldTable(task)?.(task.test) ?? null
  const drawn = randomTable(task, seed)?.(task.test) ?? null
  const expectations: Partial<Record<PolicyName, Expectation[]>> = {
    turnout: own,
    shuffled: shuffled(own, seed),
    oracle: oracle(task)(task.test),
    ...(gold === null ? {} : { gold_table: gold }),
    ...(drawn === null ? {} : { random_labels: drawn }),
  }
  const ruler = rulerOf(task)
  const figures = Object.fromEntries(POLICIES.map((name) => [name, NOTHING])) as Record<PolicyName, Figures>
  const scores: Partial<Record<PolicyName, readonly number[]>> = {}
  for (const [name, expected] of Object.entries(expectations) as [PolicyName, Expectation[]][]) {
    figures[name] = figuresOf(task, expected, ruler)
    scores[name] = scoresOf(task, expected)
  }
  for (const [name, fixed] of Object.entries(ruler.fixed) as [PolicyName, Fixed][]) {
    figures[name] = fixedFigures(fixed, ruler)
    if (fixed.model !== null) scores[name] = task.test.map((sample) => sample.arms.get(fixed.model!)!.score)
  }
  return {
    policies: figures,
    decisionUs: { p50: quantile(decisionUs, 0.5), p99: quantile(decisionUs, 0.99) },
    scores,
  }
}

/** A policy without a setting, or a mixture of such. */
interface Fixed {
  readonly model: string | null
  readonly accuracy: number
  readonly usd: readonly Point[] | null
}

/** What all policies of a task are measured against. */
interface Ruler {
  /** Quality on the test prompts of the model that is best on the training ones (without any: on the test ones). */
  readonly best: number
  readonly usd: { readonly from: number; readonly to: number } | null
  readonly hasWork: boolean
  /** Of two models: which is the weak one. */
  readonly pair: { readonly weak: number; readonly strong: number } | null
  readonly fixed: Partial<Record<PolicyName, Fixed>>
}

function rulerOf(task: Task): Ruler {
  const { models, train, test, cards } = task
  const known = train.length > 0 ? train : test
  const qualityOn = (part: Task['test'], model: string): number => mean(part.map(({ arms }) => arms.get(model)!.score))
  const best = [...models].sort((a, b) => qualityOn(known, b) - qualityOn(known, a))[0]!
  const costs = models.map((model) => mean(test.map((sample) => trueCost(task, sample, model, 'usd'))))
  const hasUsd = costs.every((cost) => Number.isFinite(cost))
  const hasWork = models.every((model) =>
    test.every((sample) => Number.isFinite(trueCost(task, sample, model, 'work'))),
  )
  const singles = models.map((model, index) => ({ cost: costs[index]!, quality: qualityOn(test, model) }))
  const price = (model: string): number => cards.get(model)?.outputPerMtokUsd ?? cards.get(model)?.paramsB ?? NaN
  const dear = hasUsd ? (model: string): number => costs[models.indexOf(model)]! : price
  const byPrice = [...models].sort((a, b) => dear(a) - dear(b))
  const fixedOf = (model: string): Fixed => ({
    model,
    accuracy: qualityOn(test, model),
    usd: hasUsd ? [singles[models.indexOf(model)]!] : null,
  })
  const priced = models.every((model) => Number.isFinite(dear(model)))
  return {
    best: qualityOn(test, best),
    usd: hasUsd ? { from: Math.min(...costs), to: Math.max(...costs) } : null,
    hasWork,
    pair: models.length === 2 ? pairOf(models, known, priced ? dear : null) : null,
    fixed: {
      best_single: fixedOf(best),
      ...(priced ? { cheapest: fixedOf(byPrice[0]!) } : {}),
      random: {
        model: null,
        accuracy: mean(singles.map(({ quality }) => quality)),
        usd: hasUsd ? [{ cost: mean(costs), quality: mean(singles.map(({ quality }) => quality)) }] : null,
      },
      hull: { model: null, accuracy: qualityOn(test, best), usd: hasUsd ? singles : null },
    },
  }
}

/** The dearer one is the strong one; without prices the better one. */
function pairOf(
  models: readonly string[],
  known: Task['test'],
  dear: ((model: string) => number) | null,
): Ruler['pair'] {
  const quality = (model: string): number => mean(known.map(({ arms }) => arms.get(model)!.score))
  const [first, second] = models.map((model) => (dear === null ? quality(model) : dear(model)))
  return first! <= second! ? { weak: 0, strong: 1 } : { weak: 1, strong: 0 }
}

function figuresOf(task: Task, expected: readonly Expectation[], ruler: Ruler): Figures {
  const { usd, pair, hasWork, best } = ruler
  const points = usd === null ? null : frontier(task, withCosts(task, expected, 'usd'), 'usd')
  const work = hasWork ? frontier(task, withCosts(task, expected, 'work'), 'work') : null
  const at = work === null ? null : costAt(work, 0.95 * best)
  const plain = work === null ? null : costAt(frontier(task, withoutLengths(task, expected), 'work'), 0.95 * best)
  return {
    ...money(points, ruler),
    accuracy: mean(scoresOf(task, expected)),
    apgr:
      pair === null
        ? null
        : apgr(
            expected.map(({ success }) => success[pair.strong]! - success[pair.weak]!),
            task.test.map(({ arms }) => arms.get(task.models[pair.weak]!)!.score),
            task.test.map(({ arms }) => arms.get(task.models[pair.strong]!)!.score),
          ),
    work_at_95: at === null ? null : at / 1000,
    work_at_95_ratio: at === null || plain === null ? null : at / plain,
  }
}

const fixedFigures = ({ accuracy, usd }: Fixed, ruler: Ruler): Figures => ({ ...money(usd, ruler), accuracy })

function money(points: readonly Point[] | null, { usd, best }: Ruler): Figures {
  if (points === null || usd === null || usd.from === usd.to) return NOTHING
  const at = (share: number): number | null => {
    const cost = costAt(points, share * best)
    return cost === null ? null : 1000 * cost
  }
  return {
    ...NOTHING,
    aiq_linear: aiq(points, usd.from, usd.to, 'linear'),
    aiq_log: usd.from > 0 ? aiq(points, usd.from, usd.to, 'log') : null,
    usd_per_1k_at_95: at(0.95),
    usd_per_1k_at_99: at(0.99),
    usd_per_1k_at_100: at(1),
  }
}

/** Where a policy knows no cost of its own (nothing was told), each model costs what it costs on average. */
function withCosts(task: Task, expected: readonly Expectation[], measure: Measure): Expectation[] {
  if (expected.every((one) => one[measure].every((cost) => Number.isFinite(cost)))) return [...expected]
  const known = task.train.length > 0 ? task.train : task.test
  const means = Float64Array.from(task.models, (model) =>
    mean(known.map((sample) => trueCost(task, sample, model, measure))),
  )
  return expected.map((one) => ({ ...one, [measure]: means }))
}

/** Work judged by the size of the model alone, as by a list price: what a policy without lengths would see. */
function withoutLengths(task: Task, expected: readonly Expectation[]): Expectation[] {
  const work = Float64Array.from(task.models, (model) => task.cards.get(model)?.paramsB ?? NaN)
  return expected.map((one) => ({ ...one, work }))
}
