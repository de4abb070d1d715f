/**
 * Some clients write `null` where a tool has no description; OpenAI takes it for an absent one, and llama.cpp refuses the request. Without
 * such members the same tools are offered. Pure.
 */
import { isObject } from '../core/is-object.ts'
import type { Json } from '../core/json.ts'
import type { Member } from '../core/types.ts'

/** The change by which a request has none, as it is remembered. */
export const NO_TOOL_NULLS = 'tools:nulls'

/** llama.cpp: "Failed to parse tools: [json.exception.type_error.302] type must be string, but is null; tools = [..]". What follows are the caller's own words. */
export const refusesNulls = (message: string): boolean =>
  /\bfailed to parse tools: [^;"{]{0,100}\bis null\b/i.test(message)

/** The value of `tools`, as it is in the body. */
export function toolsText(raw: Buffer, list: readonly Member[]): string | null {
  const tools = list.findLast(({ key }) => key === 'tools')
  return tools === undefined ? null : raw.toString('utf8', tools.valueStart, tools.valueEnd)
}

/** `tools` without members that are null, those of schemas kept: `{"default": null}` means something there. */
export function withoutNulls(tools: string): string {
  const given = JSON.parse(tools) as Json
  if (!Array.isArray(given)) return tools
  const plain = (given as readonly Json[]).map((tool) => {
    const own = present(tool)
    return isObject(own) && own['function'] !== undefined ? { ...own, function: present(own['function']) } : own
  })
  return JSON.stringify(plain)
}

const present = (value: Json): Json =>
  isObject(value) ? Object.fromEntries(Object.entries(value).filter(([, one]) => one !== null)) : value
