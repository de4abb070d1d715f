/** Reasons not to ask a deployment, each named and explained. Pure. */
import type { Capability } from '../../core/capabilities.ts'
import type { Deployment, GatewayRequest, RequestProfile } from '../../core/types.ts'
import { keyed, keysOf } from '../../core/keyed.ts'
import type { Dropped } from '../../core/record.ts'
import { asks } from '../classify/lacking.ts'
import { calibrated } from '../learn/calibration.ts'
import { type BoundFilter, type Bounds, BOUNDS, outside } from './bounds.ts'
import { CEILINGS } from './ceilings.ts'
import type { ResolvedRoute } from './names.ts'
import type { RouteTable } from './table.ts'

export interface FilterContext {
  readonly request: GatewayRequest
  readonly profile: RequestProfile
  readonly choice: ResolvedRoute
  readonly bounds: Bounds
  readonly table: RouteTable
  /** Reading of the monotonic clock, ms. */
  readonly now: number
}

/** Needs whose name is not the word for them. */
const TITLES: Readonly<Partial<Record<Capability, string>>> = { n: 'more than one choice (n)' }

/** Why not; null = it passes. */
type Filter = (deployment: Deployment, question: FilterContext) => string | null

/** Deviations of the estimate of tokens. */
const SURE = 4
const CAREFUL = 2
/** However well prose was estimated so far, of a text of another shape the estimate may be twice as much as it is, and more. */
const SURELY = 0.4

interface Fact {
  /** What it drops, for the reference. */
  readonly means: string
  readonly why: Filter
}

/** By what a deployment is; bounds.ts comes first, and what is expected (cost, latency) last, in ceilings.ts. */
const ROWS = {
  endpoint: {
    means: 'the provider does not have the endpoint',
    why: ({ backend: { provider } }, { request, profile }) => {
      const place = provider.endpoints[profile.endpoint]
      if (place === undefined) return `${provider.label} has no ${profile.endpoint} endpoint`
      // Only what generates text is translated.
      return place.format === request.endpoint.format || request.endpoint.streams
        ? null
        : `${provider.label} takes ${profile.endpoint} in the wire format ${place.format} only`
    },
  },
  capability: {
    means: 'the model lacks something that the request needs',
    why: (deployment, { profile, choice }) => {
      for (const need of profile.needs) {
        const can = deployment.facts.capabilities[need]
        // Many clients send an effort with every request, and models that do not think take no notice of it.
        if (can === false && (need !== 'reasoning' || choice.open)) return `it has no ${TITLES[need] ?? need}`
        const rare = need === 'embeddings' || need === 'rerank'
        if (can === undefined && choice.open && rare && !deployment.health.answers.has(need))
          return `it is not known to have ${need}; name it as the model, or declare capabilities: { ${need}: true } for it`
      }
      return null
    },
  },
  context: {
    means: 'the prompt surely does not fit the context',
    why: (deployment, { profile }) => {
      const { context } = deployment.facts
      if (context === null) return null
      const about = calibrated(profile.longestTokens, deployment.calibration)
      const { deviation } = deployment.calibration
      // An engine that refuses counts better than we do: only what is surely too long is kept from it. One that cuts never tells.
      const cuts = deployment.backend.provider.response.cutsLongPrompts
      const least = about * (cuts ? Math.exp(CAREFUL * deviation) : Math.min(SURELY, Math.exp(-SURE * deviation)))
      return least > context ? `its context is ${context} tokens, the prompt has about ${Math.round(about)}` : null
    },
  },
} as const satisfies Readonly<Record<string, Fact>>

const FACTS: Readonly<Record<keyof typeof ROWS, Fact>> = ROWS
const NAMES = keysOf(FACTS)

/** Why a candidate is not asked: by a bound, by what it is, or by what it is expected to take. */
export type FilterName = BoundFilter | keyof typeof ROWS | keyof typeof CEILINGS

export interface FilterRow {
  readonly means: string
  /** Decided by the configuration: another one may decide otherwise. All others tell a fact. */
  readonly byPolicy: boolean
  /** What is expected of the candidate is known: it was estimated before. */
  readonly estimated: boolean
}

const rowsOf = <K extends string>(
  table: Readonly<Record<K, { readonly means: string }>>,
  byPolicy: boolean,
  estimated: boolean,
): Record<K, FilterRow> => keyed(keysOf(table), (name) => ({ means: table[name].means, byPolicy, estimated }))

/** Every filter, in the order in which they apply. */
export const FILTERS: Readonly<Record<FilterName, FilterRow>> = {
  ...rowsOf(BOUNDS, true, false),
  ...rowsOf(FACTS, false, false),
  ...rowsOf(CEILINGS, true, true),
}

/** Null: a name that this version does not have. */
export const filterRow = (name: string): FilterRow | null =>
  Object.hasOwn(FILTERS, name) ? FILTERS[name as FilterName] : null

/** The first filter that drops it; null = it can be asked. */
export function filterOf(deployment: Deployment, question: FilterContext): FilterName | null {
  const bound = outside(deployment, question.bounds)
  if (bound !== null) return bound.filter
  for (const name of NAMES) if (FACTS[name].why(deployment, question) !== null) return name
  return null
}

/** The same with its reason. */
export function exclusionOf(deployment: Deployment, question: FilterContext): Dropped | null {
  const bound = outside(deployment, question.bounds)
  if (bound !== null) return bound
  for (const filter of NAMES) {
    const why = FACTS[filter].why(deployment, question)
    if (why !== null) return { filter, why }
  }
  return null
}

/** It said not long ago that it lacks something that this request asks for. */
export function refuses({ health }: Deployment, { request, profile, now }: FilterContext): boolean {
  if (health.unsupportedUntil.size === 0) return false
  for (const [lack, until] of health.unsupportedUntil) if (until > now && asks(request, profile, lack)) return true
  return false
}

/** Prompt and answer may not fit together: `most` tokens of output are to be expected at the most. */
export function tight({ facts, calibration }: Deployment, profile: RequestProfile, most: number): boolean {
  if (facts.context === null || !profile.generates) return false
  const about = calibrated(profile.longestTokens, calibration) * Math.exp(calibration.deviation)
  return about + (profile.maxOutput ?? most) > facts.context
}
