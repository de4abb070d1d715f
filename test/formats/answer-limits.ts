/** What of an answer a wire format has no place for: protocols, sections 1, 2, 4, 5 and 6. All else it has to say. */
import type { FormatName } from '../../src/core/format-names.ts'
import type { Usage } from '../../src/core/settlement.ts'
import type { Whole } from './comparable.ts'

type Limit = (parts: readonly Whole[]) => readonly Whole[]

const each =
  (limit: (part: Whole) => readonly Whole[]): Limit =>
  (parts) =>
    parts.flatMap(limit)
const withoutStop = each((part) => [part.kind === 'end' ? { ...part, stop: null } : part])
const without = (is: (part: Whole) => boolean): Limit => each((part) => (is(part) ? [] : [part]))
const refusalIsText = each((part) => [part.kind === 'refusal' ? { ...part, kind: 'text' } : part])
/** A refusal is an end, whose words are a text. */
const refusalIsEnd: Limit = (parts) =>
  parts.some(({ kind }) => kind === 'refusal')
    ? refusalIsText(parts).map((part) => (part.kind === 'end' ? { ...part, finish: 'content_filter' } : part))
    : parts
const withoutLikely = each((part) => {
  if (!('likely' in part)) return [part]
  const { kind, text } = part
  return [{ kind, text }]
})
const isSeal = (part: Whole): boolean => part.kind === 'seal'

const LIMITS: Readonly<Record<FormatName, readonly Limit[]>> = {
  // A call has a place for Gemini's seal, and thoughts have none.
  'openai-chat': [
    withoutStop,
    without((part) => part.kind === 'seal' && (part.of === 'thought' || part.maker !== 'gemini')),
  ],
  'openai-responses': [withoutStop],
  'anthropic-messages': [withoutLikely, refusalIsEnd, without((part) => part.kind === 'seal' && part.of === 'call')],
  gemini: [withoutStop, refusalIsText],
  ollama: [withoutLikely, withoutStop, refusalIsText, without(isSeal), without(({ kind }) => kind === 'citation')],
}

export const sayable = (format: string, parts: readonly Whole[]): readonly Whole[] =>
  LIMITS[format as FormatName].reduce((left, limit) => limit(left), parts)

/** Tools that take free text, so that there are calls of them. */
export const hasFreeTools = (format: string): boolean => format.startsWith('openai-')

/** Tokens of each kind that a format tells. */
export function countable(format: string, usage: Usage): Usage {
  const told = { ...usage, tier: null }
  if (format === 'ollama') return { ...told, reasoning: 0, cacheWrite: 0 }
  return format === 'gemini' ? { ...told, cacheWrite: 0 } : told
}
