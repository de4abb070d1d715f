/** Candidates that are as good as each other: which of them serves a request is a matter of time alone. Pure. */
import { valueOf } from '../../core/decision-rows.ts'
import { loadWait } from '../../core/residency.ts'
import { COLUMN } from '../../core/terms.ts'
import type { Target } from '../../core/types.ts'
import { ttftOf } from '../learn/latency.ts'
import type { Decision } from './decision.ts'
import { valuesOf } from './expected.ts'
import { refuses } from './filters.ts'

/**
 * Milliseconds by which the first token of `peer` would come later than that of `target`, if both had a place now; below 0: sooner. Null:
 * it is no peer.
 */
export function laterBy(decision: Decision, target: Target, peer: Target, now: number): number | null {
  const { set, rota, request, profile } = decision.question
  const [own, its] = [set.targets.indexOf(target), set.targets.indexOf(peer)]
  if (own < 0 || its < 0 || target.effort !== peer.effort) return null
  if (rota.groups[set.seats[own]!] !== rota.groups[set.seats[its]!]) return null
  if (refuses(peer.deployment, request, profile, now)) return null
  return 1000 * (secondsAt(decision, its, now) - secondsAt(decision, own, now))
}

/** Until its first token, with a place; by what it was taken to have kept of the prompt when the decision was made. */
function secondsAt(decision: Decision, row: number, now: number): number {
  const { profile, set } = decision.question
  const { residency, latency, live } = set.targets[row]!.deployment
  const of = { values: valuesOf(decision) }
  const place = decision.shown.indexOf(row)
  const known = (column: number): number | null => (place < 0 ? null : valueOf(of, place, column))
  const fresh = (known(COLUMN.input) ?? profile.inputTokens) - (known(COLUMN.cached) ?? 0)
  return loadWait(residency, now) + (profile.generates ? ttftOf(latency, fresh, live.load) : 0)
}
