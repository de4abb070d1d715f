/** A small value that a JSON schema accepts: required properties, least lengths, first choices. */

type Schema = Readonly<Record<string, unknown>>

const DEEPEST = 24

/** `root` is where `$ref` starts from. Patterns of strings are not followed. */
export function example(schema: unknown, root: unknown = schema, depth = 0): unknown {
  if (!isObject(schema) || depth > DEEPEST) return null
  if ('const' in schema) return schema['const']
  const listed = schema['enum'] ?? schema['examples']
  if (Array.isArray(listed) && listed.length > 0) return listed[0] as unknown
  if ('default' in schema) return schema['default']
  if (typeof schema['$ref'] === 'string') return example(resolve(schema['$ref'], root), root, depth + 1)
  const choice = schema['anyOf'] ?? schema['oneOf']
  if (Array.isArray(choice)) return example(simplest(choice), root, depth + 1)
  const all = schema['allOf']
  if (Array.isArray(all)) return example(together([schema, ...(all as unknown[])], root), root, depth + 1)
  switch (typeOf(schema)) {
    case 'object':
      return objectOf(schema, root, depth)
    case 'array':
      return arrayOf(schema, root, depth)
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

function objectOf(schema: Schema, root: unknown, depth: number): object {
  const properties = isObject(schema['properties']) ? schema['properties'] : {}
  const required = Array.isArray(schema['required'])
    ? schema['required'].filter((name) => typeof name === 'string')
    : []
  const names = new Set(required)
  for (const name of Object.keys(properties)) if (names.size < count(schema['minProperties'])) names.add(name)
  const extra = isObject(schema['additionalProperties']) ? schema['additionalProperties'] : { type: 'string' }
  for (let i = 1; names.size < count(schema['minProperties']); i++) names.add(`key${i}`)
  return Object.fromEntries([...names].map((name) => [name, example(own(properties, name) ?? extra, root, depth + 1)]))
}

function arrayOf(schema: Schema, root: unknown, depth: number): unknown[] {
  const fixed = Array.isArray(schema['prefixItems']) ? (schema['prefixItems'] as unknown[]) : []
  const length = Math.max(fixed.length, Math.min(count(schema['minItems']), 100))
  return Array.from({ length }, (_, i) => example(fixed[i] ?? schema['items'] ?? {}, root, depth + 1))
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
  const step = bound('multipleOf') ?? (whole ? 1 : null)
  const above = bound('exclusiveMinimum')
  const below = bound('exclusiveMaximum')
  const gap = step ?? (above !== null && below !== null ? (below - above) / 2 : 1)
  const least = bound('minimum') ?? (above === null ? null : above + gap)
  const most = bound('maximum') ?? (below === null ? null : below - gap)
  const value = least ?? (most === null ? 1 : Math.min(1, most))
  if (step === null) return value
  return least === null ? Math.floor(value / step) * step : Math.ceil(value / step) * step
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
const isObject = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
