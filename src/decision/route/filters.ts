/** Reasons not to ask a deployment, each named and explained. Pure. */
import type { Capability } from '../../core/capabilities.ts'
import { isRefused, placeFor, placeKey } from '../../core/ask-place.ts'
import type { Endpoint } from '../../core/endpoints.ts'
import type { Deployment, GatewayRequest, RequestProfile } from '../../core/types.ts'
import { keyed, keysOf } from '../../core/keyed.ts'
import type { Dropped } from '../../core/record.ts'
import { asks } from '../classify/lacking.ts'
import { calibrated } from '../learn/calibration.ts'
import { type BoundFilter, type Bounds, BOUNDS, outside } from './bounds.ts'
import { CEILINGS } from './ceilings.ts'

/** What a request asks for, as far as many others ask for the same. */
export interface Kind {
  readonly endpoint: Endpoint
  readonly needs: readonly Capability[]
  /** The caller named no model. */
  readonly open: boolean
}

/** Needs whose name is not the word for them. */
const TITLES: Readonly<Partial<Record<Capability, string>>> = { n: 'more than one choice' }

/** Deviations of the estimate of tokens. */
const SURE = 4
const CAREFUL = 2
/** However well one kind of text is estimated, the next prompt may be of another. */
const LEAST_DEVIATION = 0.1
/** However well prose was estimated so far, of a text of another shape the estimate may be twice as much as it is, and more. */
const SURELY = 0.4

/** What the caller asks for where its own format is spoken, which loads the model so; else what is known. The operator's wish counts over it. */
function contextFor(deployment: Deployment, { endpoint, needs }: Kind, profile: RequestProfile): number | null {
  const { facts } = deployment
  const asked = profile.context ?? null
  if (asked === null || facts.wishes.numCtx !== null) return facts.context
  const place = placeFor(deployment, endpoint, needs, Infinity)
  if (place?.format !== endpoint.format) return facts.context
  return Math.min(asked, facts.trainedContext ?? asked)
}

/** Nobody has told it: what to do about that. */
const guessed = ({ facts }: Deployment): string =>
  facts.contextFrom === 'usual' ? ' (as usual until it is loaded: `num_ctx` of the backend sets another)' : ''

interface Fact {
  /** What it drops, for the reference. */
  readonly means: string
  /** Why not; null = it passes. */
  readonly why: (deployment: Deployment, kind: Kind, profile: RequestProfile) => string | null
  /** Whether it looks at more of this deployment than the kind: then it is asked for each request. Absent: never. */
  readonly varies?: (deployment: Deployment, kind: Kind) => boolean
}

/** Needs that only few models are known to serve, and that not all say of themselves. */
const isRare = (need: Capability): boolean => need === 'embeddings' || need === 'rerank'

/** By what a deployment is; bounds.ts comes first, and what is expected (cost, latency) last, in ceilings.ts. */
const ROWS = {
  endpoint: {
    means: 'the provider does not have the endpoint',
    why: (deployment, { endpoint, needs }) => {
      if (placeFor(deployment, endpoint, needs, Infinity) !== null) return null
      const { label, endpoints } = deployment.backend.provider
      const places = endpoint.asks === null ? undefined : endpoints[endpoint.asks]
      if (places === undefined) return `${label} has no ${endpoint.asks ?? endpoint.id} endpoint`
      // Only what generates text is translated.
      const formats = [...new Set(places.map(({ format }) => format))]
      return `${label} takes ${endpoint.asks ?? endpoint.id} in the wire format ${formats.join(', ')} only`
    },
  },
  format: {
    means: 'the request needs what only backends of its own wire format have',
    varies: (deployment, { endpoint, needs }) =>
      placeFor(deployment, endpoint, needs, Infinity, true)?.format !== endpoint.format,
    why: (deployment, { endpoint, needs }, { native }) => {
      const [first] = native
      if (first === undefined) return null
      const format = placeFor(deployment, endpoint, needs, Infinity, true)?.format
      return format === endpoint.format ? null : `it is asked in the wire format ${format}, which has no ${first}`
    },
  },
  capability: {
    means: 'the model lacks something that the request needs',
    // It may answer for the first time.
    varies: ({ facts }, { needs, open }) =>
      open && needs.some((need) => isRare(need) && facts.capabilities[need] === undefined),
    why: ({ facts, health }, { needs, open }) => {
      for (const need of needs) {
        const can = facts.capabilities[need]
        // Many clients send an effort with every request, and models that do not think take no notice of it.
        if (can === false && (need !== 'reasoning' || open)) return `it has no ${TITLES[need] ?? need}`
        if (can === undefined && open && isRare(need) && !health.answers.has(need))
          return `it is not known to have ${need}; name it as the model, or declare capabilities: { ${need}: true } for it`
      }
      return null
    },
  },
  context: {
    means: 'the prompt surely does not fit the context',
    varies: ({ facts }) => facts.context !== null,
    why: (deployment, kind, profile) => {
      const { backend, calibration } = deployment
      const { provider } = backend
      const context = contextFor(deployment, kind, profile)
      if (context === null) return null
      const about = calibrated(profile.longestTokens, calibration)
      const { cutsLongPrompts } = provider.response
      // Most prompts are far from it.
      if (SURELY * about <= context && !cutsLongPrompts) return null
      const { deviation } = calibration
      // An engine that refuses counts better than we do: only what is surely too long is kept from it. One that cuts never tells.
      const least =
        about *
        (cutsLongPrompts
          ? Math.exp(CAREFUL * Math.max(LEAST_DEVIATION, deviation))
          : Math.min(SURELY, Math.exp(-SURE * deviation)))
      return least > context
        ? `its context is ${context} tokens${guessed(deployment)}, the prompt has about ${Math.round(about)}`
        : null
    },
  },
} as const satisfies Readonly<Record<string, Fact>>

const FACTS: Readonly<Record<keyof typeof ROWS, Fact>> = ROWS
const NAMES = keysOf(FACTS)

/** Filters that are asked for each request. */
export type Checks = readonly (keyof typeof ROWS)[]

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

/** What holds for all requests of a kind, `profile` being one of them: the first filter that drops it, or what is to be asked for each. */
export function standingOf(
  deployment: Deployment,
  kind: Kind,
  bounds: Bounds,
  profile: RequestProfile,
): { readonly excluded: Dropped | null; readonly checks: Checks } {
  const bound = outside(deployment, bounds)
  if (bound !== null) return { excluded: bound, checks: [] }
  const checks: Checks[number][] = []
  for (const filter of NAMES) {
    const { varies, why } = FACTS[filter]
    if (varies?.(deployment, kind) === true) {
      checks.push(filter)
      continue
    }
    const reason = why(deployment, kind, profile)
    if (reason === null) continue
    if (checks.length === 0) return { excluded: { filter, why: reason }, checks }
    // It drops the deployment, unless one that comes before it does.
    checks.push(filter)
    break
  }
  return { excluded: null, checks }
}

/** The first of the filters that drops it now; null = none does. */
export function exclusionOf(
  deployment: Deployment,
  checks: Checks,
  kind: Kind,
  profile: RequestProfile,
): Dropped | null {
  for (const filter of checks) {
    const why = FACTS[filter].why(deployment, kind, profile)
    if (why !== null) return { filter, why }
  }
  return null
}

/** It said not long ago that it lacks something that this request asks for. */
export function refuses(
  deployment: Deployment,
  request: GatewayRequest,
  profile: RequestProfile,
  now: number,
): boolean {
  const { health } = deployment
  if (health.unsupportedUntil.size === 0) return false
  const place = placeFor(deployment, request.endpoint, profile.needs, now, request.prompt.particular !== null)
  if (place !== null && isRefused(health, placeKey(request.endpoint, place), now)) return true
  for (const [lack, until] of health.unsupportedUntil) if (until > now && asks(request, profile, lack)) return true
  return false
}

/** Prompt and answer may not fit together: `most` tokens of output are to be expected at the most. */
export function tight({ facts, calibration }: Deployment, profile: RequestProfile, most: number): boolean {
  if (facts.context === null || !profile.generates) return false
  const about = calibrated(profile.longestTokens, calibration) * Math.exp(calibration.deviation)
  // Two comparisons: a choice between the limit and the estimate would make an object of the estimate.
  if (profile.maxOutput !== null) return about + profile.maxOutput > facts.context
  return about + most > facts.context
}
