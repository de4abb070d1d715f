/** How hard to think, in Ollama's words. Pure. */
import type { Thinking } from '../../core/prompt.ts'
import { effortOfThinking } from '../thinking.ts'

/** Words of others that mean the same. */
const SAME: Readonly<Record<string, boolean | string>> = { none: false, adaptive: true, ultra: 'max' }

/** Words that it does not have, and the nearest that it has. */
const NEAREST: Readonly<Record<string, string>> = { minimal: 'low', xhigh: 'max' }

/** A word that nobody knows may be one of the model's own. Null: the model does as it does when nobody says. */
export function thinkOf(thinking: Thinking | null, lose: (name: string) => void): boolean | string | null {
  if (thinking === null) return null
  const word = thinking.effort ?? effortOfThinking(thinking)
  if (word === null) return null
  const nearest = NEAREST[word]
  if (nearest === undefined) return SAME[word] ?? word
  lose('effort')
  return nearest
}
