/** What an answer took so far, as far as it tells, and a guess where it does not. Pure. */
import type { Usage } from '../core/settlement.ts'
import { chargeOfBoth } from './charge.ts'
import type { AnswerTrack } from './track.ts'
import { NO_TOKENS } from './usage.ts'

/** `inputTokens`: what the prompt is expected to be. `over`: nothing more of the answer would have come. */
export function usageSoFar(track: AnswerTrack, inputTokens: number, over: boolean): Usage {
  const { usage: told, size, tier, charge } = track
  if (told === null) {
    const input = Math.round(inputTokens)
    return { ...NO_TOKENS, input, output: size.tokens, chargedNanoUsd: charge, tier, estimated: true }
  }
  const chargedNanoUsd = chargeOfBoth(charge, told.chargedNanoUsd)
  const usage = chargedNanoUsd === told.chargedNanoUsd ? told : { ...told, chargedNanoUsd }
  if (over || !track.usageIsOld) return usage
  // A running count, of some time before the stream broke off.
  const output = Math.max(usage.output, size.tokens)
  return output === usage.output ? usage : { ...usage, output, estimated: true }
}
