/** What is measured of a request, and whether it is one of those that go without. Pure. */
import { NO_TRIALS, type Trial, trialOf } from '../../core/trial.ts'
import type { GatewayRequest, RequestProfile } from '../../core/types.ts'
import type { ResolvedRoute } from './resolutions.ts'

/** Only where the caller left the choice to the gateway: what it named is never touched. */
export function trialsOf(
  request: GatewayRequest,
  profile: RequestProfile,
  { open, rule }: ResolvedRoute,
): readonly Trial[] {
  const share = rule?.spec.control ?? null
  if (share === null || share === 0 || !open || !profile.generates || request.noFallback) return NO_TRIALS
  // It goes on from an answer by its name, so its first turn is not known: the turns would be treated each by itself.
  if (request.session === null && request.prompt.previousAnswer !== undefined) return NO_TRIALS
  return [trialOf('routing', unitOf(request, profile), share)]
}

/** What is treated alike. */
export const unitOf = (request: Pick<GatewayRequest, 'id'>, { affinity }: Pick<RequestProfile, 'affinity'>): string =>
  affinity ?? request.id
