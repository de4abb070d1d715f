/** How much of a prompt each candidate is taken to have kept. Pure but for what has lasted too long, which is forgotten at the look. */
import type { RequestProfile, Target } from '../../core/types.ts'
import type { DecisionContext } from './decision.ts'

/** By row; grows with the largest field. Good until the next prompt is looked up. */
let shares = new Float64Array(64)

/** Shares of the prompt, 0..1, by row. */
export function heldShares(
  targets: readonly Target[],
  live: readonly number[],
  { prefix }: RequestProfile,
  { prefixes, now }: Pick<DecisionContext, 'prefixes' | 'now'>,
): Float64Array {
  if (shares.length < targets.length) shares = new Float64Array(2 * targets.length)
  if (prefix.hashes.length === 0) return shares.fill(0, 0, targets.length)
  for (const row of live) prefixes.forget(targets[row]!.deployment.cache, now)
  prefixes.look(prefix)
  for (const row of live) shares[row] = prefixes.heldOf(targets[row]!.deployment.cache, prefix)
  return shares
}
