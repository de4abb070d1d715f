/** GET /v1/models and /v1/models/:id, in OpenAI's shape with OpenRouter's extra fields. */
import type { FastifyInstance } from 'fastify'
import { CHAT } from '../../core/endpoints.ts'
import { GatewayError } from '../../core/errors.ts'
import type { Principal } from '../../core/principal.ts'
import type { Deployment } from '../../core/types.ts'
import { reachOf } from '../../decision/route/reach.ts'
import type { RouteTable } from '../../decision/route/table.ts'
import { formatNamed, FORMATS } from '../../formats/formats.ts'
import { principalOf } from '../admission/auth.ts'

export function modelRoutes(scope: FastifyInstance, table: () => RouteTable, startedAtSeconds: number): void {
  const config = { free: true }
  const format = formatNamed(CHAT.format, FORMATS).caller
  scope.get('/v1/models', { config }, (request) => {
    const entries = namesFor(principalOf(request.arrival), table())
    return format.modelList(entries.map(([name, serving]) => format.modelEntry(name, serving, startedAtSeconds)))
  })
  // A wildcard: ids hold slashes and colons.
  scope.get('/v1/models/*', { config }, (request) => {
    const id = (request.params as { '*': string })['*']
    const serving = reachOf(id, principalOf(request.arrival), table())
    if (serving.length > 0) return format.modelEntry(id, serving, startedAtSeconds)
    throw new GatewayError('model_not_found', `No model named "${id.slice(0, 200)}"; GET /v1/models lists them.`, {
      param: 'model',
    })
  })
}

/** `auto`, the routes, the models and their aliases: each that leads somewhere, with what it leads to. */
function namesFor(
  principal: Principal,
  table: RouteTable,
): (readonly [name: string, serving: readonly Deployment[]])[] {
  const names = new Set(['auto', ...table.byName.keys(), ...table.catalog.byModel.keys()])
  return [...names]
    .map((name) => [name, reachOf(name, principal, table)] as const)
    .filter(([, serving]) => serving.length > 0)
}
