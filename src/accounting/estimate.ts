/** What an answer took, where its backend does not say. Pure. */
import type { RoutePlan } from '../core/types.ts'
import type { Usage } from '../core/settlement.ts'
import type { AnswerTrack } from '../protocol/track.ts'
import { NO_TOKENS } from '../protocol/usage.ts'

/** The prompt by its characters, the answer by its events: a token each, or a few. */
export function usageOf(track: AnswerTrack, plan: RoutePlan | null): Usage {
  return track.usage ?? { ...NO_TOKENS, input: plan?.profile.inputTokens ?? 0, output: track.events, estimated: true }
}
