/** Changes by which a request that came in another format suits a model that refused it. Pure. */
import { ERRORS, type GatewayError } from '../../core/errors.ts'
import type { GatewayRequest } from '../../core/types.ts'
import { ContentsPrompt } from '../contents-prompt.ts'
import { toolChangeFor } from '../tool-changes.ts'
import { withoutInput } from '../upstream-fault.ts'
import { NO_SYSTEM_TURNS } from './compose-contents.ts'
import { limitFound } from './compose-limit.ts'
import { refusedField, SAMPLING_FIELDS } from './compose-sampling.ts'
import { SPELLING } from './spelling.ts'

/** "max_tokens: 128000 > 64000, which is the maximum allowed number of output tokens for .." */
const TOO_MANY = /\bmax_tokens: (\d+) > (\d+)\b.{0,40}\bmaximum allowed/

/** "messages.3.role: Input should be 'user' or 'assistant'" */
const SYSTEM_TURN = /\bmessages\.\d+\b.{0,20}\brole\b|\brole\b.{0,20}\bsystem\b|\bsystem\b.{0,20}\brole\b/i

/**
 * The limit that the gateway had to make up, and how a token is chosen: newer models take no temperature. Callers of this format are
 * told of their own mistakes; what an engine cannot read in tools that say the same without it is none.
 */
export function adaptationFor(
  error: GatewayError,
  { prompt }: GatewayRequest,
  tried: readonly string[],
): string | null {
  const own = prompt instanceof ContentsPrompt && prompt.spelling === SPELLING
  if (!ERRORS[error.code].passed) return null
  if (own) return newOf(toolChangeFor(error.message), tried)
  const words = withoutInput(error.message)
  const most = prompt.maxOutput === null ? TOO_MANY.exec(words)?.[2] : undefined
  if (most !== undefined) return newOf(limitFound(Number(most)), tried)
  if (SYSTEM_TURN.test(words)) return newOf(NO_SYSTEM_TURNS, tried)
  const field = SAMPLING_FIELDS.find((name) => new RegExp(`\\b${name}\\b`).test(words))
  return field === undefined ? null : newOf(refusedField(field), tried)
}

const newOf = (change: string | null, tried: readonly string[]): string | null =>
  change === null || tried.includes(change) ? null : change
