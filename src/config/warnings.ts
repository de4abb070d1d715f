/** Options that are valid and have no effect in this version: said aloud, never silently ignored. */
import type { ConfigFile } from './schema.ts'

export function warningsOf(file: ConfigFile): string[] {
  const warnings: string[] = []
  const idle = (path: string, value: unknown, until: string): void => {
    if (value !== undefined) warnings.push(`${path} has no effect yet: ${until}`)
  }
  const scoring = 'it belongs to the scoring of candidates, which is not built'
  const accounting = 'it belongs to the accounting, which is not built'
  file.routes?.forEach((route, index) => {
    const path = `routes[${index}]`
    for (const condition of ['class', 'needs', 'header', 'tokens', 'hour'] as const) {
      if (route.match?.[condition] === undefined) continue
      warnings.push(
        `${path}.match.${condition} cannot be judged yet, so route "${route.name}" is taken only by its name`,
      )
    }
    if (route.strategy !== undefined && route.strategy !== 'ordered' && route.strategy !== 'local')
      idle(`${path}.strategy`, route.strategy, scoring)
    idle(`${path}.weights`, route.weights, scoring)
    idle(`${path}.limits.max_cost_usd`, route.limits?.max_cost_usd, scoring)
    idle(`${path}.limits.max_ttft`, route.limits?.max_ttft, scoring)
    idle(`${path}.explore`, route.explore, scoring)
    idle(`${path}.success`, route.success, accounting)
    idle(`${path}.baseline`, route.baseline, accounting)
  })
  file.keys?.forEach((key, index) => {
    idle(`keys[${index}].tpm`, key.tpm, accounting)
    idle(`keys[${index}].budget`, key.budget, accounting)
  })
  file.backends.forEach((backend, index) =>
    idle(`backends[${index}].price.per_gpu_hour_usd`, backend.price?.per_gpu_hour_usd, scoring),
  )
  for (const [id, facts] of Object.entries(file.models ?? {})) idle(`models["${id}"].quality`, facts.quality, scoring)
  idle('store.ledger', file.store?.ledger, accounting)
  if (file.store?.redis !== '') idle('store.redis', file.store?.redis, accounting)
  return warnings
}
