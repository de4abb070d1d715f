/** The fields by which callers limit the length of an answer. Engines differ in which one they read, and some read several. */
import type { Json, JsonObject } from '../../core/json.ts'

const FIELDS = [
  'max_completion_tokens',
  'max_tokens',
  'max_output_tokens',
  'max_new_tokens',
  'n_predict',
  'num_predict',
] as const

/** Those of a body that say something. */
export const limitFields = (body: JsonObject): readonly string[] => FIELDS.filter((field) => says(body, field))

const says = (body: JsonObject, field: string): boolean => body[field] !== undefined && body[field] !== null

/**
 * Tokens that an answer may have on a backend whose kind drops these fields: by the largest of the caller's limits, since an engine
 * may read any of them, and by what a budget lowered it to. Null: there is no limit. Asked for each target of a request: it makes no list.
 */
export function outputLimit(body: JsonObject, dropped: readonly string[], lowered: number | null): number | null {
  let own = 0
  for (let index = 0; index < FIELDS.length; index++) {
    const field = FIELDS[index]!
    if (says(body, field) && !dropped.includes(field)) own = Math.max(own, outputLimitOf(body[field]))
  }
  const most = lowered === null || dropped.includes('max_tokens') ? Infinity : lowered
  const limit = Math.min(own === 0 ? Infinity : own, most)
  return limit === Infinity ? null : limit
}

/** -1 and other odd values are no limit for engines that take them. */
export const outputLimitOf = (value: Json | undefined): number =>
  typeof value === 'number' && value >= 1 ? Math.ceil(value) : Infinity
