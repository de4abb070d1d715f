/** What a request has that only the maker of this format serves: engines that speak it know messages, functions and no more. Pure. */
import { isObject } from '../../core/is-object.ts'
import type { Json, JsonObject } from '../../core/json.ts'
import { listOf, says } from './fields.ts'

/** The first of it, by name; null: there is none. */
export function particularOf(body: JsonObject): string | null {
  const tool = listOf(body['tools']).find((one) => isObject(one) && one['type'] !== 'function')
  if (isObject(tool)) return `tools.${nameOf(tool['type'])}`
  const choice = body['tool_choice']
  if (isObject(choice) && choice['type'] !== 'function') return 'tool_choice'
  for (const item of listOf(body['input'])) {
    const found = isObject(item) ? particularItem(item) : null
    if (found !== null) return `input.${found}`
  }
  return null
}

const nameOf = (value: Json | undefined): string => (typeof value === 'string' ? value : 'item')

function particularItem(item: JsonObject): string | null {
  const { type, content } = item
  switch (type) {
    case 'message':
    case undefined:
    case null:
      // Templates of many models do not know it.
      if (item['role'] === 'developer') return 'role'
      return listOf(content).some((part) => isObject(part) && !PLAIN_PARTS.has(part['type'])) ? 'message' : null
    case 'function_call':
      return says(item['namespace']) ? 'namespace' : null
    case 'function_call_output':
      return typeof item['output'] === 'string' ? null : type
    case 'reasoning':
      return Array.isArray(content) && content.length > 0 && !says(item['encrypted_content']) ? null : type
    default:
      return nameOf(type)
  }
}

const PLAIN_PARTS: ReadonlySet<Json | undefined> = new Set(['input_text', 'output_text', 'input_image'])

/** Whether all tools stand in the list of tools, by the names that they are called by. */
export const tellsPlainTools = (body: JsonObject): boolean =>
  listOf(body['tools']).every(
    (tool) => isObject(tool) && tool['type'] !== 'namespace' && tool['type'] !== 'tool_search',
  ) &&
  listOf(body['input']).every(
    (item) => !isObject(item) || (item['type'] !== 'additional_tools' && item['type'] !== 'tool_search_output'),
  )
