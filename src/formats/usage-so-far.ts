/** What an answer took so far, as far as its backend reports it, and a guess where it does not. Pure. */
import { NO_TOKENS } from '../core/no-tokens.ts'
import type { Charge, Usage } from '../core/settlement.ts'
import type { AnswerState } from './answer-state.ts'

/** What the backend has reported so far, with what it charges; null = nothing. */
export function usageReported({ reported, charge }: AnswerState): Usage | null {
  if (reported === null) return null
  const chargedNanoUsd = chargeOfBoth(charge, reported.chargedNanoUsd)
  return chargedNanoUsd === reported.chargedNanoUsd ? reported : { ...reported, chargedNanoUsd }
}

/** `inputTokens`: what the prompt is expected to be. `over`: nothing more of the answer would have come. */
export function usageSoFar(track: AnswerState, inputTokens: number, over: boolean): Usage {
  if (track.settled !== null) return track.settled
  const { size, tier, charge } = track
  const usage = usageReported(track)
  if (usage === null) {
    const input = Math.round(inputTokens)
    return { ...NO_TOKENS, input, output: size.tokens, chargedNanoUsd: charge, tier, estimated: true }
  }
  if (over || !track.usageIsOld) return usage
  // A running count, of some time before the stream broke off.
  const output = Math.max(usage.output, size.tokens)
  return output === usage.output ? usage : { ...usage, output, estimated: true }
}

/** What is told in two places: the higher one, as far as it is known. A proxy that knows no price says 0 beside its backend's own cost. */
export function chargeOfBoth(one: Charge, other: Charge): Charge {
  if (typeof one === 'number' && typeof other === 'number') return Math.max(one, other)
  return typeof one === 'number' || other === null ? one : other
}
