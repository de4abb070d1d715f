/** A small value that a JSON schema accepts: required properties, least lengths, first choices. */
import { isObject } from '../core/is-object.ts'

type Schema = Readonly<Record<string, unknown>>

interface Work {
  /** Where `$ref` starts from. */
  readonly root: unknown
  /** Values that may still be made: a schema can ask for endless ones. */
  left: number
}

const MOST_VALUES = 2_000
const DEEPEST = 24

/** Patterns of strings are not followed; what is endless becomes null somewhere. */
export function example(schema: unknown): unknown {
  return valueOf(schema, { root: schema, left: MOST_VALUES }, 0)
}

function valueOf(schema: unknown, work: Work, depth: number): unknown {
  if (!isObject(schema) || depth > DEEPEST || work.left-- <= 0) return null
  if ('const' in schema) return schema['const']
  const listed = schema['enum'] ?? schema['examples']
  if (Array.isArray(listed) && listed.length > 0) return listed[0] as unknown
  if ('default' in schema) return schema['default']
  if (typeof schema['$ref'] === 'string') return valueOf(resolve(schema['$ref'], work.root), work, depth + 1)
  const choice = schema['anyOf'] ?? schema['oneOf']
  if (Array.isArray(choice)) return valueOf(simplest(choice), work, depth + 1)
  const all = schema['allOf']
  if (Array.isArray(all)) return valueOf(together([schema, ...(all as unknown[])], work.root), work, depth + 1)
  switch (typeOf(schema)) {
    case 'object':
      return objectOf(schema, work, depth)
    case 'array':
      return arrayOf(schema, work, depth)
    case 'string':
      return stringOf(schema)
    case 'integer':
      return numberOf(schema, true)
    case 'number':
      return numberOf(schema, false)
    case 'boolean':
      return true
    default:
      return null
  }
}

function typeOf(schema: Schema): unknown {
  const { type } = schema
  if (Array.isArray(type)) return (type as unknown[]).find((one) => one !== 'null') ?? 'null'
  if (type !== undefined) return type
  if ('properties' in schema || 'required' in schema) return 'object'
  if ('items' in schema || 'prefixItems' in schema) return 'array'
  return 'string'
}

function objectOf(schema: Schema, work: Work, depth: number): object {
  const properties = isObject(schema['properties']) ? schema['properties'] : {}
  const required = Array.isArray(schema['required'])
    ? schema['required'].filter((name) => typeof name === 'string')
    : []
  const names = new Set(required)
  for (const name of Object.keys(properties)) if (names.size < count(schema['minProperties'])) names.add(name)
  const extra = isObject(schema['additionalProperties']) ? schema['additionalProperties'] : { type: 'string' }
  for (let i = 1; names.size < Math.min(count(schema['minProperties']), 100); i++) names.add(`key${i}`)
  return Object.fromEntries([...names].map((name) => [name, valueOf(own(properties, name) ?? extra, work, depth + 1)]))
}

function arrayOf(schema: Schema, work: Work, depth: number): unknown[] {
  const fixed = Array.isArray(schema['prefixItems']) ? (schema['prefixItems'] as unknown[]) : []
  const length = Math.max(fixed.length, Math.min(count(schema['minItems']), 100))
  return Array.from({ length }, (_, i) => valueOf(fixed[i] ?? schema['items'] ?? {}, work, depth + 1))
}

const FORMATS: Readonly<Record<string, string>> = {
  'date-time': '2026-01-01T00:00:00Z',
  date: '2026-01-01',
  time: '00:00:00Z',
  email: 'demo@example.com',
  hostname: 'example.com',
  ipv4: '192.0.2.1',
  ipv6: '2001:db8::1',
  uri: 'https://example.com/',
  uuid: '00000000-0000-4000-8000-000000000000',
}

function stringOf(schema: Schema): string {
  const format = typeof schema['format'] === 'string' ? own(FORMATS, schema['format']) : undefined
  if (typeof format === 'string') return format
  const most = typeof schema['maxLength'] === 'number' ? schema['maxLength'] : Infinity
  return 'simulated'.slice(0, most).padEnd(Math.min(count(schema['minLength']), 10_000), '.')
}

function numberOf(schema: Schema, whole: boolean): number {
  const bound = (name: string): number | null => (typeof schema[name] === 'number' ? schema[name] : null)
  const least = bound('minimum')
  const above = bound('exclusiveMinimum')
  const most = bound('maximum')
  const below = bound('exclusiveMaximum')
  const step = bound('multipleOf') ?? (whole ? 1 : null)
  if (step !== null) {
    if (least !== null) return Math.ceil(least / step) * step
    if (above !== null) return (Math.floor(above / step) + 1) * step
    const top = most !== null ? Math.floor(most / step) : below !== null ? Math.ceil(below / step) - 1 : 1
    return Math.min(1, top) * step
  }
  if (least !== null) return least
  if (above === null) return Math.min(1, most ?? (below === null ? 1 : below - 1))
  return most ?? (below === null ? above + 1 : (above + below) / 2)
}

/** Null where it is allowed; else the first choice. */
function simplest(choices: readonly unknown[]): unknown {
  return choices.find((one) => isObject(one) && one['type'] === 'null') ?? choices[0]
}

/** Several schemas at once, as one. */
function together(parts: readonly unknown[], root: unknown): Schema {
  const merged: Record<string, unknown> = {}
  for (const part of parts) {
    const schema = isObject(part) && typeof part['$ref'] === 'string' ? resolve(part['$ref'], root) : part
    if (!isObject(schema)) continue
    const properties = {
      ...(merged['properties'] as object | undefined),
      ...(schema['properties'] as object | undefined),
    }
    const required = [
      ...((merged['required'] as unknown[] | undefined) ?? []),
      ...((schema['required'] as unknown[] | undefined) ?? []),
    ]
    Object.assign(merged, schema, { properties, required })
  }
  delete merged['allOf']
  if (Object.keys(merged['properties'] as object).length === 0) delete merged['properties']
  if ((merged['required'] as unknown[]).length === 0) delete merged['required']
  return merged
}

function resolve(ref: string, root: unknown): unknown {
  let here = root
  for (const part of ref.split('/').slice(1)) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~')
    here = isObject(here) ? own(here, key) : undefined
  }
  return here
}

const count = (value: unknown): number => (typeof value === 'number' && value > 0 ? value : 0)
const own = (object: Schema, key: string): unknown => (Object.hasOwn(object, key) ? object[key] : undefined)
