/** A configuration as far as it decides: routes, keys and backends, compiled once for all lines. Pure. */
import type { BackendSpec, Config, RouteSpec } from '../core/settings.ts'
import type { KeySpec } from '../core/principal.ts'
import { glob } from '../core/glob.ts'
import { binds, type Bounds, boundsOf, type KeyBound, outside } from '../decision/route/bounds.ts'
import { isLocal } from '../decision/route/local.ts'
import { DEFAULT_ROUTE } from '../decision/route/compiled-route.ts'

/** A model on a backend: a candidate of the record, or one that is declared. */
export interface ReplayPlace {
  readonly id: string
  readonly backend: string
  readonly model: string
}

export interface PolicyRoute {
  readonly spec: RouteSpec
  readonly takes: (place: ReplayPlace) => boolean
  readonly matchesModel: ((model: string) => boolean) | null
}

export interface PolicyKey {
  readonly spec: KeySpec
  /** Whether its routes grant it. */
  readonly allows: (place: ReplayPlace) => boolean
}

export interface ReplayPolicy {
  readonly backends: ReadonlyMap<string, BackendSpec>
  readonly routes: readonly PolicyRoute[]
  readonly byName: ReadonlyMap<string, PolicyRoute>
  /** Models that the file itself names; others are known only once the backends have told them. */
  readonly declared: readonly ReplayPlace[]
  /** By id: the keys that something binds. */
  readonly keys: ReadonlyMap<string, PolicyKey>
  /** By alias: the models, or `backend/model`, that it stands for. */
  readonly aliases: ReadonlyMap<string, ReadonlySet<string>>
}

/** `all`: its keys, those of its key file included. */
export function policyOf(config: Config, all: readonly KeySpec[] = config.keys): ReplayPolicy {
  const backends = new Map(config.backends.map((backend) => [backend.name, backend]))
  const routes = config.routes.map(routeOf)
  const byName = new Map(routes.map((route) => [route.spec.name, route]))
  const keys = new Map<string, PolicyKey>()
  for (const spec of all) {
    if (!binds(spec)) continue
    const grants = spec.routes?.map((name) => grantOf(byName.get(name), name, backends)) ?? null
    keys.set(spec.id, { spec, allows: (place) => grants === null || grants.some((grants) => grants(place)) })
  }
  const aliases = new Map<string, Set<string>>()
  for (const [name, facts] of Object.entries(config.models))
    for (const alias of facts.aliases) aliases.set(alias, (aliases.get(alias) ?? new Set<string>()).add(name))
  const declared = config.backends.flatMap(({ name, models }) =>
    models.map((model) => ({ id: `${name}/${model}`, backend: name, model })),
  )
  return { backends, routes, byName, declared, keys, aliases }
}

function routeOf(spec: RouteSpec): PolicyRoute {
  const globs = spec.candidates.map(glob)
  const models = spec.match?.model?.map(glob) ?? null
  return {
    spec,
    takes: ({ id, model }) => globs.some((matches) => matches(id) || matches(model)),
    matchesModel: models && ((model) => models.some((matches) => matches(model))),
  }
}

function grantOf(
  route: PolicyRoute | undefined,
  name: string,
  backends: ReplayPolicy['backends'],
): PolicyRoute['takes'] {
  if (route === undefined) return () => name === DEFAULT_ROUTE
  const bounds = boundsOf(route.spec)
  return (place) => route.takes(place) && isWithin(place, bounds, backends)
}

/** What binds a caller at one place; null: nothing. */
export function keyBound(caller: string, place: ReplayPlace, { keys }: ReplayPolicy): KeyBound | null {
  const key = keys.get(caller)
  return key === undefined ? null : { id: caller, options: key.spec, allows: () => key.allows(place) }
}

/** What a key or a route may reach. A backend that the configuration does not have is reached by nobody. */
export function isWithin({ backend, model }: ReplayPlace, bounds: Bounds, backends: ReplayPolicy['backends']): boolean {
  const spec = backends.get(backend)
  return spec !== undefined && outside({ backend: spec, model }, bounds) === null
}

/** On hardware of the operator, as far as the configuration tells. */
export function runsHere({ backend, model }: ReplayPlace, backends: ReplayPolicy['backends']): boolean {
  const spec = backends.get(backend)
  return spec !== undefined && isLocal({ backend: spec, model })
}
