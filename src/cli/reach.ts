/** What a route can lead to, as far as the file tells: declared models by name, of the others only patterns before the engines run. */
import type { BackendSpec, Config, RouteSpec } from '../core/settings.ts'
import { glob } from '../core/glob.ts'
import { type Bounds, boundsOf, isOutOfReach, outside } from '../decision/route/bounds.ts'

export interface Reach {
  /** Null: any backend that lists such ids. */
  readonly backend: string | null
  /** Declared models that a pattern matches. */
  readonly declared: readonly string[]
  /** For the models that it will list; '*' = all of them. */
  readonly patterns: readonly string[]
}

/** In the order of `patterns`, the route's candidates or its fallback; backends that it cannot reach are left out. */
export function routeReach(route: RouteSpec, config: Config, patterns = route.candidates): Reach[] {
  const bounds = boundsOf(route)
  const able = config.backends.filter((backend) => !isOutOfReach(backend, bounds))
  const reached = new Map<string, Reach>()
  for (const pattern of patterns)
    for (const backend of able) {
      const earlier = reached.get(backend.name) ?? { backend: backend.name, declared: [], patterns: [] }
      const reach = add(earlier, backend, pattern, bounds)
      if (reach.declared.length + reach.patterns.length > 0) reached.set(backend.name, reach)
    }
  const strange = patterns.filter((pattern) => isStrange(pattern, config))
  const anywhere = { backend: null, declared: [], patterns: strange }
  return [...reached.values(), ...(strange.length > 0 && able.some(lists) ? [anywhere] : [])]
}

function add({ declared, patterns }: Reach, backend: BackendSpec, pattern: string, bounds: Bounds): Reach {
  const within = (model: string): boolean => outside({ backend, model }, bounds) === null
  const more = backend.models.filter(
    (model) => !declared.includes(model) && matches(pattern, backend, model) && within(model),
  )
  const part = lists(backend) ? inside(pattern, backend) : null
  const known = part === null || patterns.includes('*') || patterns.includes(part) || backend.models.includes(part)
  return {
    backend: backend.name,
    declared: [...declared, ...more],
    patterns: known ? patterns : part === '*' ? ['*'] : [...patterns, part],
  }
}

/** Begins with no backend, so it can only mean ids that hold a slash. */
const isStrange = (pattern: string, { backends }: Config): boolean =>
  !backends.some((one) => inside(pattern, one) !== null || one.models.some((model) => matches(pattern, one, model)))

const lists = ({ provider }: BackendSpec): boolean => provider.discovery.length > 0

const matches = (pattern: string, backend: BackendSpec, model: string): boolean =>
  glob(pattern)(`${backend.name}/${model}`) || glob(pattern)(model)

/** The part of the pattern that is for the models of this backend; null where it is not meant. */
function inside(pattern: string, { name }: BackendSpec): string | null {
  if (glob(pattern)(`${name}/`) && pattern.endsWith('*')) return '*'
  const slash = pattern.indexOf('/')
  if (slash < 0) return pattern
  return glob(pattern.slice(0, slash))(name) ? pattern.slice(slash + 1) : null
}
