/** How much of a prompt each candidate is taken to have kept. Pure but for what has lasted too long, which is forgotten at the look. */
import type { PromptCache } from '../../core/prompt-cache.ts'
import type { RequestProfile, Target } from '../../core/types.ts'
import type { PrefixMap } from '../learn/prefix-map.ts'
import type { DecisionContext } from './decision.ts'

/** By row; grows with the largest field. Good until the next prompt is looked up. */
let shares = new Float64Array(64)

/** Shares of the prompt, 0..1, by row. */
export function heldShares(
  targets: readonly Target[],
  live: readonly number[],
  profile: RequestProfile,
  { prefixes, now }: Pick<DecisionContext, 'prefixes' | 'now'>,
): Float64Array {
  if (shares.length < targets.length) shares = new Float64Array(2 * targets.length)
  let any = false
  for (const row of live) {
    const { cache } = targets[row]!.deployment
    prefixes.forget(cache, now)
    any ||= cache.seat >= 0
  }
  // A long prompt takes some ten microseconds to be hashed.
  if (!any) return shares.fill(0, 0, targets.length)
  const { prefix } = profile
  prefixes.look(prefix)
  for (const row of live) shares[row] = prefixes.heldOf(targets[row]!.deployment.cache, prefix)
  return shares
}

/** Share of the prompt that this one has kept, 0..1. */
export function heldBy(cache: PromptCache, profile: RequestProfile, prefixes: PrefixMap): number {
  if (cache.seat < 0) return 0
  const { prefix } = profile
  prefixes.look(prefix)
  return prefixes.heldOf(cache, prefix)
}
