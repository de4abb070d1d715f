/** GET /v1/deployments: each model of each backend that a caller may reach, with what is known and expected of it. */
import type { FastifyInstance } from 'fastify'
import type { RouteTable } from '../../decision/route/table.ts'
import { principalOf } from '../admission/auth.ts'
import { shownDeployment } from '../shown-deployment.ts'
import { namesFor } from './models.ts'

export function deploymentsRoute(scope: FastifyInstance, table: () => RouteTable, now: () => number): void {
  scope.get('/v1/deployments', { config: { free: true } }, ({ arrival }) => {
    const reached = new Set(namesFor(principalOf(arrival), table()).flatMap(([, serving]) => serving))
    const at = now()
    // In the order of the backends, whatever names lead there.
    return {
      deployments: table()
        .catalog.all.filter((one) => reached.has(one))
        .map((one) => shownDeployment(one, at)),
    }
  })
}
