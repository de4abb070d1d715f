/** The operator's routes against what is there now. Built anew when the catalog changes, read by every request. */
import type { KeySpec, Principal } from '../../core/principal.ts'
import type { RouteSpec } from '../../core/settings.ts'
import type { Catalog, Deployment } from '../../core/types.ts'
import { glob } from '../../core/glob.ts'
import { binds, boundsOf, type KeyBound, outside } from './bounds.ts'
import { Rotas } from './rota.ts'

export interface CompiledRoute {
  readonly spec: RouteSpec
  /** In the order of the patterns, each once. */
  readonly candidates: readonly Deployment[]
  /** Asked after all candidates, in the order of the patterns; none that is a candidate already. */
  readonly fallback: readonly Deployment[]
  readonly matchesModel: ((model: string) => boolean) | null
  /** One for each header of its conditions. */
  readonly matchesHeader: readonly HeaderTest[]
}

export interface HeaderTest {
  /** Lower case. */
  readonly name: string
  readonly matches: (value: string) => boolean
}

export interface RouteTable {
  readonly catalog: Catalog
  readonly routes: readonly CompiledRoute[]
  readonly byName: ReadonlyMap<string, CompiledRoute>
  /** What each restricted key may use: see `allowedTo`. */
  readonly allowed: ReadonlyMap<string, ReadonlySet<Deployment>>
  readonly rotas: Rotas
}

/** The route of requests that no rule matches; `default` may also be configured. */
export const DEFAULT_ROUTE = 'default'

export function compileRoutes(routes: readonly RouteSpec[], keys: readonly KeySpec[], catalog: Catalog): RouteTable {
  const compiled = routes.map((spec) => compile(spec, catalog))
  const byName = new Map(compiled.map((route) => [route.spec.name, route]))
  const allowed = new Map<string, ReadonlySet<Deployment>>()
  for (const key of keys) {
    if (key.routes === null) continue
    const reach = key.routes.map((name) => grantOf(name, byName, catalog))
    allowed.set(key.id, new Set(reach.flat()))
  }
  return { catalog, routes: compiled, byName, allowed, rotas: new Rotas() }
}

const NOTHING: ReadonlySet<Deployment> = new Set()

/** What a key may use; undefined = everything. A restricted key that the table does not know may use nothing. */
export const allowedTo = (
  { id, routes }: Pick<Principal, 'id' | 'routes'>,
  { allowed }: RouteTable,
): ReadonlySet<Deployment> | undefined => allowed.get(id) ?? (routes === null ? undefined : NOTHING)

/** What binds a key; null = nothing. */
export function boundOf(principal: Principal, table: RouteTable): KeyBound | null {
  const allowed: ReadonlySet<unknown> | undefined = allowedTo(principal, table)
  if (allowed === undefined && !binds(principal)) return null
  return { id: principal.id, options: principal, allows: (place) => allowed === undefined || allowed.has(place) }
}

/** What a route gives to a key that is bound to it. */
function grantOf(name: string, byName: ReadonlyMap<string, CompiledRoute>, catalog: Catalog): readonly Deployment[] {
  const route = byName.get(name)
  if (route === undefined) return name === DEFAULT_ROUTE ? catalog.all : []
  const bounds = boundsOf(route.spec)
  return [...route.candidates, ...route.fallback].filter((one) => outside(one, bounds) === null)
}

function compile(spec: RouteSpec, catalog: Catalog): CompiledRoute {
  const candidates = found(spec.candidates, catalog)
  const models = spec.match?.model?.map(glob) ?? null
  return {
    spec,
    candidates: [...candidates],
    fallback: [...found(spec.fallback, catalog)].filter((one) => !candidates.has(one)),
    matchesModel: models && ((model) => models.some((matches) => matches(model))),
    matchesHeader: Object.entries(spec.match?.header ?? {}).map(([name, value]) => ({ name, matches: glob(value) })),
  }
}

/** In the order of the patterns, each once. */
function found(patterns: readonly string[], { all }: Catalog): ReadonlySet<Deployment> {
  const set = new Set<Deployment>()
  for (const pattern of patterns) {
    const matches = glob(pattern)
    for (const deployment of all) if (matches(deployment.id) || matches(deployment.model)) set.add(deployment)
  }
  return set
}
