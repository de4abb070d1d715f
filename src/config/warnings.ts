/** What is valid and will not do what it seems to: said aloud, never silently ignored. */
import type { Config } from '../core/settings.ts'
import { pathText } from './issues.ts'
import { didYouMean, nearest } from './nearest.ts'
import { type ConfigFile, PENDING } from './schema.ts'

export function warningsOf(file: ConfigFile, config: Config): string[] {
  return [...withoutEffect(file), ...keyless(config), ...strangeModels(config), ...strangeCandidates(config)]
}

const SCORING = 'it belongs to the scoring of candidates, which this version does not have'
const ACCOUNTING = 'it belongs to the accounting, which this version does not have'

/** Options that this version accepts and does not act on. */
function withoutEffect(file: ConfigFile): string[] {
  const warnings: string[] = []
  const idle = (path: string, value: unknown, why: string): void => {
    if (value !== undefined) warnings.push(`${path} has no effect yet: ${why}`)
  }
  file.routes?.forEach((route, index) => {
    const path = `routes[${index}]`
    const { match } = route
    for (const condition of PENDING)
      if (match?.[condition] !== undefined)
        warnings.push(
          `${path}.match.${condition} cannot be judged yet, so route "${route.name}" is taken only by its name`,
        )
    if (match !== undefined && Object.keys(match).length === 0)
      warnings.push(`${path}.match has no conditions, so route "${route.name}" is taken only by its name`)
    if (route.strategy !== 'ordered' && route.strategy !== 'local') idle(`${path}.strategy`, route.strategy, SCORING)
    idle(`${path}.weights`, route.weights, SCORING)
    idle(`${path}.limits.max_cost_usd`, route.limits?.max_cost_usd, SCORING)
    idle(`${path}.limits.max_ttft`, route.limits?.max_ttft, SCORING)
    idle(`${path}.explore`, route.explore, SCORING)
    idle(`${path}.baseline`, route.baseline, ACCOUNTING)
  })
  file.keys?.forEach((key, index) => {
    idle(`keys[${index}].tpm`, key.tpm, ACCOUNTING)
    idle(`keys[${index}].budget`, key.budget, ACCOUNTING)
  })
  file.backends.forEach((backend, index) =>
    idle(`backends[${index}].price.per_gpu_hour_usd`, backend.price?.per_gpu_hour_usd, SCORING),
  )
  for (const [id, facts] of Object.entries(file.models ?? {})) {
    const path = pathText(['models', id])
    idle(`${path}.quality`, facts.quality, SCORING)
    idle(`${path}.capabilities.prefill`, facts.capabilities?.prefill, SCORING)
    idle(`${path}.price.per_gpu_hour_usd`, facts.price?.per_gpu_hour_usd, SCORING)
  }
  if (file.server?.trust_proxy === true) idle('server.trust_proxy', true, 'nothing depends on the address of a caller')
  idle('store.ledger', file.store?.ledger, ACCOUNTING)
  if (file.store?.redis !== '') idle('store.redis', file.store?.redis, ACCOUNTING)
  return warnings
}

/** Clouds refuse calls without a key. */
const keyless = (config: Config): string[] =>
  config.backends.flatMap(({ key, provider, root }, index) =>
    key === null && provider.keyEnv !== null && provider.url === root
      ? [`backends[${index}].key is missing; ${provider.label} wants one: write "\${${provider.keyEnv}}"`]
      : [],
  )

/** Patterns that begin with a backend that is not there: ids with slashes exist, so they are no errors. */
function strangeCandidates(config: Config): string[] {
  const names = config.backends.map(({ name }) => name)
  return config.routes.flatMap(({ candidates }, at) =>
    candidates.flatMap((pattern, index) => {
      const [first = ''] = pattern.split('/', 1)
      if (first === pattern || first.includes('*') || names.includes(first)) return []
      const hint = didYouMean(first, names, '"', false)
      return [
        `routes[${at}].candidates[${index}]: no backend is named "${first}", so "${pattern}" means only models whose id begins so${hint}`,
      ]
    }),
  )
}

/** Facts for models of a backend whose name is misspelt. Other ids with a slash (`Qwen/Qwen3-8B`) are those of models. */
function strangeModels({ models, backends }: Config): string[] {
  const names = backends.map(({ name }) => name)
  const declared = new Set(backends.flatMap((backend) => backend.models))
  return Object.keys(models).flatMap((id) => {
    const [first = ''] = id.split('/', 1)
    if (first === id || names.includes(first) || declared.has(id)) return []
    const meant = nearest(first, names)
    if (meant === null) return []
    return [
      `${pathText(['models', id])}: no backend is named "${first}", so this is only for a model whose whole id is "${id}"; did you mean "${meant}"?`,
    ]
  })
}
