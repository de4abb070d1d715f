/** Which backend reads a prompt for one that answers it. Pure. */
import { placeFor } from '../core/ask-place.ts'
import { isUp } from '../core/backend-state.ts'
import type { EndpointPlace } from '../core/provider.ts'
import type { Catalog, Deployment, GatewayRequest, RequestProfile } from '../core/types.ts'
import { isLocal } from '../decision/route/local.ts'
import { trouble } from '../decision/route/trouble.ts'

export interface PrefillChoice {
  readonly deployment: Deployment
  readonly place: EndpointPlace
}

/** One token is made of each prompt. */
export const PREFILL_OUTPUT = 1

/**
 * The least loaded that serves the model, of which nothing is known that speaks against it; null: there is none. `format`: the wire
 * format in which the one that answers is asked.
 */
export function choosePrefill(
  answering: Deployment,
  format: string,
  request: GatewayRequest,
  profile: RequestProfile,
  { byModel }: Catalog,
  now: number,
): PrefillChoice | null {
  let best: PrefillChoice | null = null
  for (const deployment of byModel.get(answering.model) ?? []) {
    const { backend, live } = deployment
    if (backend.role !== 'prefill' || backend.weight === 0 || !isUp(live.state)) continue
    // A prompt that stays on hardware of the operator does so in both phases.
    if (isLocal(answering) && !isLocal(deployment)) continue
    if (trouble(deployment, request, profile, PREFILL_OUTPUT, now) > 0) continue
    const place = placeFor(deployment, request.endpoint, profile.needs, now, request.prompt.particular !== null)
    if (place?.format !== format) continue
    if (best === null || isLess(deployment, best.deployment)) best = { deployment, place }
  }
  return best
}

/** Tokens that are still to be read say more than calls. */
function isLess({ live: { load: a } }: Deployment, { live: { load: b } }: Deployment): boolean {
  return a.pending === b.pending ? a.open < b.open : a.pending < b.pending
}
