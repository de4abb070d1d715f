/** How hard to think, in the words of one backend. */
import { effortIn, effortRule } from '../../core/effort-rule.ts'
import { effortFields, effortOf, TEMPLATE_SWITCHES } from './effort.ts'
import type { Json, JsonObject } from '../../core/json.ts'
import { type Effort, EFFORTS } from '../../core/capabilities.ts'
import type { EffortRule } from '../../core/provider.ts'
import type { Deployment } from '../../core/types.ts'
import type { OpenAIPrompt } from './prompt.ts'
import { members } from '../json/members.ts'
import { splice } from '../json/splice.ts'

export interface EffortEdits {
  /** Top-level fields and their values as JSON text. */
  readonly set: ReadonlyMap<string, string>
  readonly remove: readonly string[]
}

const NOTHING: EffortEdits = { set: new Map(), remove: [] }

/**
 * What to change for `chosen`. A word of the caller's own counts more than what was chosen: it is written in the backend's
 * form where the caller used another one, and left as it is where the backend reads it so. What the model lacks becomes the nearest
 * that it has, and is added to `lossy`.
 */
export function effortEdits(
  prompt: OpenAIPrompt,
  deployment: Deployment,
  chosen: Effort | null,
  lossy: string[],
): EffortEdits {
  if (chosen === null || prompt.endpoint.id !== 'chat') return NOTHING
  const rule = effortRule(deployment.backend.provider, deployment.model)
  if (rule === null) return NOTHING
  const { body } = prompt
  const own = effortFields(body)
  if (own.length > 0 && isNative(body, own, rule)) return NOTHING
  const wished = own.length > 0 ? effortOf(body) : chosen
  const form = formOf(body, rule, wished)
  if (form === null || wished === null) return NOTHING
  if (effortIn(rule, wished) !== wished && !lossy.includes('effort')) lossy.push('effort')
  const set = new Map<string, string>()
  for (const [field, value] of Object.entries(form))
    if (value !== undefined) set.set(field, written(prompt, field, value))
  const remove = own.filter((field) => !set.has(field) && holdsNothingElse(field, body[field]))
  return { set, remove }
}

/** The backend reads what the caller wrote. Only a plain word that this model calls otherwise is no such thing. */
function isNative(body: JsonObject, own: readonly string[], rule: EffortRule): boolean {
  const read = new Set(Object.values(rule.fields).flatMap((form) => Object.keys(form)))
  if (!own.every((field) => read.has(field))) return false
  const word = body['reasoning_effort']
  const form = EFFORTS.find((effort) => effort === word)
  return own.length > 1 || form === undefined || rule.fields[form]?.['reasoning_effort'] === word
}

/** The fields for a word; those for `none` beside fields with which the backend refuses to think. */
function formOf(body: JsonObject, rule: EffortRule, word: Effort | null): JsonObject | null {
  if (word === null) return null
  const refused = rule.unless.some((field) => body[field] !== undefined && body[field] !== null)
  const told = effortIn(rule, refused ? 'none' : word)
  return told === null ? null : (rule.fields[told] ?? null)
}

/** An object is merged with what the caller has there, byte for byte. */
function written({ raw, members: list }: OpenAIPrompt, field: string, value: Json): string {
  const member = list.findLast(({ key }) => key === field)
  const own = member && raw.subarray(member.valueStart, member.valueEnd)
  const inner = own && members(own)
  if (own === undefined || !inner || typeof value !== 'object' || value === null || Array.isArray(value))
    return JSON.stringify(value)
  const set = new Map(Object.entries(value).map(([key, part]) => [key, JSON.stringify(part)]))
  return splice(own, inner, { set, remove: NO_KEYS }).toString()
}

/** Template arguments may say more than how hard to think; the rest of them must reach the template. */
function holdsNothingElse(field: string, value: Json | undefined): boolean {
  if (field !== 'chat_template_kwargs') return field !== 'extra_body'
  return Object.keys(value as JsonObject).every((key) => TEMPLATE_SWITCHES.includes(key))
}

const NO_KEYS: ReadonlySet<string> = new Set()
