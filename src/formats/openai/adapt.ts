/**
 * Changes by which a request suits a backend that refused it, and by which it loses nothing: another name for the same, or
 * without what no answer depends on. Tried on the same backend, and remembered where that helped. Pure.
 */
import { isObject } from '../../core/is-object.ts'
import { ERRORS, type GatewayError } from '../../core/errors.ts'
import type { Provider } from '../../core/provider.ts'
import { withoutInput } from '../upstream-fault.ts'
import { type ToolChange, toolChangeFor } from '../tool-changes.ts'
import { isUnsealed, MISSING_SIGNATURE } from './unsealed-calls.ts'
import { openAIPrompt } from './prompt.ts'
import type { Json } from '../../core/json.ts'
import type { GatewayRequest } from '../../core/types.ts'

export type Quirks = Provider['request'] & {
  /** Calls without a signature are sent with the word for a lost one. */
  readonly signsCalls?: boolean
}

/** `role`: messages of the developer as those of the system. `tools`: see tool-changes.ts. `sign`: see unsealed-calls.ts. `rename`, `drop`: a top-level field. */
export type Adaptation =
  'role:developer' | ToolChange | typeof SIGN_CALLS | `rename:${keyof typeof OTHER_NAMES}` | `drop:${string}`

/** Two names of one limit: each is unknown to some, and the first one is refused by models that think. */
const OTHER_NAMES = { max_tokens: 'max_completion_tokens', max_completion_tokens: 'max_tokens' } as const

/** What is left out where it is refused: fields of records and of bills, and one that many clients send with the value that it has anyhow. */
const SKIPPED: readonly string[] = [
  'store',
  'metadata',
  'user',
  'safety_identifier',
  'prompt_cache_key',
  'prompt_cache_retention',
  'prompt_cache_options',
  'parallel_tool_calls',
]

const UNKNOWN =
  /\b(unknown|unrecogni[sz]ed|unexpected|unsupported|deprecated)\b|\bnot (supported|permitted|allowed|accepted|recogni[sz]ed|a valid)\b|\bextra[ _](inputs|fields|forbidden)|additional propert|cannot find field|no such (field|parameter|argument)|\binvalid (argument|field|parameter|property)\b/i
const ROLE = /\bdeveloper\b|\broles?\b/i

/**
 * Whether an answer is the same without this field. All calls at once, or one by one as the model likes, is what an absent
 * `parallel_tool_calls` means: a caller that says `false` depends on it, also where the backend has refused `true` before.
 */
export const mayLearnToDrop = (field: string, value: Json | undefined): boolean =>
  field !== 'parallel_tool_calls' || (value ?? true) === true

/** What may help against this refusal; null: nothing. `tried`: what was changed already. */
export function adaptationFor(
  error: GatewayError,
  request: GatewayRequest,
  tried: readonly string[],
): Adaptation | null {
  const ofTools = ERRORS[error.code].passed ? toolChangeFor(error.message) : null
  if (ofTools === null) return otherNameFor(error, request, tried)
  return tried.includes(ofTools) ? null : ofTools
}

function otherNameFor(error: GatewayError, request: GatewayRequest, tried: readonly string[]): Adaptation | null {
  const { body } = openAIPrompt(request)
  const words = `${error.param ?? ''} ${withoutInput(error.message)}`
  const isNew = (one: Adaptation): boolean => !tried.includes(one)
  // Some engines blame themselves for a template that does not know the role.
  const ofTemplate = error.code === 'upstream_error' && /template|jinja/i.test(words)
  const refused = ERRORS[error.code].passed
  if ((refused || ofTemplate) && ROLE.test(words) && hasDeveloper(body['messages']))
    return isNew('role:developer') ? 'role:developer' : null
  if (!refused) return null
  if (missesSignature(words, body['messages'])) return isNew(SIGN_CALLS) ? SIGN_CALLS : null
  if (!UNKNOWN.test(words)) return null
  const named = (field: string): boolean => (body[field] ?? null) !== null && new RegExp(`\\b${field}\\b`).test(words)
  for (const field of ['max_tokens', 'max_completion_tokens'] as const) {
    // "Use 'max_completion_tokens' instead" names both: the one that is there is meant.
    if (!named(field)) continue
    const both = (body[OTHER_NAMES[field]] ?? null) !== null
    if (both) continue
    return isNew(`rename:${field}`) && isNew(`rename:${OTHER_NAMES[field]}`) ? `rename:${field}` : null
  }
  const drops = SKIPPED.filter((field) => named(field) && mayLearnToDrop(field, body[field]))
  return drops.map((field): Adaptation => `drop:${field}`).find(isNew) ?? null
}

/** What a backend's file says of requests, with the adaptations that were learnt. Names that are not known change nothing. */
export const adapted = (quirks: Quirks, changes: readonly string[]): Quirks =>
  changes.length === 0 ? quirks : changes.reduce(withChange, quirks)

function withChange(quirks: Quirks, change: string): Quirks {
  if (change === 'role:developer') return { ...quirks, roles: { ...quirks.roles, developer: 'system' } }
  if (change === SIGN_CALLS) return { ...quirks, signsCalls: true }
  const [how, field = ''] = change.split(':')
  if (how === 'drop') return { ...quirks, drop: [...quirks.drop, field] }
  const other = Object.hasOwn(OTHER_NAMES, field) ? OTHER_NAMES[field as keyof typeof OTHER_NAMES] : undefined
  if (how !== 'rename' || other === undefined) return quirks
  const others = Object.entries(quirks.rename).filter(([name]) => name !== other)
  return { ...quirks, rename: { ...Object.fromEntries(others), [field]: other } }
}

const SIGN_CALLS = 'sign:calls'

const missesSignature = (words: string, messages: Json | undefined): boolean =>
  MISSING_SIGNATURE.test(words) && Array.isArray(messages) && (messages as readonly Json[]).some(isUnsealed)

const hasDeveloper = (messages: Json | undefined): boolean =>
  Array.isArray(messages) && (messages as readonly Json[]).some((one) => isObject(one) && one['role'] === 'developer')
