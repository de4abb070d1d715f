/** How the content of an answer fits what was asked. Pure but for the cache of schemas. */
import type { SchemaSource } from '../core/prompt.ts'
import type { CheckResult } from '../core/settlement.ts'
import type { ToolCall } from '../formats/answer-collector.ts'
import type { CheckRequest } from './fit.ts'
import { answerSchema, type Schemas, toolSchemas } from './schemas.ts'

/** The first thing that does not fit; `unchecked` where nothing is wrong, but not everything could be checked. */
export function answerFit({ text, format, calls, tools }: CheckRequest, schemas: Schemas): CheckResult {
  const fits: CheckResult[] = calls.map((call) => callFit(call, tools, schemas))
  if (text !== null) fits.push(textFit(text, format, schemas))
  return fits.find((fit) => fit !== 'ok' && fit !== 'unchecked') ?? fits.find((fit) => fit !== 'ok') ?? 'ok'
}

function textFit(text: string, format: SchemaSource | null, schemas: Schemas): CheckResult {
  const value = parsed(text)
  if (value === undefined) return 'not_json'
  const check = format === null ? undefined : schemas.find(format, answerSchema, '')
  if (check === undefined) return 'ok'
  if (check === null) return 'unchecked'
  return check(value) ? 'ok' : 'schema_mismatch'
}

function callFit(call: ToolCall, tools: readonly SchemaSource[], schemas: Schemas): CheckResult {
  const check = tools.map((list) => schemas.find(list, toolSchemas, call.name)).find((found) => found !== undefined)
  if (check === undefined) return 'unknown_tool'
  if (call.arguments === null) return 'ok'
  // Several engines write nothing for a call without arguments.
  const value = call.arguments.trim() === '' ? {} : parsed(call.arguments)
  if (value === undefined) return 'arguments_not_json'
  if (check === null) return 'unchecked'
  return check(value) ? 'ok' : 'arguments_mismatch'
}

/** Undefined where it is no JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
