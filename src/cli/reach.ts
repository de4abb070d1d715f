/** What a route can lead to, as far as the file tells: declared models by name, of the others only patterns before the engines run. */
import type { BackendSpec, Config, RouteSpec } from '../core/settings.ts'
import { glob } from '../route/glob.ts'

export interface Reach {
  /** Null: any backend that lists such ids. */
  readonly backend: string | null
  /** Declared models that a pattern matches. */
  readonly declared: readonly string[]
  /** For the models that it will list; '*' = all of them. */
  readonly patterns: readonly string[]
}

/** In the order of the backends; those that the route cannot reach are left out. */
export function reachOf(route: RouteSpec, config: Config): Reach[] {
  const local = route.localOnly || route.strategy === 'local'
  const able = config.backends.filter((backend) => !local || backend.provider.local)
  const reached = able
    .map((backend) => ({
      backend: backend.name,
      declared: backend.models.filter((model) => route.candidates.some((pattern) => matches(pattern, backend, model))),
      patterns: lists(backend) ? patternsFor(route.candidates, backend) : [],
    }))
    .filter(({ declared, patterns }) => declared.length + patterns.length > 0)
  const anywhere = route.candidates.filter((pattern) => !config.backends.some((one) => inside(pattern, one) !== null))
  const open = anywhere.filter(
    (pattern) => !able.some((one) => one.models.some((model) => matches(pattern, one, model))),
  )
  return open.length > 0 && able.some(lists) ? [...reached, { backend: null, declared: [], patterns: open }] : reached
}

const lists = ({ provider }: BackendSpec): boolean => provider.discovery.length > 0

const matches = (pattern: string, backend: BackendSpec, model: string): boolean =>
  glob(pattern)(`${backend.name}/${model}`) || glob(pattern)(model)

/** Without those that declared models fulfil already. */
function patternsFor(candidates: readonly string[], backend: BackendSpec): string[] {
  const patterns = candidates.map((pattern) => inside(pattern, backend)).filter((pattern) => pattern !== null)
  if (patterns.includes('*')) return ['*']
  return [...new Set(patterns)].filter((pattern) => !backend.models.includes(pattern))
}

/** The part of the pattern that is for the models of this backend; null where it is not meant. */
function inside(pattern: string, { name }: BackendSpec): string | null {
  if (glob(pattern)(`${name}/`) && pattern.endsWith('*')) return '*'
  const slash = pattern.indexOf('/')
  if (slash < 0) return pattern
  return glob(pattern.slice(0, slash))(name) ? pattern.slice(slash + 1) : null
}
