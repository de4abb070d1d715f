/** Backends: how they are and why, and which of their models rest until when. Never their URLs. */
import type { Deployment, DeploymentHealth } from '../../core/types.ts'
import { dateOf, type Moment, untilOf } from '../../core/moment.ts'
import type { Fleet } from '../../backends/fleet/fleet.ts'
import type { AdminRoute } from './route.ts'

/** `now`: the fleet's clock, ms. */
export const backendRoutes = (fleet: Pick<Fleet, 'states' | 'catalog'>, now: () => number): AdminRoute[] => [
  {
    method: 'GET',
    path: '/admin/backends',
    event: null,
    answer: () => {
      const at = { clock: now(), day: Date.now() }
      const backends = fleet
        .states()
        .map(({ name, kind, state, reason, since, until, inflight, retryAfterUntil, process }) => ({
          name,
          kind,
          state,
          reason,
          since: dateOf(since, at),
          until: until === null ? null : untilOf(until, at),
          inflight,
          process,
          resting_until: untilOf(retryAfterUntil, at),
          models: fleet.catalog.all
            .filter((deployment) => deployment.backend.name === name)
            .map((deployment) => modelOf(deployment, at)),
        }))
      return { backends }
    },
  },
]

/** Why it rests; null: it does not. */
function restOf({ ejectedUntil, retryAfterUntil, pausedFor }: DeploymentHealth, now: number): string | null {
  if (ejectedUntil > now && ejectedUntil >= retryAfterUntil) return 'failures'
  return retryAfterUntil > now ? pausedFor : null
}

const modelOf = ({ model, health }: Deployment, at: Moment): object => ({
  model,
  calls: health.calls,
  // It failed, or wants to be left alone: others come first until then.
  resting_until: untilOf(Math.max(health.ejectedUntil, health.retryAfterUntil), at),
  resting_for: restOf(health, at.clock),
  // Endpoints and needs that it said not to have; of a field whose value was refused, its name.
  refuses: [...health.unsupportedUntil].flatMap(([endpoint, until]) =>
    until > at.clock ? [{ endpoint: endpoint.replace(/=.*$/s, ''), until: untilOf(until, at) }] : [],
  ),
})
