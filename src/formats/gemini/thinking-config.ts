/** `thinkingConfig`: how hard to think, by what the provider's file says of the model. Pure. */
import { type Effort, EFFORTS } from '../../core/capabilities.ts'
import { isObject } from '../../core/is-object.ts'
import type { Json, JsonObject } from '../../core/json.ts'
import type { Thinking } from '../../core/prompt.ts'
import { effortIn } from '../../core/effort-rule.ts'
import type { EffortRule } from '../../core/provider.ts'
import { effortOfThinking } from '../thinking.ts'
import { numberOf } from './member.ts'

/** As much as the model sees fit. */
const ANY = -1

/**
 * Null: nothing is said. `chosen`: counts where the caller has no word of its own. `rule`: null where the model does not think, or nobody
 * knows how it is told. `lose`: takes the name of what cannot be said. `most`: of a number that the caller did not set; null: as the effort says.
 */
export function thinkingConfigOf(
  thinking: Thinking | null,
  chosen: Effort | null,
  rule: EffortRule | null,
  lose: (name: string) => void,
  most: number | null = null,
): JsonObject | null {
  const shown = thinking?.shown ?? null
  if (rule === null) {
    if ((thinking?.budget ?? null) !== null) lose('thinking.budget')
    return null
  }
  const budgets = budgetsOf(rule)
  const told =
    budgets.length === 0 ? levelOf(thinking, chosen, rule, lose) : budgetOf(thinking, chosen, rule, budgets, lose, most)
  const config = { ...told, ...(shown === null ? {} : { includeThoughts: shown !== 'hidden' }) }
  return Object.keys(config).length === 0 ? null : config
}

/** What the file says for a word. */
function configFor(effort: Effort, { fields }: EffortRule): JsonObject {
  const config = fields[effort]?.['generationConfig']
  const thinking: Json | undefined = isObject(config) ? config['thinkingConfig'] : undefined
  return isObject(thinking) ? thinking : {}
}

const budgetsOf = (rule: EffortRule): readonly number[] =>
  EFFORTS.flatMap((effort) => numberOf(configFor(effort, rule)['thinkingBudget']) ?? [])

/** Models that are told a number: no less than the file has, since some cannot do without any thought, and no more. */
function budgetOf(
  thinking: Thinking | null,
  chosen: Effort | null,
  rule: EffortRule,
  budgets: readonly number[],
  lose: (name: string) => void,
  most: number | null,
): JsonObject {
  const within = (tokens: number): number => Math.min(Math.max(...budgets), Math.max(Math.min(...budgets), tokens))
  const budget = thinking?.budget ?? null
  if (budget !== null) {
    if (budget > Math.max(...budgets)) lose('thinking.budget')
    return { thinkingBudget: within(budget) }
  }
  if (thinking?.effort === 'adaptive') return { thinkingBudget: most === null ? ANY : within(most) }
  const told = wordOf(thinking, chosen, rule, lose)
  const own = numberOf(told['thinkingBudget'])
  // Nobody says how hard: the model thinks as it sees fit, and seldom so long.
  if (own === null) return most === null ? told : { thinkingBudget: within(most) }
  return most === null || own <= most ? told : { thinkingBudget: within(most) }
}

/** Models that are told a word. */
function levelOf(
  thinking: Thinking | null,
  chosen: Effort | null,
  rule: EffortRule,
  lose: (name: string) => void,
): JsonObject {
  if ((thinking?.budget ?? 0) > 0) lose('thinking.budget')
  return wordOf(thinking, chosen, rule, lose)
}

function wordOf(
  thinking: Thinking | null,
  chosen: Effort | null,
  rule: EffortRule,
  lose: (name: string) => void,
): JsonObject {
  const effort = effortOfThinking(thinking) ?? (thinking?.effort === 'adaptive' ? null : chosen)
  const told = effort === null ? null : effortIn(rule, effort)
  if (told !== effort) lose('effort')
  return told === null ? {} : configFor(told, rule)
}
