/** What of an answer a wire format has no place for: protocols, sections 1, 2, 4, 5 and 6. All else it has to say. */
import type { FormatName } from '../../src/core/format-names.ts'
import type { Usage } from '../../src/core/settlement.ts'
import { asFunction, type Whole } from './comparable.ts'

type Limit = (part: Whole) => readonly Whole[]

const withoutStop = (part: Whole): Whole => (part.kind === 'end' ? { ...part, stop: null } : part)

const LIMITS: Readonly<Record<FormatName, Limit>> = {
  // A call has a place for Gemini's seal, and thoughts have none; a stop sequence is not named.
  'openai-chat': (part) =>
    part.kind === 'seal' && (part.of === 'thought' || part.maker !== 'gemini') ? [] : [withoutStop(part)],
  'openai-responses': (part) => [withoutStop(part)],
  // Whatever is filtered is a refusal.
  'anthropic-messages': (part) => [asFunction(part)],
  gemini: (part) => [asFunction(withoutStop(part))],
  // It has no other text than the answer's.
  ollama: (part) => (part.kind === 'seal' || part.kind === 'citation' ? [] : [asFunction(asText(withoutStop(part)))]),
}

const asText = (part: Whole): Whole => (part.kind === 'refusal' ? { ...part, kind: 'text' } : part)

export const sayable = (format: string, parts: readonly Whole[]): readonly Whole[] =>
  parts.flatMap(LIMITS[format as FormatName])

/** Tokens of each kind that a format tells. */
export function countable(format: string, usage: Usage): Usage {
  const told = { ...usage, tier: null }
  return format === 'ollama' ? { ...told, reasoning: 0, cacheWrite: 0 } : told
}
