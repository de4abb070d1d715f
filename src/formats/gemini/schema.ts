/** Google's subset of OpenAPI schemas as the JSON Schema that everybody else reads. Pure. */
import { isObject } from '../../core/is-object.ts'
import type { Json, JsonObject } from '../../core/json.ts'
import { listOf, member, namesIn, numberOf } from './member.ts'

/** Deeper is no schema that a model could follow. */
const DEEPEST = 64

/** `schema`: in the subset, its types in capitals or not. What it has of its own (`propertyOrdering`) goes. */
export function jsonSchemaOf(schema: Json | undefined, depth = 0): Json {
  if (!isObject(schema) || depth > DEEPEST) return {}
  const read: Record<string, Json> = {}
  for (const name of namesIn(schema)) {
    const value = member(schema, name)!
    if (name === 'type') Object.assign(read, typeOf(value, schema))
    else if (name === 'properties') read[name] = mapped(value, depth)
    else if (name === 'items') read[name] = jsonSchemaOf(value, depth + 1)
    else if (LISTS.has(name)) read[name] = listOf(value).map((one) => jsonSchemaOf(one, depth + 1))
    else if (name === 'additionalProperties') read[name] = isObject(value) ? jsonSchemaOf(value, depth + 1) : value
    else if (name === 'example') read['examples'] = [value]
    else if (name === 'enum' && member(schema, 'nullable') === true) read[name] = [...listOf(value), null]
    else if (!DROPPED.has(name)) read[name] = COUNTS.has(name) ? (countOf(value) ?? value) : value
  }
  return read
}

const LISTS: ReadonlySet<string> = new Set(['anyOf', 'oneOf', 'allOf', 'prefixItems'])
/** They say the same by `type`, or say nothing that others know. */
const DROPPED: ReadonlySet<string> = new Set(['nullable', 'propertyOrdering'])
/** 64-bit numbers, which this API writes as texts. */
const COUNTS: ReadonlySet<string> = new Set([
  'minItems',
  'maxItems',
  'minLength',
  'maxLength',
  'minProperties',
  'maxProperties',
])

const countOf = (value: Json): number | null =>
  typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : numberOf(value)

function typeOf(value: Json, schema: JsonObject): JsonObject {
  if (typeof value !== 'string') return { type: value }
  const type = value.toLowerCase()
  if (type === 'type_unspecified') return {}
  return { type: member(schema, 'nullable') === true && type !== 'null' ? [type, 'null'] : type }
}

/** Its names are the schema's own, whatever they look like. */
const mapped = (value: Json, depth: number): Json =>
  isObject(value)
    ? Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, jsonSchemaOf(inner, depth + 1)]))
    : {}
