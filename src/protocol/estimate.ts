/** What an answer took so far, as far as it tells, and a guess where it does not. Pure. */
import type { Usage } from '../core/settlement.ts'
import type { AnswerTrack } from './track.ts'
import { NO_TOKENS } from './usage.ts'

/** `inputTokens`: what the prompt is expected to be. `over`: nothing more of the answer would have come. */
export function usageSoFar(track: AnswerTrack, inputTokens: number, over: boolean): Usage {
  const { usage, size } = track
  if (usage === null)
    return { ...NO_TOKENS, input: Math.round(inputTokens), output: size.tokens, tier: track.tier, estimated: true }
  if (over || !track.usageIsOld) return usage
  // A running count, of some time before the stream broke off.
  const output = Math.max(usage.output, size.tokens)
  return output === usage.output ? usage : { ...usage, output, estimated: true }
}
