/** Changes by which a request suits a backend that refused it, and by which it loses nothing. Pure. */
import { ERRORS, type GatewayError } from '../../core/errors.ts'
import type { GatewayRequest } from '../../core/types.ts'
import { type Composing, ONCE } from '../format.ts'
import { toolChangeFor } from '../tool-changes.ts'
import { withoutInput } from '../upstream-fault.ts'

/** Without what only the maker of a thought can read: another account's, or too old. */
export const WITHOUT_SEALS = `${ONCE}without seals`

/** What is left out where it is refused: no answer depends on it. */
const SKIPPED: readonly string[] = [
  ...['store', 'metadata', 'user', 'safety_identifier', 'prompt_cache_key', 'prompt_cache_retention'],
  ...['prompt_cache_options', 'client_metadata', 'include', 'truncation', 'service_tier', 'stream_options'],
]

const UNKNOWN =
  /\b(unknown|unrecogni[sz]ed|unexpected|unsupported|deprecated)\b|\bnot (supported|permitted|allowed|accepted|recogni[sz]ed|a valid)\b|\bextra[ _](inputs|fields|forbidden)|additional propert|no such (field|parameter|argument)|\binvalid (argument|field|parameter|property)\b/i

/** Fields that this backend is known to refuse. */
export const dropped = ({ changes, place }: Composing): string[] => [
  ...(place.drop ?? []),
  ...changes.flatMap((change) => (change.startsWith('drop:') ? [change.slice('drop:'.length)] : [])),
]

/** The maker cannot read it, or has not kept what an id names. */
const SEALED = /encrypted_content|encrypted content|\bitem\b.*\bnot found\b|\brs_\w+.*\bnot found\b|reasoning.*item/i

/** What may help against this refusal; null: nothing. `tried`: what was changed already. */
export function adaptationFor(
  error: GatewayError,
  { prompt }: GatewayRequest,
  tried: readonly string[],
): string | null {
  const refused = ERRORS[error.code].passed
  const words = `${error.param ?? ''} ${error.upstreamCode ?? ''} ${withoutInput(error.message)}`
  if (SEALED.test(words) && !tried.includes(WITHOUT_SEALS) && prompt.sealedBy.includes('openai-responses'))
    return WITHOUT_SEALS
  const ofTools = refused ? toolChangeFor(error.message) : null
  if (ofTools !== null) return tried.includes(ofTools) ? null : ofTools
  if (!refused || !UNKNOWN.test(words)) return null
  const named = (field: string): boolean => prompt.parameter(field) !== null && new RegExp(`\\b${field}\\b`).test(words)
  const change = SKIPPED.filter(named).map((field) => `drop:${field}`)
  return change.find((one) => !tried.includes(one)) ?? null
}
