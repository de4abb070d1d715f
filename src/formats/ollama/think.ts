/** How hard to think, in Ollama's words. Pure. */
import type { Thinking } from '../../core/prompt.ts'
import { effortOfThinking } from '../thinking.ts'

/** Words of others that stand for one of Ollama's. */
const WORDS: Readonly<Record<string, boolean | string>> = {
  none: false,
  adaptive: true,
  minimal: 'low',
  xhigh: 'max',
  ultra: 'max',
}

/** A word that nobody knows may be one of the model's own. Null: the model does as it does when nobody says. */
export function thinkOf(thinking: Thinking | null): boolean | string | null {
  if (thinking === null) return null
  const { effort } = thinking
  if (effort !== null) return WORDS[effort] ?? effort
  const word = effortOfThinking(thinking)
  return word === null ? null : (WORDS[word] ?? word)
}
