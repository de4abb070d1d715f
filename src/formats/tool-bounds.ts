/**
 * Engines that answer through a grammar count repetitions in it, and refuse all tools for one text that may have half a million characters,
 * as one of Claude Code's may. Without such bounds the model is asked for the same. Pure.
 */
import { isObject } from '../core/is-object.ts'
import type { Json } from '../core/json.ts'
import type { Member } from '../core/types.ts'

/** The change by which a request has none, as it is remembered. */
export const NO_LARGE_BOUNDS = 'tools:bounds'

/** llama.cpp: "Failed to initialize samplers: failed to parse grammar" */
export const refusesBounds = (message: string): boolean => /\bfailed to parse grammar\b/i.test(message)

/** More than an engine counts to; llama.cpp to 2000. */
const LARGE = 1000
const BOUNDS: ReadonlySet<string> = new Set(['maxLength', 'minLength', 'maxItems', 'minItems', 'maxProperties'])
/** What stands in them are values, no schemas. */
const VALUES: ReadonlySet<string> = new Set(['default', 'const', 'enum', 'examples'])

/** The tools of a body without large bounds; null: they have none. */
export function withoutLargeBounds(raw: Buffer, list: readonly Member[]): string | null {
  const tools = list.findLast(({ key }) => key === 'tools')
  if (tools === undefined) return null
  const text = raw.toString('utf8', tools.valueStart, tools.valueEnd)
  const given = JSON.parse(text) as Json
  const plain = loosened(given)
  return plain === given ? null : JSON.stringify(plain)
}

/** The same value where nothing has to go. */
function loosened(value: Json): Json {
  if (Array.isArray(value)) {
    const list = value as readonly Json[]
    const next = list.map(loosened)
    return next.some((one, at) => one !== list[at]) ? next : list
  }
  if (!isObject(value)) return value
  const entries = Object.entries(value)
  const next = entries
    .filter(([key, one]) => !(BOUNDS.has(key) && typeof one === 'number' && one > LARGE))
    .map(([key, one]) => [key, VALUES.has(key) || one === undefined ? one : loosened(one)] as const)
  const same = next.length === entries.length && next.every(([key, one]) => one === value[key])
  return same ? value : Object.fromEntries(next)
}
