/** Members of a parsed body, as what they should be. Pure. */
import type { Json } from '../../core/json.ts'

export const textOf = (value: Json | undefined): string | null => (typeof value === 'string' ? value : null)
export const booleanOf = (value: Json | undefined): boolean | null => (typeof value === 'boolean' ? value : null)
export const listOf = (value: Json | undefined): readonly Json[] =>
  Array.isArray(value) ? (value as readonly Json[]) : NONE
const NONE: readonly Json[] = []

/** A number too large for one (1e999) is none. */
export const numberOf = (value: Json | undefined): number | null =>
  typeof value === 'number' && Number.isFinite(value) ? value : null

export const says = (value: Json | undefined): boolean => value !== undefined && value !== null

/** In `include`: how likely the tokens of the answer were. */
export const LOGPROBS = 'message.output_text.logprobs'
