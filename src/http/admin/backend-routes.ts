/** Backends: how they are and why, and which of their models rest until when. Never their URLs. */
import type { Deployment } from '../../core/types.ts'
import type { Fleet } from '../../fleet/fleet.ts'
import type { AdminRoute } from './route.ts'

/** `now`: the fleet's clock, ms. */
export const backendRoutes = (fleet: Pick<Fleet, 'states' | 'catalog'>, now: () => number): AdminRoute[] => [
  {
    method: 'GET',
    path: '/admin/backends',
    event: null,
    answer: () => {
      const at = { clock: now(), day: Date.now() }
      const backends = fleet.states().map(({ name, kind, state, reason, inflight, coolUntil }) => ({
        name,
        kind,
        state,
        reason,
        inflight,
        resting_until: momentOf(coolUntil, at),
        models: fleet.catalog.all
          .filter((deployment) => deployment.backend.name === name)
          .map((deployment) => modelOf(deployment, at)),
      }))
      return { backends }
    },
  },
]

interface Instant {
  /** Reading of the fleet's clock, ms. */
  readonly clock: number
  /** The same moment as a time of day, ms. */
  readonly day: number
}

const modelOf = ({ model, standing }: Deployment, at: Instant): object => ({
  model,
  calls: standing.calls,
  // It failed, or wants to be left alone: others come first until then.
  resting_until: momentOf(Math.max(standing.restUntil, standing.coolUntil), at),
  // Endpoints and needs that it said not to have; of a field whose value was refused, its name.
  refuses: [...standing.refuses].flatMap(([endpoint, until]) =>
    until > at.clock ? [{ endpoint: endpoint.replace(/=.*$/s, ''), until: momentOf(until, at) }] : [],
  ),
})

/** Null for what is over. */
const momentOf = (until: number, { clock, day }: Instant): string | null =>
  until > clock ? new Date(day + (until - clock)).toISOString() : null
