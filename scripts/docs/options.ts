/** The options of a section of the configuration, from its JSON schema: what editors show is what the reference says. */
import { z } from 'zod'
import { providerSchema } from '../../src/config/provider-schema.ts'
import { schemaText } from '../../src/cli/schema.ts'
import { code, type Table } from './tables.ts'

interface Node {
  readonly type?: string | readonly string[]
  readonly description?: string
  readonly default?: unknown
  readonly pattern?: string
  readonly enum?: readonly string[]
  readonly properties?: Readonly<Record<string, Node>>
  readonly required?: readonly string[]
  readonly items?: Node
  readonly additionalProperties?: Node | boolean
  readonly anyOf?: readonly Node[]
}

const SCHEMA = JSON.parse(schemaText()) as Node

/** `section`: an option of the file, such as `backends`. `apart`: options that have a table of their own. Throws where there is none. */
export function optionsTable(section: string, apart: readonly string[] = []): Table {
  const node = SCHEMA.properties?.[section]
  if (node === undefined) throw new Error(`the configuration has no "${section}"`)
  return { head: ['option', 'value', 'default', 'meaning'], rows: rowsOf(elementOf(node), '', apart) }
}

/** The same of one option inside of a section: the price of a backend, which models have as well. */
export function innerTable(section: string, option: string): Table {
  const node = elementOf(SCHEMA.properties?.[section] ?? {}).properties?.[option]
  if (node === undefined) throw new Error(`"${section}" has no "${option}"`)
  return { head: ['option', 'value', 'default', 'meaning'], rows: rowsOf(elementOf(node), '', []) }
}

/** The fields of a provider file, those of its lists included. */
export function providerFieldsTable(): Table {
  const node = z.toJSONSchema(providerSchema, { io: 'input', target: 'draft-7', unrepresentable: 'any' }) as Node
  return { head: ['field', 'value', 'default', 'meaning'], rows: rowsOf(node, '', [], true) }
}

/** Lists and maps of things have the options of the thing. */
const elementOf = (node: Node): Node =>
  node.items ?? (typeof node.additionalProperties === 'object' ? node.additionalProperties : node)

/** `lists`: the fields of what a list holds follow it, as `list[].field`. */
function rowsOf(node: Node, prefix: string, apart: readonly string[], lists = false): string[][] {
  return Object.entries(node.properties ?? {}).flatMap(([name, one]) => {
    const path = prefix + name
    const needed = node.required?.includes(name) === true
    const inner = one.properties === undefined || apart.includes(path) ? [] : rowsOf(one, `${path}.`, apart, lists)
    // A group says what it is for only where its options do not say it themselves.
    if (inner.length > 0 && inner.every((row) => row.at(-1) !== '')) return inner
    const own = [code(path), valueOf(one), needed ? 'needed' : defaultOf(one), one.description ?? '']
    const held = lists && one.items !== undefined ? rowsOf(one.items, `${path}[].`, apart, lists) : []
    return [own, ...(held.every((row) => row.at(-1) !== '') ? held : [])]
  })
}

const DURATION = '(ms|s|m|h)$'
const AGE = '(m|h|d|w)$'
const SIZES = '(B|KB|MB|GB|'

function valueOf({ type, pattern = '', enum: words, items, anyOf }: Node): string {
  if (anyOf !== undefined)
    return anyOf
      .filter((one) => one.type !== 'null')
      .map(valueOf)
      .join(' or ')
  if (words !== undefined) return words.map(code).join(', ')
  const [first = 'text'] = typeof type === 'string' ? [type] : (type ?? [])
  if (first === 'array') return items?.enum === undefined ? 'list' : `list of ${items.enum.map(code).join(', ')}`
  if (pattern.includes(DURATION)) return 'time, like `30s`'
  if (pattern.includes(AGE)) return 'age, like `90d`'
  if (pattern.includes(SIZES)) return 'size, like `32MiB`'
  return { boolean: '`true`, `false`', integer: 'whole number', number: 'number', object: 'map' }[first] ?? 'text'
}

const defaultOf = ({ default: value }: Node): string =>
  value === undefined ? '' : code(typeof value === 'string' ? value : JSON.stringify(value))
