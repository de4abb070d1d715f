/** How hard to think, in the fields that a model takes for it. Pure. */
import type { Effort } from '../../core/capabilities.ts'
import { effortIn, effortRuleAt } from '../../core/effort-rule.ts'
import { isObject } from '../../core/is-object.ts'
import type { Json, JsonObject } from '../../core/json.ts'
import type { Contents } from '../../core/prompt.ts'
import type { EndpointPlace } from '../../core/provider.ts'
import type { Deployment } from '../../core/types.ts'
import type { Composing } from '../format.ts'
import { effortOfThinking } from '../thinking.ts'
import type { Lose } from './compose-blocks.ts'
import { thoughtBlock } from './sealed.ts'

/** Fewer tokens of thought are refused. */
const LEAST_BUDGET = 1_024

/** The fields for an effort, or for the nearest that this model has; null: nobody knows how to tell it. */
export function effortFields(
  place: EndpointPlace,
  { backend, model }: Deployment,
  effort: Effort,
  lose: Lose,
): JsonObject | null {
  const rule = effortRuleAt(place, backend.provider, model)
  const told = rule === null ? null : effortIn(rule, effort)
  if (told !== effort) lose('effort')
  return rule === null || told === null ? null : (rule.fields[told] ?? null)
}

/** Tokens that `thinking` may take; null: it has no such limit. */
export function budgetOf(thinking: Json | undefined): number | null {
  if (!isObject(thinking) || thinking['type'] !== 'enabled') return null
  const { budget_tokens: budget } = thinking
  return typeof budget === 'number' ? budget : null
}

/** The same with a budget that is less than all of the answer; null: there is no room for thoughts. */
export function fitting(thinking: JsonObject, budget: number, maxTokens: number): JsonObject | null {
  if (budget < maxTokens) return thinking
  // Half of the answer is left to what is said.
  const half = Math.floor(maxTokens / 2)
  return half < LEAST_BUDGET ? null : { ...thinking, budget_tokens: half }
}

/** The same with a budget of no more than was learnt to be needed; one that the caller set stands. */
export function lowered(thinking: JsonObject, { thought = null }: Pick<Composing, 'thought'>): JsonObject {
  const budget = budgetOf(thinking)
  return thought === null || budget === null || budget <= thought ? thinking : { ...thinking, budget_tokens: thought }
}

/** Tokens of thought that a request of another format asks for; null: none, or no number of them. */
export function wantedBudget(contents: Contents, deployment: Deployment, how: Composing): number | null {
  const effort = effortOfThinking(contents.thinking) ?? how.effort
  if (effort === null) return null
  const { thinking } = effortFields(how.place, deployment, effort, () => undefined) ?? {}
  return isObject(thinking) ? budgetOf(budgeted(thinking, contents, how, () => undefined)) : null
}

/** Of a request that came in another format. A word of the caller's own counts more than what was chosen. `limit`: tokens of the answer. */
export function thinkingOf(
  contents: Contents,
  deployment: Deployment,
  how: Composing,
  limit: number,
  lose: Lose,
): JsonObject {
  const { place } = how
  const told = effortOfThinking(contents.thinking)
  const effort = told ?? how.effort
  if (effort === null) return adaptive(contents, deployment, place)
  const fields = effortFields(place, deployment, effort, lose)
  const { thinking, ...rest } = fields ?? {}
  if (!isObject(thinking) || thinking['type'] === 'disabled') return fields ?? {}
  const wanted = budgeted(thinking, contents, how, lose)
  const budget = budgetOf(wanted)
  const fits = budget === null ? wanted : fitting(wanted, budget, limit)
  if (fits !== null && !isForced(contents) && !(budget !== null && lacksThought(contents))) {
    const { shown } = contents.thinking ?? { shown: null }
    const display = shown === null ? {} : { display: shown === 'hidden' ? 'omitted' : 'summarized' }
    return { ...rest, thinking: { ...fits, ...display } }
  }
  lose('effort')
  return rest
}

/** As the model sees fit, where it can be told so. */
function adaptive({ thinking }: Contents, deployment: Deployment, place: EndpointPlace): JsonObject {
  if (thinking?.effort !== 'adaptive') return {}
  const { thinking: own } = effortFields(place, deployment, 'high', () => undefined) ?? {}
  return isObject(own) && own['type'] === 'adaptive' ? { thinking: own } : {}
}

/** With the caller's own budget. Newer models take none. */
function budgeted(thinking: JsonObject, { thinking: own }: Contents, how: Composing, lose: Lose): JsonObject {
  const budget = own?.budget ?? null
  if (budget === null) return lowered(thinking, how)
  if (budgetOf(thinking) !== null) return { ...thinking, budget_tokens: Math.max(LEAST_BUDGET, budget) }
  lose('thinking.budget')
  return thinking
}

/** Thinking is refused beside a call that must be made. */
const isForced = ({ tools, toolChoice }: Contents): boolean =>
  tools.length > 0 && toolChoice !== null && toolChoice !== 'auto' && toolChoice !== 'none'

/** With a budget the turn whose calls have just been answered must begin with what was thought, signed; few formats can keep that. */
function lacksThought({ messages }: Contents): boolean {
  if (messages.at(-1)?.role !== 'tool') return false
  const calling = messages.findLast(({ role }) => role === 'assistant')
  return calling === undefined || !calling.parts.some((part) => part.kind === 'thought' && thoughtBlock(part) !== null)
}
