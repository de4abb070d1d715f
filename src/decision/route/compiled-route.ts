/** A route of the operator against what is there now. Pure. */
import { glob } from '../../core/glob.ts'
import type { RouteSpec } from '../../core/settings.ts'
import type { Catalog, Deployment } from '../../core/types.ts'

/** The route of requests that no rule matches; `default` may also be configured. */
export const DEFAULT_ROUTE = 'default'

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

export function compileRoute(spec: RouteSpec, catalog: Catalog): CompiledRoute {
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
