/** Those that are tried after all candidates of a route, as they are written. Pure. */
import type { Dropped } from '../../core/record.ts'
import type { Deployment, Target } from '../../core/types.ts'
import { exclusionOf, type FilterContext, refuses } from './filters.ts'

export interface Fallback {
  readonly targets: readonly Target[]
  readonly ruledOut: readonly { readonly target: Target; readonly dropped: Dropped }[]
}

/** `candidates`: they are not tried twice. Those that lately refused what the request needs come last. */
export function fallbackOf(question: FilterContext, candidates: readonly Target[]): Fallback {
  const taken = new Set(candidates.map(({ deployment }) => deployment))
  const targets: Target[] = []
  const unable: Target[] = []
  const ruledOut: Fallback['ruledOut'][number][] = []
  for (const deployment of question.choice.fallback) {
    if (taken.has(deployment)) continue
    const target = asItIs(deployment, question)
    const dropped = exclusionOf(deployment, question)
    if (dropped !== null) ruledOut.push({ target, dropped })
    else (refuses(deployment, question) ? unable : targets).push(target)
  }
  return { targets: [...targets, ...unable], ruledOut }
}

/** At the caller's own effort, or as the model does when nobody says. */
function asItIs({ targets }: Deployment, { profile: { effort } }: FilterContext): Target {
  if (effort === null) return targets[0]!
  return targets.find((target) => target.effort === effort) ?? { ...targets[0]!, effort }
}
