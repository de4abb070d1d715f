/** The operator's routes against what is there now. Built anew when the catalog changes, read by every request. */
import type { KeySpec, Principal } from '../../core/principal.ts'
import type { RouteSpec } from '../../core/settings.ts'
import type { Catalog, Deployment } from '../../core/types.ts'
import { binds, boundsOf, type KeyBound, outside } from './bounds.ts'
import { CandidateSets } from './candidates.ts'
import { type CompiledRoute, compileRoute, DEFAULT_ROUTE } from './compiled-route.ts'
import { Resolutions } from './resolutions.ts'
import { Rotas } from './rota.ts'

export interface RouteTable {
  readonly catalog: Catalog
  readonly routes: readonly CompiledRoute[]
  readonly byName: ReadonlyMap<string, CompiledRoute>
  /** What each restricted key may use: see `allowedTo`. */
  readonly allowed: ReadonlyMap<string, ReadonlySet<Deployment>>
  readonly rotas: Rotas
  readonly resolutions: Resolutions
  readonly candidates: CandidateSets
  /** What binds the keys that have come so far. */
  readonly bounds: WeakMap<Principal, KeyBound | null>
}

export function compileRoutes(routes: readonly RouteSpec[], keys: readonly KeySpec[], catalog: Catalog): RouteTable {
  const compiled = routes.map((spec) => compileRoute(spec, catalog))
  const byName = new Map(compiled.map((route) => [route.spec.name, route]))
  const allowed = new Map<string, ReadonlySet<Deployment>>()
  for (const key of keys) {
    if (key.routes === null) continue
    const reach = key.routes.map((name) => grantOf(name, byName, catalog))
    allowed.set(key.id, new Set(reach.flat()))
  }
  return {
    catalog,
    routes: compiled,
    byName,
    allowed,
    rotas: new Rotas(),
    resolutions: new Resolutions(),
    candidates: new CandidateSets(),
    bounds: new WeakMap(),
  }
}

const NOTHING: ReadonlySet<Deployment> = new Set()

/** What a key may use; undefined = everything. A restricted key that the table does not know may use nothing. */
export const allowedTo = (
  { id, routes }: Pick<Principal, 'id' | 'routes'>,
  { allowed }: RouteTable,
): ReadonlySet<Deployment> | undefined => allowed.get(id) ?? (routes === null ? undefined : NOTHING)

/** What binds a key; null = nothing. The same object each time. */
export function boundOf(principal: Principal, table: RouteTable): KeyBound | null {
  let bound = table.bounds.get(principal)
  if (bound === undefined) table.bounds.set(principal, (bound = newBound(principal, table)))
  return bound
}

function newBound(principal: Principal, table: RouteTable): KeyBound | null {
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
