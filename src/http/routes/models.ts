/** GET /v1/models and /v1/models/:id, in the shape that the clients of each format read. */
import type { FastifyInstance } from 'fastify'
import { GatewayError } from '../../core/errors.ts'
import type { Principal } from '../../core/principal.ts'
import type { Deployment } from '../../core/types.ts'
import { reachOf } from '../../decision/route/reach.ts'
import type { RouteTable } from '../../decision/route/table.ts'
import { formatNamed, type Formats } from '../../formats/formats.ts'
import { formatOfReader } from '../../formats/reader-format.ts'
import { principalOf } from '../admission/auth.ts'

export function modelRoutes(
  scope: FastifyInstance,
  table: () => RouteTable,
  formats: Formats,
  startedAtSeconds: number,
): void {
  const config = { free: true }
  scope.get('/v1/models', { config }, (request) => {
    const format = formatNamed(formatOfReader(request.headers), formats).caller
    const names = namesFor(principalOf(request.arrival), table()).flatMap((named) => [
      named,
      ...aliasOf(named, format.modelAlias),
    ])
    return format.modelList(
      names.map(([name, serving]) => format.modelEntry(name, serving, startedAtSeconds)),
      request.query as Readonly<Record<string, unknown>>,
    )
  })
  // A wildcard: ids hold slashes and colons.
  scope.get('/v1/models/*', { config }, (request) => {
    const id = (request.params as { '*': string })['*']
    const serving = reachOf(id, principalOf(request.arrival), table())
    if (serving.length > 0)
      return formatNamed(formatOfReader(request.headers), formats).caller.modelEntry(id, serving, startedAtSeconds)
    throw new GatewayError('model_not_found', `No model named "${id.slice(0, 200)}"; GET /v1/models lists them.`, {
      param: 'model',
    })
  })
}

type Named = readonly [name: string, serving: readonly Deployment[]]

/** `auto`, the routes, the models and their aliases: each that leads somewhere, with what it leads to. */
export function namesFor(principal: Principal, table: RouteTable): Named[] {
  const names = new Set(['auto', ...table.byName.keys(), ...table.catalog.byModel.keys()])
  return [...names]
    .map((name) => [name, reachOf(name, principal, table)] as const)
    .filter(([, serving]) => serving.length > 0)
}

/** What leads to a local engine, under a name with which its clients list it as well. */
function aliasOf([name, serving]: Named, prefix: string | null): Named[] {
  const local = serving.some(({ backend }) => backend.provider.local)
  return prefix === null || !local ? [] : [[prefix + name, serving]]
}
