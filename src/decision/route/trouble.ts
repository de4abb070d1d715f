/** What is known against candidates at the moment: the higher, the later one is asked; 0 = nothing. Pure. */
import type { Capability } from '../../core/capabilities.ts'
import type { BackendLive, Deployment, GatewayRequest, QueueView, RequestProfile, Target } from '../../core/types.ts'
import type { Field } from './field.ts'
import { refuses, tight } from './filters.ts'

/** `most`: tokens of output that are to be expected at the most. */
export function trouble(
  deployment: Deployment,
  request: GatewayRequest,
  profile: RequestProfile,
  most: number,
  now: number,
): number {
  if (refuses(deployment, request, profile, now)) return 3
  const known = unwell(deployment, now)
  if (known > 0 || deployment.live.state === 'auth_error') return known
  if (deployment.live.queue.full) return 1
  return tight(deployment, profile, most) ? 0.5 : 0
}

/** What is known against any call of it: 2: it cannot be called; 1: it should not be, at the moment; 0: nothing. */
export function unwell({ live, health, backend }: Deployment, now: number): number {
  if (live.state === 'down' || (live.state === 'sleeping' && !backend.provider.response.wakes)) return 2
  if (live.state === 'auth_error') return isTried(live, now) ? 0 : 2
  if (
    // One that the gateway starts waits no longer than is expected: that is weighed.
    (live.state === 'warming_up' && backend.engine === null) ||
    live.retryAfterUntil > now ||
    health.retryAfterUntil > now ||
    health.ejectedUntil > now
  )
    return 1
  return 0
}

/** One request at a time finds out whether the key is accepted again. */
const isTried = ({ until, load }: BackendLive, now: number): boolean =>
  until !== null && until <= now && load.open === 0

/**
 * Of a place that has to be waited for, where nothing is scored: whoever has room comes first, and else who is expected to have it soonest.
 * Where something is, the wait is part of what is weighed.
 */
export const lineTrouble = ({ seconds }: QueueView): number =>
  seconds === 0 ? 0 : 0.6 + (0.3 * seconds) / (1 + seconds)

/** Those that are known to have what the request needs come before those of which nothing is known, where there are both. */
export function provenFirst(
  { live, rota, seats }: Field,
  candidates: readonly Target[],
  troubles: Float64Array,
  profile: RequestProfile,
): void {
  if (profile.needs.every(isCommon)) return
  const unproven = live.filter((row) => isUnproven(candidates[row]!.deployment, profile))
  if (unproven.length === live.length) return
  // What a replica has answered, of which nothing was known before, the others can do as well.
  const answered = live.filter((row) => !unproven.includes(row) && !isDeclared(candidates[row]!.deployment, profile))
  const groupOf = (row: number): number => rota!.groups[seats[row]!]!
  const proven = new Set(answered.map(groupOf))
  for (const row of unproven) if (troubles[row] === 0 && !proven.has(groupOf(row))) troubles[row] = 0.25
}

const isCommon = (need: Capability): boolean => need === 'chat' || need === 'reasoning'

/** All that is asked is in the facts. */
const isDeclared = ({ facts }: Deployment, { needs }: RequestProfile): boolean =>
  needs.every((need) => isCommon(need) || facts.capabilities[need] !== undefined)

function isUnproven({ facts, health }: Deployment, { needs }: RequestProfile): boolean {
  for (const need of needs)
    if (!isCommon(need) && facts.capabilities[need] === undefined && !health.answers.has(need)) return true
  return false
}
