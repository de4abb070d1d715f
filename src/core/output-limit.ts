/** The fields by which callers limit the length of an answer. Engines differ in which one they read, and some read several. */
import type { Json, JsonObject } from './json.ts'

const FIELDS = [
  'max_completion_tokens',
  'max_tokens',
  'max_output_tokens',
  'max_new_tokens',
  'n_predict',
  'num_predict',
] as const

/** Those of a body that say something. */
export const limitFields = (body: JsonObject): readonly string[] =>
  FIELDS.filter((field) => body[field] !== undefined && body[field] !== null)

/** Tokens that an answer may have: by the largest of the limits, since an engine may read any of them; null = there is none. */
export function outputLimit(body: JsonObject, dropped: readonly string[]): number | null {
  let most = 0
  for (const field of limitFields(body)) if (!dropped.includes(field)) most = Math.max(most, limitOf(body[field]))
  return most === 0 || most === Infinity ? null : most
}

/** -1 and other odd values are no limit for engines that take them. */
export const limitOf = (value: Json | undefined): number =>
  typeof value === 'number' && value >= 1 ? Math.ceil(value) : Infinity
