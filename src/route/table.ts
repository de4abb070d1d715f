/** The operator's routes against what is there now. Built anew when the catalog changes, read by every request. */
import type { KeySpec, RouteSpec } from '../core/settings.ts'
import type { Catalog, Deployment } from '../core/types.ts'
import { glob } from './glob.ts'
import { isLocal } from './local.ts'

export interface CompiledRoute {
  readonly spec: RouteSpec
  /** In the order of the patterns, each once. */
  readonly candidates: readonly Deployment[]
  /** Those of the fallback that are no candidates. */
  readonly fallback: readonly Deployment[]
  readonly matchesModel: ((model: string) => boolean) | null
}

export interface RouteTable {
  readonly catalog: Catalog
  readonly routes: readonly CompiledRoute[]
  readonly byName: ReadonlyMap<string, CompiledRoute>
  /** What each restricted key may use; a key that is not in here may use everything. */
  readonly allowed: ReadonlyMap<string, ReadonlySet<Deployment>>
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
  return { catalog, routes: compiled, byName, allowed }
}

/** What a route gives to a key that is bound to it. */
function grantOf(name: string, byName: ReadonlyMap<string, CompiledRoute>, catalog: Catalog): readonly Deployment[] {
  const route = byName.get(name)
  if (route === undefined) return name === DEFAULT_ROUTE ? catalog.all : []
  const local = route.spec.localOnly || route.spec.strategy === 'local'
  return local ? route.candidates.filter(isLocal) : route.candidates
}

function compile(spec: RouteSpec, catalog: Catalog): CompiledRoute {
  const candidates = found(spec.candidates, catalog)
  const fallback = found(spec.fallback, catalog)
  for (const one of candidates) fallback.delete(one)
  const models = spec.match?.model?.map(glob) ?? null
  return {
    spec,
    candidates: [...candidates],
    fallback: [...fallback],
    matchesModel: models && ((model) => models.some((matches) => matches(model))),
  }
}

/** In the order of the patterns. */
function found(patterns: readonly string[], catalog: Catalog): Set<Deployment> {
  const all = new Set<Deployment>()
  for (const pattern of patterns) {
    const matches = glob(pattern)
    for (const deployment of catalog.all) if (matches(deployment.id) || matches(deployment.model)) all.add(deployment)
  }
  return all
}
