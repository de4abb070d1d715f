/** The arms of models: one for each effort, shared by all backends that serve the model. */
import type { Arm, Common, TopicStats } from '../../core/arm.ts'
import type { ModelFacts } from '../../core/settings.ts'
import type { Effort, TaskClass } from '../../core/capabilities.ts'
import { nothingSaid } from '../../core/hints.ts'
import { newCells, rebased } from './topic-stats.ts'
import { factorsOf } from './length.ts'
import { oddsOf } from './odds.ts'

/** What the estimators need to know of the classifier. */
export interface Topics {
  readonly topics: readonly TaskClass[]
  /** Mean logarithm of 1 + output tokens by topic. */
  readonly lengths: Float64Array
}

/** Expected success of a model of which nobody knows anything. */
const UNKNOWN = 0.6
/** Where the shipped heads put an ordinary model. */
const ORDINARY = 0.7

/** What an effort changes before anything was seen: success on hard classes, output (factor), share of reasoning. */
const EFFORTS: Readonly<
  Record<Effort, { readonly gain: number; readonly length: number; readonly reasoning: number }>
> = {
  none: { gain: -0.06, length: 1, reasoning: 0 },
  minimal: { gain: -0.04, length: 1.2, reasoning: 0.15 },
  low: { gain: -0.02, length: 1.6, reasoning: 0.4 },
  medium: { gain: 0, length: 2.8, reasoning: 0.65 },
  high: { gain: 0.02, length: 5, reasoning: 0.8 },
  xhigh: { gain: 0.03, length: 8, reasoning: 0.87 },
  max: { gain: 0.035, length: 12, reasoning: 0.9 },
}

/** Thinking helps where there is something to work out. */
const THINKING: ReadonlySet<TaskClass> = new Set(['math', 'logic', 'code', 'agent', 'knowledge'])

/** Name of a model as all backends share it: without vendor, tag `latest` and case. */
export function sharedName(model: string): string {
  const name = model.slice(model.lastIndexOf('/') + 1).toLowerCase()
  return name.endsWith(':latest') ? name.slice(0, -':latest'.length) : name
}

export const armId = (model: string, effort: Effort | null): string => `${sharedName(model)}@${effort ?? 'default'}`

/** Of a model whose name nobody knows: what is dear is mostly good. From .55 at 0.1 USD for a million output tokens to .85 at 60. */
function guessOf({ price }: ModelFacts): number {
  const usd = price?.outputPerMtok ?? price?.inputPerMtok ?? null
  return usd === null || usd <= 0 ? UNKNOWN : Math.min(0.85, Math.max(0.5, 0.66 + 0.108 * Math.log10(usd)))
}

/** Before anything was seen. */
export function newCommon({ topics }: Pick<Topics, 'topics'>): Common {
  const cells = (): TopicStats => newCells(topics.length)
  const length = cells()
  return { quality: cells(), validity: cells(), length, noise: { sum: 0, count: 0 }, factors: factorsOf(length) }
}

export function newArm(
  model: string,
  effort: Effort | null,
  facts: ModelFacts,
  known: Topics,
  common: Common = newCommon(known),
): Arm {
  const { topics, lengths } = known
  const usual = facts.quality['default'] ?? guessOf(facts)
  const quality = (of: TaskClass): number => facts.quality[of] ?? usual
  const thinks = facts.efforts.length > 0
  const change = effort === null ? (thinks ? EFFORTS.medium : EFFORTS.none) : EFFORTS[effort]
  const gain = (of: TaskClass): number => (thinks ? change.gain * (THINKING.has(of) ? 2 : 0.5) : 0)
  const prior = Float64Array.from(topics, (of) => quality(of) + gain(of))
  return {
    id: armId(model, effort),
    effort,
    topics,
    prior,
    ability: usual - ORDINARY,
    lengthPrior: lengths.map((log) => log + (thinks ? Math.log(change.length) : 0)),
    reasoningPrior: thinks ? change.reasoning : 0,
    family: null,
    common,
    quality: newCells(topics.length),
    slope: { products: 0, squares: 0 },
    validity: newCells(topics.length),
    length: newCells(topics.length),
    factors: { ...common.factors },
    spent: { reasoning: 0, output: 0 },
    said: nothingSaid(),
    words: { residual: null },
  }
}

/** Whether the same is expected by both before anything was seen. */
export const expectsAs = (one: Arm, other: Arm): boolean =>
  one.prior.every((value, topic) => value === other.prior[topic]) &&
  one.lengthPrior.every((value, topic) => value === other.lengthPrior[topic])

/** `fresh` with what another arm of its model had learnt: kept as deviations, which from other priors are others. */
export const rebase = (arm: Arm, fresh: Arm): Arm => {
  return {
    ...fresh,
    family: arm.family && {
      quality: rebased(arm.family.quality, arm.prior.map(oddsOf), fresh.prior.map(oddsOf)),
      length: rebased(arm.family.length, arm.lengthPrior, fresh.lengthPrior),
    },
    quality: rebased(arm.quality, arm.prior.map(oddsOf), fresh.prior.map(oddsOf)),
    slope: { ...arm.slope },
    validity: arm.validity,
    length: rebased(arm.length, arm.lengthPrior, fresh.lengthPrior),
    factors: { ...arm.factors },
    spent: { ...arm.spent },
    said: { ...arm.said },
    words: arm.words,
  }
}
