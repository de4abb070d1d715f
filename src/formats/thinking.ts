/** How hard a model is asked to think, between the words and numbers of the formats. Pure. */
import { type Effort, EFFORTS } from '../core/capabilities.ts'
import type { Thinking } from '../core/prompt.ts'
import { effortIn } from '../core/effort-rule.ts'
import type { EffortRule } from '../core/provider.ts'

/** A word of some engines stands for the nearest of ours. */
const WORDS: ReadonlyMap<string, Effort> = new Map<string, Effort>([
  ...EFFORTS.map((effort) => [effort, effort] as const),
  ['ultra', 'max'],
])

/** A word of a caller as a model with this rule reads it: itself, or the nearest that it has. */
export function wordFor(word: string, rule: EffortRule | null): string {
  const known = effortOfWord(word)
  if (known === null) return word
  return (rule === null ? null : effortIn(rule, known)) ?? known
}

/** Up to so many tokens of thought are little, and so many are some. */
const LOW_BUDGET = 2_048
const MEDIUM_BUDGET = 8_192

/** Null: it is no word for it. */
export const effortOfWord = (word: string): Effort | null => WORDS.get(word.toLowerCase()) ?? null

export function effortOfBudget(tokens: number): Effort | null {
  if (!(tokens >= 0)) return null
  if (tokens === 0) return 'none'
  if (tokens <= LOW_BUDGET) return 'low'
  return tokens <= MEDIUM_BUDGET ? 'medium' : 'high'
}

/** Null: the model does as it sees fit. */
export function effortOfThinking(thinking: Thinking | null): Effort | null {
  if (thinking === null) return null
  const { effort, budget } = thinking
  const told = effort === null ? null : effortOfWord(effort)
  return told ?? (budget === null ? null : effortOfBudget(budget))
}
