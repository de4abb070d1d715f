/** In which fields a backend is told how hard to think. */
import type { Effort } from './capabilities.ts'
import type { EffortRule, Provider } from './provider.ts'

/** By the rules of a provider, then by model: a pattern is tried once for each model, not for each request. */
const found = new WeakMap<readonly EffortRule[], Map<string, EffortRule | null>>()

/** The first rule for this model; null: nobody knows how to tell this backend. */
export function effortRule(provider: Provider, model: string): EffortRule | null {
  const rules = provider.request.effort
  const known = found.get(rules) ?? new Map<string, EffortRule | null>()
  found.set(rules, known)
  let rule = known.get(model)
  if (rule === undefined) {
    rule = rules.find(({ models }) => models === null || new RegExp(models, 'i').test(model)) ?? null
    known.set(model, rule)
  }
  return rule
}

/** Those of a family's efforts that this backend can be told without a word of the operator. */
export function steerable(provider: Provider, model: string, efforts: readonly Effort[]): readonly Effort[] {
  if (efforts.length === 0) return efforts
  const rule = effortRule(provider, model)
  if (rule === null || rule.declaredOnly) return []
  return efforts.filter((effort) => rule.fields[effort] !== undefined)
}
