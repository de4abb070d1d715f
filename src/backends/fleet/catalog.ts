/** What can be asked, and by which names. */
import type { BackendSpec } from '../../core/settings.ts'
import type { BackendLive, Catalog, Deployment } from '../../core/types.ts'
import { spellings } from './model-names.ts'

interface Part {
  readonly spec: BackendSpec
  readonly live: BackendLive
  readonly deployments: Iterable<Deployment>
}

/** A snapshot; backends in the order of the configuration, models in that of their lists. */
export function buildCatalog(parts: readonly Part[]): Catalog {
  const all: Deployment[] = []
  const byId = new Map<string, Deployment>()
  const byModel = new Map<string, Deployment[]>()
  for (const { deployments } of parts) {
    for (const deployment of deployments) {
      all.push(deployment)
      byId.set(deployment.id, deployment)
      for (const name of new Set([...spellings(deployment.model), ...deployment.facts.aliases])) {
        const serving = byModel.get(name)
        if (serving === undefined) byModel.set(name, [deployment])
        else serving.push(deployment)
      }
    }
  }
  // `backend/tiny` means `backend/tiny:latest`, or the alias, only where no model has that very name.
  for (const deployment of all) {
    for (const name of [...spellings(deployment.model), ...deployment.facts.aliases]) {
      const id = `${deployment.backend.name}/${name}`
      if (!byId.has(id)) byId.set(id, deployment)
    }
  }
  return { all, byId, byModel, backends: parts.map(({ spec, live }) => ({ spec, live })) }
}
