/** What is measured of a request, and whether it is one of those that go without. Pure. */
import { NO_TRIALS, type Trial, trialOf } from '../../core/trial.ts'
import type { GatewayRequest, RequestProfile } from '../../core/types.ts'
import { isUnscored } from '../../core/strategies.ts'
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
  if (measured) trials.push(...ofChoice(unit, spec.control!, profile, choice))
  if (spec.trim) trials.push(trialOf('trim', unit, spec.control ?? USUAL))
  return trials
}

/** A candidate that is taken at random has an effort that is: of those requests only the others tell what the choice of it is worth. */
function ofChoice(unit: string, share: number, profile: RequestProfile, choice: ResolvedRoute): readonly Trial[] {
  const routing = trialOf('routing', unit, share)
  return choosesEffort(profile, choice) && !routing.control ? [routing, trialOf('effort', unit, share)] : [routing]
}

/** How hard to think is left to the gateway, and there is something to choose. */
export const choosesEffort = ({ effort }: RequestProfile, { candidates, scoring }: ResolvedRoute): boolean =>
  effort === null && !isUnscored(scoring) && candidates.some(({ targets }) => targets.length > 1)

/** How likely a request whose candidate was chosen is treated as this one is, as far as its effort goes. */
export function chanceOfEffort(trials: readonly Trial[]): number {
  const trial = trials.find(({ feature }) => feature === 'effort')
  if (trial === undefined) return 1
  // None of the control group of candidates is among those whose effort is left to the model.
  return trial.control ? trial.share * (1 - trial.share) : 1 - trial.share
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
