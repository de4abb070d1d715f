/** What an answer took so far, as far as it tells, and a guess where it does not. Pure. */
import type { Usage } from '../../core/settlement.ts'
import { chargeOfBoth } from './charge.ts'
import type { AnswerState } from './answer-state.ts'
import { NO_TOKENS } from './usage.ts'

/** What the backend has told so far, without a guess; null = nothing. */
export function usageTold({ usage, charge }: AnswerState): Usage | null {
  if (usage === null) return null
  const chargedNanoUsd = chargeOfBoth(charge, usage.chargedNanoUsd)
  return chargedNanoUsd === usage.chargedNanoUsd ? usage : { ...usage, chargedNanoUsd }
}

/** `inputTokens`: what the prompt is expected to be. `over`: nothing more of the answer would have come. */
export function usageSoFar(track: AnswerState, inputTokens: number, over: boolean): Usage {
  const { size, tier, charge } = track
  const usage = usageTold(track)
  if (usage === null) {
    const input = Math.round(inputTokens)
    return { ...NO_TOKENS, input, output: size.tokens, chargedNanoUsd: charge, tier, estimated: true }
  }
  if (over || !track.usageIsOld) return usage
  // A running count, of some time before the stream broke off.
  const output = Math.max(usage.output, size.tokens)
  return output === usage.output ? usage : { ...usage, output, estimated: true }
}
