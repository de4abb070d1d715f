/** What is measured of a request, and whether it is one of those that go without. Pure. */
import { NO_TRIALS, type Trial, trialOf } from '../../core/trial.ts'
import type { GatewayRequest, RequestProfile } from '../../core/types.ts'
import type { ResolvedRoute } from './resolutions.ts'

/** Of the requests that go without what is switched on to save tokens, where the route sets no `control`. */
const USUAL = 0.05

export function trialsOf(request: GatewayRequest, profile: RequestProfile, choice: ResolvedRoute): readonly Trial[] {
  const spec = choice.rule?.spec
  if (spec === undefined || !profile.generates) return NO_TRIALS
  const measured = (spec.control ?? 0) > 0 && mayChoose(request, choice)
  if (!measured && !spec.trim) return NO_TRIALS
  const unit = unitOf(request, profile)
  const trials: Trial[] = []
  if (measured) trials.push(trialOf('routing', unit, spec.control!))
  if (spec.trim) trials.push(trialOf('trim', unit, spec.control ?? USUAL))
  return trials
}

/**
 * Only where the caller left the choice to the gateway: what it named is never touched. Where it goes on from an answer by its name its first
 * turn is not known, so the turns would be treated each by itself.
 */
const mayChoose = (request: GatewayRequest, { open }: ResolvedRoute): boolean =>
  open && !request.noFallback && (request.session !== null || request.prompt.previousAnswer === undefined)

/** What is treated alike. */
export const unitOf = (request: Pick<GatewayRequest, 'id'>, { affinity }: Pick<RequestProfile, 'affinity'>): string =>
  affinity ?? request.id
