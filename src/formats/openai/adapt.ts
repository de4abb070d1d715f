/**
 * Changes by which a request suits a backend that refused it, and by which it loses nothing: another name for the same, or
 * without what no answer depends on. Tried on the same backend, and remembered where that helped. Pure.
 */
import { isObject } from '../../core/is-object.ts'
import { ERRORS, type GatewayError } from '../../core/errors.ts'
import type { Provider } from '../../core/provider.ts'
import { openAIPrompt } from './prompt.ts'
import type { Json } from '../../core/json.ts'
import type { Deployment, GatewayRequest } from '../../core/types.ts'

export type Quirks = Provider['request']

/** `role`: messages of the developer as those of the system. `rename`, `drop`: a top-level field. */
export type Adaptation = 'role:developer' | `rename:${keyof typeof OTHER_NAMES}` | `drop:${string}`

/** Two names of one limit: each is unknown to some, and the first one is refused by models that think. */
const OTHER_NAMES = { max_tokens: 'max_completion_tokens', max_completion_tokens: 'max_tokens' } as const

/** Fields of records and of bills: no answer depends on them. */
const HARMLESS: readonly string[] = [
  'store',
  'metadata',
  'user',
  'safety_identifier',
  'prompt_cache_key',
  'prompt_cache_retention',
  'prompt_cache_options',
]

const UNKNOWN =
  /\b(unknown|unrecogni[sz]ed|unexpected|unsupported|deprecated)\b|\bnot (supported|permitted|allowed|accepted|recogni[sz]ed|a valid)\b|\bextra[ _](inputs|fields|forbidden)|additional propert|cannot find field|no such (field|parameter|argument)|\binvalid (argument|field|parameter|property)\b/i
const ROLE = /\bdeveloper\b|\broles?\b/i

/** What may help against this refusal; null: nothing. `tried`: what was changed already. */
export function adaptationFor(
  error: GatewayError,
  request: GatewayRequest,
  tried: readonly string[],
): Adaptation | null {
  const { body } = openAIPrompt(request)
  const words = `${error.param ?? ''} ${withoutInput(error.message)}`
  const isNew = (one: Adaptation): boolean => !tried.includes(one)
  // Some engines blame themselves for a template that does not know the role.
  const ofTemplate = error.code === 'upstream_error' && /template|jinja/i.test(words)
  const refused = ERRORS[error.code].passed
  if ((refused || ofTemplate) && ROLE.test(words) && hasDeveloper(body['messages']))
    return isNew('role:developer') ? 'role:developer' : null
  if (!refused || !UNKNOWN.test(words)) return null
  const named = (field: string): boolean => (body[field] ?? null) !== null && new RegExp(`\\b${field}\\b`).test(words)
  for (const field of ['max_tokens', 'max_completion_tokens'] as const) {
    // "Use 'max_completion_tokens' instead" names both: the one that is there is meant.
    if (!named(field)) continue
    const both = (body[OTHER_NAMES[field]] ?? null) !== null
    if (both) continue
    return isNew(`rename:${field}`) && isNew(`rename:${OTHER_NAMES[field]}`) ? `rename:${field}` : null
  }
  const drops = HARMLESS.filter(named).map((field): Adaptation => `drop:${field}`)
  // All calls at once, or one by one as the model likes, is what an absent field means.
  if (body['parallel_tool_calls'] === true && named('parallel_tool_calls')) drops.push('drop:parallel_tool_calls')
  return drops.find(isNew) ?? null
}

/** How a deployment is asked at this moment: as the file of its kind says, and as its refusals have taught. */
export function quirksOf({ backend, health }: Deployment, now: number, tried: readonly Adaptation[]): Quirks {
  const { request } = backend.provider
  if (health.adapted.size === 0 && tried.length === 0) return request
  const learnt = [...health.adapted].flatMap(([one, until]) => (until > now ? [one as Adaptation] : []))
  return [...learnt, ...tried].reduce(adapted, request)
}

function adapted(quirks: Quirks, adaptation: Adaptation): Quirks {
  if (adaptation === 'role:developer') return { ...quirks, roles: { ...quirks.roles, developer: 'system' } }
  const [how, field] = adaptation.split(':') as ['rename' | 'drop', string]
  if (how === 'drop') return { ...quirks, drop: [...quirks.drop, field] }
  const other = OTHER_NAMES[field as keyof typeof OTHER_NAMES]
  const others = Object.entries(quirks.rename).filter(([name]) => name !== other)
  return { ...quirks, rename: { ...Object.fromEntries(others), [field]: other } }
}

const hasDeveloper = (messages: Json | undefined): boolean =>
  Array.isArray(messages) && (messages as readonly Json[]).some((one) => isObject(one) && one['role'] === 'developer')

/** Validators quote what was sent, and a prompt may hold any words. */
export const withoutInput = (message: string): string =>
  message.replace(/(['"]input['"]\s*:|\binput_value=|;? messages = \[).*$/s, '')
