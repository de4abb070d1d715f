/** GET /v1/models and /v1/models/:id, in the shape that the clients of each format read; Google's ask below another version. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { GEMINI_GENERATE } from '../../core/endpoints.ts'
import { GatewayError } from '../../core/errors.ts'
import type { Principal } from '../../core/principal.ts'
import type { Deployment } from '../../core/types.ts'
import { isLocal } from '../../decision/route/local.ts'
import { reachOf } from '../../decision/route/reach.ts'
import type { RouteTable } from '../../decision/route/table.ts'
import type { CallerSide } from '../../formats/format.ts'
import { formatNamed } from '../../formats/formats.ts'
import { formatOfReader } from '../../formats/reader-format.ts'
import type { Stages } from '../../pipeline.ts'
import { principalOf } from '../admission/auth.ts'

export function modelRoutes(
  scope: FastifyInstance,
  table: () => RouteTable,
  { formats, now }: Pick<Stages, 'formats' | 'now'>,
  startedAtSeconds: number,
): void {
  const config = { free: true }
  const list = (request: FastifyRequest, format: CallerSide): object => {
    const names = namesFor(principalOf(request.arrival), table()).flatMap((named) => [
      named,
      ...aliasOf(named, format.modelAlias),
    ])
    return format.modelList(
      names.map(([name, serving]) => format.modelEntry(name, serving, startedAtSeconds, now())),
      request.query as Readonly<Record<string, unknown>>,
    )
  }
  const one = (request: FastifyRequest, format: CallerSide): object => {
    const id = (request.params as { '*': string })['*']
    const serving = reachOf(id, principalOf(request.arrival), table())
    if (serving.length > 0) return format.modelEntry(id, serving, startedAtSeconds, now())
    throw new GatewayError('model_not_found', `No model named "${id.slice(0, 200)}"; GET /v1/models lists them.`, {
      param: 'model',
    })
  }
  const byHeaders = ({ headers }: FastifyRequest): CallerSide => formatNamed(formatOfReader(headers), formats).caller
  const google = formatNamed(GEMINI_GENERATE.format, formats).caller
  scope.get('/v1/models', { config }, (request) => list(request, byHeaders(request)))
  scope.get('/v1beta/models', { config }, (request) => list(request, google))
  // A wildcard: ids hold slashes and colons.
  scope.get('/v1/models/*', { config }, (request) => one(request, byHeaders(request)))
  scope.get('/v1beta/models/*', { config }, (request) => one(request, google))
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
  const local = serving.some(isLocal)
  return prefix === null || !local ? [] : [[prefix + name, serving]]
}
