/** Reasons not to ask a deployment, each named and explained. Pure. */
import type { Principal } from '../core/settings.ts'
import type { Deployment, Dropped, RequestProfile } from '../core/types.ts'
import { isLocal } from './local.ts'
import type { Choice } from './names.ts'
import type { RouteTable } from './table.ts'

interface Question {
  readonly profile: RequestProfile
  readonly principal: Principal
  readonly choice: Choice
  readonly table: RouteTable
}

/** Why not; null = it passes. */
type Filter = (deployment: Deployment, question: Question) => string | null

/** Of UTF-8. No tokenizer makes fewer tokens than this of a text, so what is over by this measure is over. */
const MOST_BYTES_PER_TOKEN = 8
const ESTIMATE_BYTES_PER_TOKEN = 4

const FILTERS: Readonly<Record<string, Filter>> = {
  policy: (deployment, { principal, table }) => {
    const allowed = table.allowed.get(principal.id)
    return allowed === undefined || allowed.has(deployment) ? null : `key "${principal.id}" may not use it`
  },
  local: (deployment, { choice }) =>
    choice.localOnly && !isLocal(deployment) ? 'it does not run on local hardware' : null,
  endpoint: (deployment, { profile }) =>
    deployment.backend.provider.endpoints[profile.endpoint] === undefined
      ? `${deployment.backend.provider.label} has no ${profile.endpoint} endpoint`
      : null,
  capability: (deployment, { profile, choice }) => {
    for (const need of profile.needs) {
      const can = deployment.facts.capabilities[need]
      if (can === false) return `it has no ${need}`
      const rare = need === 'embeddings' || need === 'rerank'
      if (can === undefined && choice.open && rare && !deployment.standing.answers.has(need))
        return `it is not known to have ${need}; name it as the model, or declare capabilities: { ${need}: true } for it`
    }
    return null
  },
  context: (deployment, { profile }) => {
    const { context } = deployment.facts
    const least = (profile.longestTokens * ESTIMATE_BYTES_PER_TOKEN) / MOST_BYTES_PER_TOKEN
    return context !== null && least > context
      ? `its context is ${context} tokens, the prompt has about ${profile.longestTokens}`
      : null
  },
}

/** The first filter that drops it; null = it can be asked. */
export function judge(deployment: Deployment, question: Question): Dropped | null {
  for (const filter in FILTERS) {
    const why = FILTERS[filter]!(deployment, question)
    if (why !== null) return { filter, why }
  }
  return null
}
