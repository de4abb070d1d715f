/** Those that are tried after all candidates of a route, as they are written. Pure. */
import type { Excluded } from '../../core/decision-rows.ts'
import type { GatewayRequest, RequestProfile } from '../../core/types.ts'
import type { CandidateSet, Spare } from './candidates.ts'
import { exclusionOf, refuses } from './filters.ts'

export interface Fallback {
  readonly order: readonly Spare[]
  readonly ruledOut: readonly { readonly spare: Spare; readonly excluded: Excluded }[]
}

const NONE: Fallback = { order: [], ruledOut: [] }

/** Those that lately refused what the request needs come last. */
export function fallbackOf(
  { spares, kind }: CandidateSet,
  request: GatewayRequest,
  profile: RequestProfile,
  now: number,
): Fallback {
  if (spares.length === 0) return NONE
  const able: Spare[] = []
  const unable: Spare[] = []
  const ruledOut: Fallback['ruledOut'][number][] = []
  for (const spare of spares) {
    const { deployment } = spare.target
    const excluded = spare.excluded ?? exclusionOf(deployment, spare.checks, kind, profile)
    if (excluded !== null) ruledOut.push({ spare, excluded })
    else (refuses(deployment, request, profile, now) ? unable : able).push(spare)
  }
  return { order: [...able, ...unable], ruledOut }
}
