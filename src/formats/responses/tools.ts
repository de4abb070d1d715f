/**
 * The tools of a request: functions, tools that take free text, and the search for more of them, each also inside of a namespace or
 * of an item of the conversation. Models of other formats know one list of functions with plain names. Pure.
 */
import { isObject } from '../../core/is-object.ts'
import type { Json, JsonObject } from '../../core/json.ts'
import type { Contents, Tool } from '../../core/prompt.ts'
import { textHash } from '../json/fingerprint.ts'
import { booleanOf, listOf, textOf } from './fields.ts'

/** What a call of a tool is in the answer. */
export interface ToolHome {
  readonly type: 'function' | 'custom' | 'tool_search'
  readonly name: string
  readonly namespace: string | null
}

export interface ToolList {
  readonly tools: readonly Tool[]
  /** By the plain name. */
  readonly homes: ReadonlyMap<string, ToolHome>
  /** Types of tools that the maker of the model runs itself. */
  readonly hosted: readonly string[]
}

/** All tools that a body offers. */
export function toolsOf(body: JsonObject): ToolList {
  const tools: Tool[] = []
  const homes = new Map<string, ToolHome>()
  const hosted: string[] = []
  const add = (list: Json | undefined, namespace: string | null): void => {
    for (const tool of listOf(list)) {
      if (!isObject(tool)) continue
      const { type } = tool
      if (type === 'namespace') add(tool['tools'], textOf(tool['name']))
      else if (type === 'function' || type === 'custom' || isClientSearch(tool)) addOwn(tool, namespace)
      else if (typeof type === 'string' && !hosted.includes(type)) hosted.push(type)
    }
  }
  const addOwn = (tool: JsonObject, namespace: string | null): void => {
    const home = homeOf(tool, namespace)
    const name = plainName(home.name, home.namespace)
    if (home.name === '' || homes.has(name)) return
    homes.set(name, home)
    tools.push(toolOf(tool, name, home.type))
  }
  add(body['tools'], null)
  // What an item of the conversation brings can be called from then on.
  for (const item of listOf(body['input']))
    if (isObject(item) && (item['type'] === 'additional_tools' || item['type'] === 'tool_search_output'))
      add(item['tools'], null)
  return { tools, homes, hosted }
}

const SEARCH = 'tool_search'
const isClientSearch = ({ type, execution }: JsonObject): boolean => type === SEARCH && execution === 'client'

/** Calls into this namespace come back without it. */
const PLAIN_NAMESPACE = 'functions'

function homeOf(tool: JsonObject, namespace: string | null): ToolHome {
  const outer = namespace === PLAIN_NAMESPACE ? null : namespace
  if (tool['type'] === SEARCH) return { type: SEARCH, name: SEARCH, namespace: null }
  return { type: tool['type'] === 'custom' ? 'custom' : 'function', name: textOf(tool['name']) ?? '', namespace: outer }
}

/** As long as the names of tools may be. */
const LONGEST_NAME = 64
const HASH_LENGTH = 8

/** One name for a tool in a namespace, as models of all formats take it. */
export function plainName(name: string, namespace: string | null): string {
  if (namespace === null || namespace === PLAIN_NAMESPACE) return name
  const whole = `${namespace}__${name}`
  if (whole.length <= LONGEST_NAME) return whole
  const mark = (textHash(whole) >>> 0).toString(16).padStart(HASH_LENGTH, '0')
  return `${whole.slice(0, LONGEST_NAME - HASH_LENGTH - 1)}_${mark}`
}

function toolOf(tool: JsonObject, name: string, type: ToolHome['type']): Tool {
  const schema = tool['parameters'] ?? null
  return {
    name,
    description: textOf(tool['description']),
    schema: type === 'custom' ? null : schema,
    // What is not said is true here and false elsewhere; but a schema that is not strict is refused there.
    strict: type === 'function' && isStrict(tool['strict'], schema) ? true : null,
    free: type === 'custom' ? { form: tool['format'] ?? null } : null,
    cache: null,
  }
}

const isStrict = (strict: Json | undefined, schema: Json): boolean => booleanOf(strict) ?? fitsStrict(schema, 0)

const DEEPEST = 32

/** Whether a schema has what strict ones must: every object names all of its members as required, and takes no others. */
function fitsStrict(schema: Json | undefined, depth: number): boolean {
  if (depth > DEEPEST) return false
  if (Array.isArray(schema)) return (schema as readonly Json[]).every((one) => fitsStrict(one, depth + 1))
  if (!isObject(schema)) return depth > 0
  const { properties, required, additionalProperties } = schema
  if (schema['type'] === 'object' || isObject(properties)) {
    const names = Object.keys(isObject(properties) ? properties : {})
    const all = listOf(required)
    if (additionalProperties !== false || !names.every((name) => all.includes(name))) return false
  } else if (depth === 0) return false
  const inner = [...Object.values(isObject(properties) ? properties : {}), schema['items'], schema['anyOf']]
  const defined = isObject(schema['$defs']) ? Object.values(schema['$defs']) : []
  return [...inner, ...defined].every((one) => one === undefined || fitsStrict(one, depth + 1))
}

export interface ToolWish {
  readonly choice: Contents['toolChoice']
  /** Plain names of those that may be called; null: all. */
  readonly allowed: ReadonlySet<string> | null
  /** A tool that the maker of the model runs must be called: its type. */
  readonly hosted: string | null
}

/** Which of them the answer must, or may, call. */
export function toolWishOf(choice: Json | undefined): ToolWish {
  const wish = (known: Contents['toolChoice']): ToolWish => ({ choice: known, allowed: null, hosted: null })
  if (choice === 'auto' || choice === 'none' || choice === 'required') return wish(choice)
  if (!isObject(choice)) return wish(null)
  const { type, mode } = choice
  if (type === 'function' || type === 'custom') {
    const name = textOf(choice['name'])
    return wish(name === null ? null : { name: plainName(name, textOf(choice['namespace'])) })
  }
  if (type !== 'allowed_tools') return { choice: null, allowed: null, hosted: textOf(type) ?? 'tool_choice' }
  const tools = listOf(choice['tools']).filter((tool) => isObject(tool))
  const named = tools.flatMap((tool) => {
    const name = textOf(tool['name'])
    return name === null ? [] : [plainName(name, textOf(tool['namespace']))]
  })
  const only = tools.length > 0 && named.length === 0 && mode === 'required'
  return {
    choice: mode === 'required' ? 'required' : 'auto',
    allowed: new Set(named),
    hosted: only ? textOf(tools[0]!['type']) : null,
  }
}

/** What nobody but a backend that runs tools itself can answer, by type; null: there is none. Beside other tools they are left out elsewhere. */
export function hostedNeed(
  choice: Json | undefined,
  { tools, hosted }: Pick<ToolList, 'tools' | 'hosted'>,
): string | null {
  if (choice === 'none') return null
  return toolWishOf(choice).hosted ?? (tools.length === 0 ? (hosted[0] ?? null) : null)
}
