/** A JSON schema of a caller as a check. Runs in the thread of check-worker.ts: it generates code, and may take long. */
import { isObject } from '../core/is-object.ts'
import { Ajv, type Options } from 'ajv'
import { Ajv2020 } from 'ajv/dist/2020.js'

export type Check = (value: unknown) => boolean

const DEEPEST = 64
const MOST_PARTS = 10_000

/**
 * Nothing that a caller may write throws for its own sake: unknown keywords and formats are no conditions, the schema itself
 * is not judged. `ownProperties`: `toString` is not there because every object inherits it.
 */
const OPTIONS: Options = {
  strict: false,
  validateSchema: false,
  validateFormats: false,
  meta: false,
  addUsedSchema: false,
  ownProperties: true,
  logger: false,
  code: { optimize: false },
}

/** Old drafts have another `items`, and patterns that are none in Unicode mode. */
const READERS: readonly (() => Ajv | Ajv2020)[] = [
  () => new Ajv2020(OPTIONS),
  () => new Ajv({ ...OPTIONS, unicodeRegExp: false }),
]

/** Null where the schema cannot be used: too large, broken, or it refers to what is elsewhere. */
export function compileSchema(schema: unknown): Check | null {
  if (typeof schema === 'boolean') return () => schema
  if (!isObject(schema) || !isSmall(schema) || schema['$async'] !== undefined) return null
  const old = typeof schema['$schema'] === 'string' && schema['$schema'].includes('/draft-0')
  for (const reader of old ? READERS.toReversed() : READERS) {
    try {
      // A new one for each: they remember every schema, and refuse a second one of the same $id.
      const validate = reader().compile(schema)
      return (value) => validate(value)
    } catch {
      continue
    }
  }
  return null
}

function isSmall(schema: object): boolean {
  let parts = 0
  const level = (value: unknown, depth: number): boolean => {
    if (typeof value !== 'object' || value === null) return true
    if (depth > DEEPEST || ++parts > MOST_PARTS) return false
    return Object.values(value).every((part) => level(part, depth + 1))
  }
  return level(schema, 0)
}
