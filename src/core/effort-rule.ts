/** In which fields a backend is told how hard to think. */
import { preferredPlace } from './ask-place.ts'
import { type Effort, EFFORTS, nearestEffort } from './capabilities.ts'
import type { EffortRule, EndpointPlace, Provider } from './provider.ts'

/** By the rules of a provider, then by model: a pattern is tried once for each model, not for each request. */
const found = new WeakMap<readonly EffortRule[], Map<string, EffortRule | null>>()

/** The first rule for this model in OpenAI's fields; null: nobody knows how to tell this backend. */
export const effortRule = (
  { request }: { readonly request: Pick<Provider['request'], 'effort'> },
  model: string,
): EffortRule | null => ruleIn(request.effort, model)

/** The same in the fields of the format of a place. */
export function effortRuleAt({ format, effort }: EndpointPlace, provider: Provider, model: string): EffortRule | null {
  if (effort !== undefined) return ruleIn(effort, model)
  return format === 'openai-chat' ? effortRule(provider, model) : null
}

function ruleIn(rules: readonly EffortRule[], model: string): EffortRule | null {
  const known = found.get(rules) ?? new Map<string, EffortRule | null>()
  found.set(rules, known)
  let rule = known.get(model)
  if (rule === undefined) {
    rule = rules.find(({ models }) => models === null || new RegExp(models, 'i').test(model)) ?? null
    known.set(model, rule)
  }
  return rule
}

/** The effort of this rule that is nearest to the one that is wished; null: it has none. */
export const effortIn = ({ fields }: EffortRule, wished: Effort): Effort | null =>
  fields[wished] === undefined
    ? nearestEffort(
        wished,
        EFFORTS.filter((effort) => fields[effort] !== undefined),
      )
    : wished

/** Those of a family's efforts that this backend can be told without a word of the operator. */
export function steerable(provider: Provider, model: string, efforts: readonly Effort[]): readonly Effort[] {
  if (efforts.length === 0) return efforts
  const place = preferredPlace(provider, 'chat', model)
  const rule = place === null ? null : effortRuleAt(place, provider, model)
  if (rule === null || rule.declaredOnly) return []
  return efforts.filter((effort) => rule.fields[effort] !== undefined)
}
