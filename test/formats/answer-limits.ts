/** What of an answer a wire format has no place for: protocols, sections 1, 2, 4, 5 and 6. All else it has to say. */
import type { FormatName } from '../../src/core/format-names.ts'
import type { Whole } from './comparable.ts'

type Limit = (part: Whole) => readonly Whole[]

const withoutStop = (part: Whole): Whole => (part.kind === 'end' ? { ...part, stop: null } : part)

const LIMITS: Readonly<Record<FormatName, Limit>> = {
  // A call has a place for Gemini's seal, and thoughts have none; a stop sequence is not named.
  'openai-chat': (part) =>
    part.kind === 'seal' && (part.of === 'thought' || part.maker !== 'gemini') ? [] : [withoutStop(part)],
  'openai-responses': (part) => [withoutStop(part)],
  'anthropic-messages': (part) => [part],
  gemini: (part) => [withoutStop(part)],
  ollama: (part) => (part.kind === 'seal' || part.kind === 'citation' ? [] : [withoutStop(part)]),
}

export const sayable = (format: string, parts: readonly Whole[]): readonly Whole[] =>
  parts.flatMap(LIMITS[format as FormatName])
