/** Members of bodies, as what they should be; anything else counts as not said. */
import type { Json } from '../../core/json.ts'

export const textOf = (value: Json | undefined): string | null => (typeof value === 'string' ? value : null)
export const numberOf = (value: Json | undefined): number | null => (typeof value === 'number' ? value : null)
export const listOf = (value: Json | undefined): readonly Json[] =>
  Array.isArray(value) ? (value as readonly Json[]) : []

/** It is there, and is not null. */
export const says = (value: Json | undefined): boolean => value !== undefined && value !== null
